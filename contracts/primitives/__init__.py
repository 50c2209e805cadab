"""Bytes, hashes, signatures and Merkle trees: what every other module of the ledger stands on."""
