"""The law explored breadth first to a fixed point: no trap, no resurrection. See README.md."""
