"""The order of blocks: the Tendermint core without I/O, inputs in and effects out."""
