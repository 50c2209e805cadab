"""The endpoints /v1/evidence and /v1/convictions: what speaks against validators, for everyone to check.

The node's word counts for nothing here: each piece comes with its canonical bytes, and the set of its height
tells whether they convict (`contracts.chain.evidence.verify_evidence`). Convictions are what the ledger has.
"""

from functools import partial

import msgspec
from aiohttp import web

from contracts.chain.evidence import OffenceKind, kind_of
from contracts.chain.genesis import Genesis
from contracts.chain.votes import Proposal, Vote
from contracts.gs1.dates import format_timestamp
from contracts.gs1.keys import unpack_gln
from contracts.primitives.encoding import encode
from contracts.state.evidence_rows import Offence
from contracts.state.governance_rows import ValidatorEntry
from node.api.access import Right
from node.api.answers import answer, json_bytes, pinned
from node.api.context import ApiContext
from node.api.endpoints import Answer, Endpoint
from node.api.forks import ForkView, fork_view
from node.storage.convictions import Convictions
from node.storage.custody import Custody
from node.storage.evidence import KeptEvidence, load_evidence
from node.storage.governance import Governance
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
    """When this node found it, or was told of it, by its clock."""
    recorded_at: int | None
    """Height of the block that convicts its validator of that height; null while none does."""
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
    fork: ForkView | None
    """A fork of the ledger that it knows of; null for none."""


class OffenceView(msgspec.Struct, frozen=True):
    """A height at which a validator lied."""

    height: int
    """At which height."""
    round: int
    """In which round it said what convicted it."""
    type: str
    """What was said twice: proposal, prevote or precommit."""
    recorded_at: int
    """Height of the block that carries the evidence."""


class ConvictionView(msgspec.Struct, frozen=True):
    """What the ledger holds against a validator's key."""

    validator: str
    """Name of the node that votes with it, or did last."""
    partner: str
    """GLN of the partner that runs it; may be empty."""
    public_key: str
    """Hex."""
    votes: bool
    """Whether it votes on the next block."""
    count: int
    """At how many heights it lied."""
    offences: tuple[OffenceView, ...]
    """The latest of them, by height."""


class ConvictionsView(msgspec.Struct, frozen=True):
    """All convictions."""

    convictions: tuple[ConvictionView, ...]
    """By key."""


class EvidenceList:
    """Answers /v1/evidence and /v1/convictions."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        return (
            Endpoint(
                "GET",
                "/v1/evidence",
                Right.OVERSEE,
                self.show,
                "Evidence against validators that this node found, or was told of, and a fork of the ledger.",
                (Answer(200, "All of it.", EvidenceListView),),
            ),
            Endpoint(
                "GET",
                "/v1/convictions",
                Right.KNOWN,
                self.convictions,
                "Validators that signed two values for one step, as the ledger has it.",
                (Answer(200, "All of them.", ConvictionsView, pinned=True),),
            ),
        )

    async def show(self, _request: web.Request) -> web.Response:
        """Show all evidence."""
        return await self._context.readers.read(partial(_show, genesis=self._context.genesis))

    async def convictions(self, _request: web.Request) -> web.Response:
        """Show all convictions."""
        return await self._context.readers.read(_convictions)


def _voters(snapshot: Snapshot) -> dict[bytes, ValidatorEntry]:
    """Return who voted with each key, or did last."""
    return {one.public_key: one for _height, found in ValidatorHistory(snapshot).sets() for one in found}


def _show(snapshot: Snapshot, genesis: Genesis) -> web.Response:
    voters, convictions = _voters(snapshot), Convictions(snapshot)
    views = tuple(_view(kept, voters.get(kept.validator), convictions) for kept in load_evidence(snapshot))
    fork = fork_view(snapshot, lambda key: voters[key].node if key in voters else key.hex())
    return answer(json_bytes(EvidenceListView(genesis.chain_id, views, fork)), Custody(snapshot).head.height)


def _view(kept: KeptEvidence, voter: ValidatorEntry | None, convictions: Convictions) -> EvidenceView:
    evidence = kept.evidence
    offences = convictions.of(kept.validator).offences
    height = evidence.first.height
    return EvidenceView(
        validator=kept.validator.hex() if voter is None else voter.node,
        partner=_partner(voter),
        public_key=kept.validator.hex(),
        height=height,
        round=evidence.first.round,
        type=kind_of(evidence).name.lower(),
        found=format_timestamp(kept.found_ms),
        recorded_at=next((one.recorded_at for one in offences if one.height == height), None),
        first=_statement(evidence.first),
        second=_statement(evidence.second),
        evidence=encode(evidence).hex(),
    )


def _partner(voter: ValidatorEntry | None) -> str:
    return unpack_gln(voter.partner) if voter is not None and voter.partner else ""


def _statement(said: Vote | Proposal) -> StatementView:
    valid_round = said.valid_round if isinstance(said, Proposal) else None
    return StatementView(said.block_id.hex(), valid_round, said.signature.hex())


def _convictions(snapshot: Snapshot) -> web.Response:
    voters, height = _voters(snapshot), Custody(snapshot).head.height
    voting = {entry.public_key for entry in Governance(snapshot).sets().current}
    views = tuple(
        ConvictionView(
            validator=one.public_key.hex() if voter is None else voter.node,
            partner=_partner(voter),
            public_key=one.public_key.hex(),
            votes=one.public_key in voting,
            count=one.row.count,
            offences=tuple(map(_offence, one.row.offences)),
        )
        for one in Convictions(snapshot).all()
        for voter in (voters.get(one.public_key),)
    )
    return answer(pinned(ConvictionsView(views), height), height)


def _offence(offence: Offence) -> OffenceView:
    kind = OffenceKind(offence.kind).name.lower()
    return OffenceView(offence.height, offence.round, kind, offence.recorded_at)
