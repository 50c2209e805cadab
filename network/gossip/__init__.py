"""What to send to whom, and whom to ask: bookkeeping without I/O."""
