"""Who this node is: its encrypted keys, and the signer that never signs two values for one step."""
