"""Every kind of file in a node's home, damaged in every way: noticed, or of no consequence. See README.md."""
