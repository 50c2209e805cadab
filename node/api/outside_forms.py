"""Records of goods that leave the network and come back, as clients write them in JSON (rule 26)."""

from node.api.form_parts import Gln, Hex, Items, RecordForm


class ShipOutsideForm(RecordForm, frozen=True, kw_only=True, tag="ship_outside"):
    """Items go to somebody who is no partner of this network (rule 26)."""

    items: Items
    """Which."""
    receiver: Gln
    """Party outside."""
    evidence: Hex
    """32 bytes: hash of what shows its licence."""


class ReceiveFromOutsideForm(RecordForm, frozen=True, kw_only=True, tag="receive_from_outside"):
    """Items that had left for outside come back (rule 26); they are held until verified."""

    items: Items
    """Which."""
    sender: Gln
    """Party outside."""
    evidence: Hex
    """32 bytes: hash of what shows its licence and what it sent."""


OutsideForm = ShipOutsideForm | ReceiveFromOutsideForm
"""Either of these."""
