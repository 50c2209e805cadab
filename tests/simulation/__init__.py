"""The simulator: whole networks of real nodes in virtual time, from a seed. See README.md."""
