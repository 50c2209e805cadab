"""Planted bugs about who votes when: found where partners change the network (`governing.py`)."""

from contextlib import ExitStack
from typing import Any, Final

import msgspec

from consensus.effects import FetchValue, StartHeight
from contracts.chain.validators import ValidatorSet
from contracts.records.changes import Change
from contracts.rules import changing_nodes, enacting
from contracts.state.governance_rows import Validators
from network.peer.face import PeerIdentity
from network.peer.handshake import Handshake, HandshakeRefused
from network.peer.peers import Peers
from network.wire.messages import Hello
from node.host.consensus_host import ConsensusHost
from node.host.core import NodeCore
from node.host.evidence import EvidenceBook
from node.host.follower import Follower
from node.host.rejoining import Rejoining
from node.identity.standing import Standing
from tests.simulation.planting import (
    CRASHED,
    LOST,
    QUARREL,
    REFUSED,
    SETS,
    SIGNED,
    STUCK,
    UNTOLD,
    Planted,
    honest,
    lying,
    replace,
    replace_function,
)


def _act_early(stack: ExitStack) -> None:
    replace(stack, enacting, "LEAD", enacting.LEAD + 1)


def _act_late(stack: ExitStack) -> None:
    replace(stack, enacting, "LEAD", enacting.LEAD - 1)


def _keep_who_is_removed(stack: ExitStack) -> None:
    original = changing_nodes.with_change

    def with_change(voters: Validators, change: Change) -> Validators:
        changed = original(voters, change)
        return changed if len(changed) >= len(voters) else voters

    replace_function(stack, original, with_change)


def _count_with_the_set_before(stack: ExitStack) -> None:
    original = ConsensusHost._start_height

    def start_height(self: ConsensusHost, *arguments: Any) -> StartHeight:
        start, tip = original(self, *arguments), self._chain.tip
        if not tip.height:
            return start
        return msgspec.structs.replace(start, validators=tip.last_validators.validators)

    replace(stack, ConsensusHost, "_start_height", start_height)


def _sync_by_the_present_set(stack: ExitStack) -> None:
    def validators_at(self: Follower, _height: int) -> ValidatorSet:
        return self._chain.tip.validators

    replace(stack, Follower, "_validators_at", validators_at)


def _accuse_by_the_present_set(stack: ExitStack) -> None:
    replace(stack, EvidenceBook, "_validators", lambda self, _height: self._chain.tip.validators)


# --------------------------------------------------------------------- what this simulator has found


def _name_the_proposer_by_the_next_set(stack: ExitStack) -> None:
    """While the disk worked, the engine was a height behind the tip: its indices are of another set."""
    original = NodeCore._announce

    def announce(self: NodeCore) -> None:
        original(self)
        if self.consensus is not None:
            proposer = self.consensus.engine.proposer(max(self.consensus.engine.round, 0))
            self._fetch(FetchValue(self.chain.tip.height + 1, 0, b"", (proposer or 0,)), [])  # type: ignore[arg-type]

    replace(stack, NodeCore, "_announce", announce)


def _refuse_another_role(stack: ExitStack) -> None:
    """A node that was down when its role changed could never fetch the block that says so."""
    original = Handshake.check

    def check(self: Handshake, hello: Hello) -> PeerIdentity:
        identity = original(self, hello)
        if identity.role != hello.role:
            raise HandshakeRefused("role", "another role")
        return identity

    replace(stack, Handshake, "check", check)


def _speak_as_before(stack: ExitStack) -> None:
    """A validator that became a member sent votes again, and was banned for it."""
    replace(stack, Peers, "_may_send", lambda _self, _message: True)


def hear_no_own_votes(stack: ExitStack) -> None:
    """Switch off the second guard against signing twice: it would silence who has lost the first."""
    replace(stack, Rejoining, "hear_votes", lambda _self, _votes, _validators, _last: None)
    replace(stack, Rejoining, "hear_evidence", lambda _self, _evidence: None)


def _trust_every_copy(stack: ExitStack) -> None:
    def open_(self: Standing) -> None:
        self.votes_from = 0

    replace(stack, Standing, "open", open_)
    hear_no_own_votes(stack)


def _trust_every_record(stack: ExitStack) -> None:
    """A backup that was put over its home, and left the place as it was, voted at once."""
    replace(stack, Standing, "_signer", lambda _self: b"")
    hear_no_own_votes(stack)


def _forget_later_records(stack: ExitStack) -> None:
    """After its database was lost, a node voted at heights that its record was above of, and failed."""
    original = ConsensusHost._start_height

    def start_height(self: ConsensusHost) -> StartHeight:
        return msgspec.structs.replace(original(self), signed=None)

    replace(stack, ConsensusHost, "_start_height", start_height)


PLANTED_SETS: Final = (
    Planted("early_set", "who votes changes a height too early", (SETS, QUARREL), _act_early),
    Planted("late_set", "who votes changes a height too late", (SETS, QUARREL), _act_late),
    Planted("removed_votes", "who is removed still votes", (SETS, QUARREL), _keep_who_is_removed),
    Planted("old_quorum", "a height is counted with the set before", (SETS,), _count_with_the_set_before),
    Planted("old_sync", "block sync knows one set only", (QUARREL, STUCK), _sync_by_the_present_set),
    Planted(
        *("old_names", "late lies are laid to the next set", (UNTOLD,), _accuse_by_the_present_set),
        is_quick=False,
        where=lying("prevote", "precommit", governs=True),
    ),
    Planted(
        *("old_turns", "the next set tells who proposes", (CRASHED,), _name_the_proposer_by_the_next_set),
        where=honest("slow_disk", "crash", governs=True),
    ),
    Planted(
        *("old_role", "who has another role by now is refused", (STUCK, LOST), _refuse_another_role),
        where=honest("crash", "blackout", governs=True),
    ),
    Planted("stale_home", "an old copy votes at once", (SIGNED,), _trust_every_copy),
    Planted(
        *("stale_record", "a record that was put back votes at once", (SIGNED,), _trust_every_record),
        where=honest("restore"),
    ),
    Planted("lost_chain", "heights below the record are voted on", (REFUSED,), _forget_later_records),
    Planted("old_voice", "who votes no more still speaks", (QUARREL,), _speak_as_before),
)
