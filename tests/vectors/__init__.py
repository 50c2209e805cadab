"""Golden vectors of ADR 0001: the bytes, ids, hashes and signatures of the ledger, good and bad."""
