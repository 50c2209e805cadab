"""The EPCIS gateway on a one-node ledger: files in, and what the ledger has then."""

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import nullcontext

from contracts.chain.genesis import Genesis
from contracts.ledger.document import document_id, encode_document
from contracts.ledger.receipt import ACCEPTED, Receipt
from contracts.primitives import signing
from contracts.records.record import Record
from network.description import Description, NodeRecord, PartnerRecord, add_node, build_genesis
from node.epcis.capture import CaptureService, ErrorBehaviour
from node.epcis.documents import Ready
from node.epcis.drafting import Drafting
from node.epcis.outcome import FileResult
from node.epcis.parts import Parts
from node.epcis.recorder import Offer, Recorder
from node.storage.custody import Custody
from tests.support.ledger import OneNode
from tests.support.parties import PARTIES, Party, lane_key, validator_name, validator_seed
from tests.support.workers import InlineWorker


class Desk:
    """The gateway of a node that holds the keys of some partners. Build it on a running loop.

    Attributes:
        node: The ledger; a block is made whenever something was submitted.
        captures: Takes files.
        drafting: Keeps drafts.
    """

    def __init__(self, genesis: Genesis | None = None, parties: Sequence[Party] = PARTIES) -> None:
        loop = asyncio.get_running_loop()
        self.node = OneNode(genesis, loop.call_soon, parties, auto=True, certify=False, remembers=True)
        draws = itertools.count(1)
        self.parts = Parts(
            submissions=self.node.submissions,
            chain=self.node.chain,
            store=self.node.store,
            keeper=InlineWorker(loop.call_soon),
            parser=InlineWorker(loop.call_soon),
            now_ms=self.node.wall.now_ms,
            draw=lambda count: next(draws).to_bytes(count, "big"),
        )
        self.captures, self.drafting = self.open()

    def open(self) -> tuple[CaptureService, Drafting]:
        """Build the services, as after a restart."""
        recorder = Recorder(self.parts.submissions)
        drafting = Drafting(self.parts, recorder)
        return CaptureService(self.parts, recorder, drafting), drafting

    async def post(
        self, data: bytes, party: Party, behaviour: ErrorBehaviour = "rollback", *, wait: bool = True
    ) -> FileResult:
        """Capture a file for a partner."""
        return await self.captures.capture(data, None, behaviour, party.gln, turn=nullcontext(), wait=wait)

    async def record(self, party: Party, *records: Record) -> Receipt:
        """State records for a partner, past the gateway; return the verdict of their block.

        Raises:
            AssertionError: They are refused.
        """
        document = self.node.document(*records)
        data = encode_document(document)
        ready = Ready(document_id(data), data, document, ())
        lane = lane_key(party).public_key
        (handed,) = await Recorder(self.parts.submissions).hand_in(lane, (Offer(ready),))
        receipt = (await handed.result(wait=True)).receipt
        if receipt.code != ACCEPTED:
            raise AssertionError(receipt)
        return receipt

    def custody(self) -> Custody:
        """Read the ledger."""
        return Custody(self.node.store)


def one_node_genesis(description: Description, parties: Sequence[Party], time_ms: int) -> Genesis:
    """Return a genesis with one validator that holds the keys of all parties."""
    genesis = build_genesis(description, "test-net", time_ms=time_ms, is_test=True)
    keys = tuple(PartnerRecord(party.gln, lane_key(party).public_key) for party in parties)
    record = NodeRecord(
        validator_name(0),
        "validator",
        b"certificate of 0",
        partner=parties[0].gln,
        validator_key=signing.public_key_of(validator_seed(0)),
        partners=keys,
    )
    return add_node(genesis, record)
