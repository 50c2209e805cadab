"""What a new block means for whoever judges documents on top of the head."""

import msgspec

from contracts.ledger.receipt import Receipt


class Settled(msgspec.Struct, frozen=True):
    """What a block did, by the key of the lane that did it; told by the ledger on its own thread."""

    receipts: dict[bytes, list[Receipt]]
    """What became of the documents of each lane, in order."""
    written: dict[bytes, list[bytes]]
    """State keys that the documents of each lane wrote, and of no lane what the end of the block wrote."""
    is_directory_changed: bool
    """Whether it changed who or what is registered."""
