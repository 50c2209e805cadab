"""Repair of a stopped node: damage is found, named, and fetched anew from peers, or the node stays down."""
