"""What nodes say to each other: messages and the frames that carry them."""
