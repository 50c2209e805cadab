"""One law on every Python: the same documents, the same app hash. `make determinism`."""
