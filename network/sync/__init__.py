"""Fetching decided blocks from peers that may lie, without I/O."""
