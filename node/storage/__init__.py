"""What a node keeps on disk: the store, the block history, the consensus log, the outbox, the head marker."""
