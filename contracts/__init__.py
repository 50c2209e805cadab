"""The law of custody: pure, deterministic, the same on every node (see LAW.md beside this file)."""
