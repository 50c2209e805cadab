"""How fast a network is: load on four nodes of its own, and what the slowest of them has finalised."""
