"""A node's configuration: its sections, where values come from, and the layout of a node's home."""
