"""Who a document is from: the partner whose statement it is, and the agent that signed for it (rule 27)."""

import msgspec

from contracts.ledger.document import Document, principal_of
from contracts.state.directory import find_partner, signer_of
from contracts.state.rows import NOBODY
from contracts.state.view import Overlay


class Authors(msgspec.Struct, frozen=True):
    """Numbers of partners."""

    sender: int
    """Whose statement it is."""
    agent: int
    """Who signed for the sender under its mandate; nobody when it signed itself."""


def authors_of(state: Overlay, lane: bytes, document: Document) -> Authors:
    """Return who a document in the chain is from.

    A principal that the ledger does not know makes a refused document; that is its signer's own.
    """
    signer, _row = signer_of(state, lane)
    principal = principal_of(document)
    found = find_partner(state, principal) if principal else None
    return Authors(signer, NOBODY) if found is None else Authors(found[0], signer)
