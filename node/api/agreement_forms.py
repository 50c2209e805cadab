"""Records of two-party acts as clients write them in JSON (rule 8)."""

from node.api.form_parts import Gln, Height, Hex, Items, RecordForm


class OfferOwnershipForm(RecordForm, frozen=True, kw_only=True, tag="offer_ownership"):
    """The owner proposes that another partner owns items; who holds them stays (rule 8)."""

    items: Items
    """Which."""
    new_owner: Gln
    """Party that may consent."""
    until_height: Height = 0
    """Last height at which it may; 0 for no end."""


class ConsentForm(RecordForm, frozen=True, kw_only=True, tag="consent"):
    """The party that was asked agrees to a proposal (rule 8)."""

    proposal: Hex
    """Proposal id, from its event."""
    items: Items
    """As the proposal lists them."""


class WithdrawForm(RecordForm, frozen=True, kw_only=True, tag="withdraw"):
    """A party to a proposal ends it: withdraws or declines (rule 8)."""

    proposal: Hex
    """Proposal id, from its event."""


AgreementForm = OfferOwnershipForm | ConsentForm | WithdrawForm
"""Any of these."""
