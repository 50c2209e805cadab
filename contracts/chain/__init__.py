"""Headers, votes, commits, validator sets and genesis: what consensus and light clients need."""
