"""Between nodes: wire messages, peers, transports, gossip, sync and a network on a laptop."""
