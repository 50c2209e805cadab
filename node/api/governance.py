"""Proposals of changes of the network, and how they stand (rule 22)."""

from collections.abc import Iterable, Iterator
from functools import partial

import msgspec
from aiohttp import web

from contracts.gs1.keys import unpack_gln
from contracts.records.agreement import PROPOSAL_ID_BYTES
from contracts.records.changes import Change, PutNode, RemoveNode
from contracts.state.layout import PARTNERS, number_key
from node.api.access import Right
from node.api.answers import answer, pinned
from node.api.context import ApiContext
from node.api.endpoints import Answer, Endpoint, Parameter, id_segment
from node.api.governance_forms import AnyChangeForm
from node.api.governance_json import write_change
from node.api.problems import Problem
from node.storage.convictions import Convictions
from node.storage.custody import Custody
from node.storage.governance import FoundProposal, Governance
from node.storage.store import STATE, Snapshot, Space

_ID = Parameter("id", "path", "Proposal id, 32 hexadecimal digits.")


class ConvictedNodeView(msgspec.Struct, frozen=True):
    """A validator that proposed changes are about, and that lied: see /v1/convictions."""

    node: str
    """Name of its node."""
    convictions: int
    """At how many heights, as the ledger has it."""


class ProposalView(msgspec.Struct, frozen=True):
    """Proposed changes of the network."""

    proposal: str
    """Its id, hex."""
    proposer: str
    """GLN of the partner that made it."""
    standing: str
    """open, decided (it acts at its height), acted, rejected, withdrawn or expired."""
    acts_at: int
    """First height at which the changes act."""
    until_height: int
    """Last height at which votes are counted."""
    decided_at: int | None
    """Height at which it was decided, rejected or withdrawn; null before."""
    reason: str
    """Why."""
    approved: tuple[str, ...]
    """GLNs of the partners that approve."""
    rejected: tuple[str, ...]
    """GLNs of the partners that reject."""
    approving_power: int
    """Power of the validators of those that approve, as they stand now."""
    total_power: int
    """Power of all validators; more than two thirds decide."""
    changes: tuple[AnyChangeForm, ...]
    """In the order in which they act."""
    convicted: tuple[ConvictedNodeView, ...]
    """Validators that the changes replace or remove and that the ledger convicted, as things stand now."""


class ProposalsView(msgspec.Struct, frozen=True):
    """All proposals, and which rules are in force."""

    rules: int
    """Version of the rules that bind the next block."""
    proposals: tuple[ProposalView, ...]
    """By the height at which they act."""


class Proposals:
    """The endpoints under /v1/proposals."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        return (
            Endpoint(
                "GET",
                "/v1/proposals",
                Right.KNOWN,
                self.browse,
                "All proposals to change the network, who voted, and what became of them.",
                (Answer(200, "The proposals.", ProposalsView, pinned=True),),
            ),
            Endpoint(
                "GET",
                "/v1/proposals/{id}",
                Right.KNOWN,
                self.show,
                "A proposal to change the network.",
                (Answer(200, "The proposal.", ProposalView, pinned=True),),
                (_ID,),
                problems=("unknown_proposal",),
            ),
        )

    async def browse(self, _request: web.Request) -> web.Response:
        """List proposals."""
        return await self._context.readers.read(_browse)

    async def show(self, request: web.Request) -> web.Response:
        """Show a proposal."""
        identifier = id_segment(request, "id", PROPOSAL_ID_BYTES)
        if identifier is None:
            raise Problem("unknown_proposal", f"{request.match_info['id'][:80]!r} is no proposal id.")
        return await self._context.readers.read(partial(_show, identifier=identifier))


def _browse(snapshot: Snapshot) -> web.Response:
    height, governance = Custody(snapshot).head.height, Governance(snapshot)
    views = tuple(_view(snapshot, governance, found, height) for found in governance.proposals())
    return answer(pinned(ProposalsView(governance.standing().rules, views), height), height)


def _show(snapshot: Snapshot, identifier: bytes) -> web.Response:
    height, governance = Custody(snapshot).head.height, Governance(snapshot)
    found = governance.find(identifier)
    if found is None:
        raise Problem("unknown_proposal")
    return answer(pinned(_view(snapshot, governance, found, height), height), height)


def _view(snapshot: Snapshot, governance: Governance, found: FoundProposal, height: int) -> ProposalView:
    row, ballot = found.row, found.ballot
    approved = _glns(snapshot, ballot.approved)
    voters = governance.sets().current
    return ProposalView(
        proposal=found.id.hex(),
        proposer=_glns(snapshot, (row.proposer,))[0],
        standing=found.standing(height),
        acts_at=row.acts_at,
        until_height=row.until_height,
        decided_at=ballot.decided_at or None,
        reason=row.reason,
        approved=approved,
        rejected=_glns(snapshot, ballot.rejected),
        approving_power=sum(
            one.power for one in voters if one.partner and unpack_gln(one.partner) in approved
        ),
        total_power=sum(one.power for one in voters),
        changes=tuple(map(write_change, row.changes)),
        convicted=tuple(_convicted(snapshot, governance, row.changes)),
    )


def _convicted(
    snapshot: Snapshot, governance: Governance, changes: Iterable[Change]
) -> Iterator[ConvictedNodeView]:
    keys = {name: row.validator_key for name, row in governance.nodes() if row.validator_key}
    named = {change.name for change in changes if isinstance(change, PutNode | RemoveNode)}
    convictions = Convictions(snapshot)
    for name in sorted(named & keys.keys()):
        count = convictions.of(keys[name]).count
        if count:
            yield ConvictedNodeView(name, count)


def _glns(snapshot: Snapshot, numbers: Iterable[int]) -> tuple[str, ...]:
    """Return the GLNs of partners by their numbers."""
    state = Space(snapshot, STATE)
    rows = (state.get(PARTNERS.prefix + number_key(number)) for number in numbers)
    return tuple(unpack_gln(PARTNERS.decode(row).gln) for row in rows if row is not None)
