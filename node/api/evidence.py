"""The endpoint /v1/evidence: what this node holds against validators, for everyone to check.

The node's word counts for nothing here: each piece comes with its canonical bytes, and genesis alone tells
whether they convict (`contracts.chain.evidence.verify_evidence`).
"""

from functools import partial

import msgspec
from aiohttp import web

from contracts.chain.genesis import Genesis
from contracts.chain.votes import Proposal, Vote
from contracts.gs1.dates import format_timestamp
from contracts.gs1.keys import unpack_gln
from contracts.primitives.encoding import encode
from contracts.state.governance_rows import ValidatorEntry
from node.api.access import Right
from node.api.answers import answer, json_bytes
from node.api.context import ApiContext
from node.api.endpoints import Answer, Endpoint
from node.storage.custody import Custody
from node.storage.evidence import KeptEvidence, load_evidence, offence_of
from node.storage.store import Snapshot
from node.storage.validators import ValidatorHistory


class StatementView(msgspec.Struct, frozen=True):
    """One of two statements that no honest validator makes both."""

    block_id: str
    """For which block, hex; empty for none."""
    valid_round: int | None
    """Of a proposal: the round in which its block had a quorum, -1 for none; null for a vote."""
    signature: str
    """Hex."""


class EvidenceView(msgspec.Struct, frozen=True):
    """A piece of evidence."""

    validator: str
    """Name of the node that it convicts."""
    partner: str
    """GLN of the partner that runs it; may be empty."""
    public_key: str
    """Its validator key, hex."""
    height: int
    """At which height."""
    round: int
    """In which round."""
    type: str
    """What was said twice: proposal, prevote or precommit."""
    found: str
    """When this node found it, by its clock."""
    first: StatementView
    """One statement."""
    second: StatementView
    """The other."""
    evidence: str
    """Both as canonical bytes, hex: what `verify_evidence` takes when decoded."""


class EvidenceListView(msgspec.Struct, frozen=True):
    """All evidence that a node holds."""

    chain_id: str
    """Name of the network; the signatures are over it too."""
    evidence: tuple[EvidenceView, ...]
    """By validator's key, height, round and type."""


class EvidenceList:
    """Answers /v1/evidence."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoint."""
        return (
            Endpoint(
                "GET",
                "/v1/evidence",
                Right.OVERSEE,
                self.show,
                "Evidence against validators that this node found; it convicts by genesis alone.",
                (Answer(200, "All of it.", EvidenceListView),),
            ),
        )

    async def show(self, _request: web.Request) -> web.Response:
        """Show all evidence."""
        return await self._context.readers.read(partial(_show, genesis=self._context.genesis))


def _show(snapshot: Snapshot, genesis: Genesis) -> web.Response:
    voted = {one.public_key: one for _height, found in ValidatorHistory(snapshot).sets() for one in found}
    views = tuple(_view(kept, voted.get(kept.validator)) for kept in load_evidence(snapshot))
    return answer(json_bytes(EvidenceListView(genesis.chain_id, views)), Custody(snapshot).head.height)


def _view(kept: KeptEvidence, voter: ValidatorEntry | None) -> EvidenceView:
    evidence = kept.evidence
    return EvidenceView(
        validator=kept.validator.hex() if voter is None else voter.node,
        partner=unpack_gln(voter.partner) if voter is not None and voter.partner else "",
        public_key=kept.validator.hex(),
        height=evidence.first.height,
        round=evidence.first.round,
        type=offence_of(evidence).name.lower(),
        found=format_timestamp(kept.found_ms),
        first=_statement(evidence.first),
        second=_statement(evidence.second),
        evidence=encode(evidence).hex(),
    )


def _statement(said: Vote | Proposal) -> StatementView:
    valid_round = said.valid_round if isinstance(said, Proposal) else None
    return StatementView(said.block_id.hex(), valid_round, said.signature.hex())
