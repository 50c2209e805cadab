"""Who is at the other end: the handshake, one session per node, and all of them together."""
