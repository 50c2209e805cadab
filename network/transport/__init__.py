"""How bytes travel between two nodes: mutual TLS over TCP, or memory with the same face."""
