"""From a client's document to bundles that a proposer may choose."""
