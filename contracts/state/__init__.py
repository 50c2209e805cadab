"""State: what the ledger knows at a height, as rows under packed keys."""
