"""Admission: what verdict a document would get now, on the head plus what is already pending here.

The very same rules as in a block. A client learns at once what is refused, and may send a pack before its
commission is final. Verdicts are a forecast: another partner's bundle may come first.
"""

from contracts.ledger.document import Document
from contracts.ledger.execute import BlockContext, execute_document
from contracts.ledger.receipt import ACCEPTED, Receipt
from contracts.state.view import DirectoryCache, Overlay, StateReader


class PendingState:
    """The head with the accepted pending documents on top.

    It may outlive its head while it shows what the blocks since made of it (node/pool/admission.py).

    Attributes:
        state: What the rules read.
        context: The moment at which documents are judged; its owner moves it on.
    """

    def __init__(
        self, reader: StateReader, context: BlockContext, directory: DirectoryCache | None = None
    ) -> None:
        """Lie over the head.

        Args:
            reader: State after the last block, pinned, or another overlay.
            context: Height of the next block and the time it would have.
            directory: The caller's cache of directory rows for this chain, or None.
        """
        self.state = Overlay(reader, directory)
        self.context = context
        self._documents = 0

    def admit(self, lane: bytes, document: Document, identifier: bytes) -> Receipt:
        """Return the receipt that a document would get; its effects stay when it is accepted.

        Args:
            lane: The registered key it will be signed with.
            document: Well formed.
            identifier: Document id, 32 bytes.

        Raises:
            LookupError: The key is not registered.
        """
        receipt = execute_document(self.state, self.context, lane, document, identifier, self._documents)
        if receipt.code == ACCEPTED:
            self._documents += 1
        return receipt
