"""A person at a terminal: one module per group of commands."""
