"""Tests of the order of blocks."""
