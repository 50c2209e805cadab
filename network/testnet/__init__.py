"""A network on one machine, from a TOML manifest: it drives the commands that an operator types."""
