"""Check the checker: bugs that are planted at run time, each of which a few seeds must find.

A planted bug is a change to a real function or class for as long as a world runs. Every one is a mistake that
somebody could make, or has made elsewhere; what it breaks is said beside it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final

import msgspec

from consensus import height, multiplexer, round_machine
from consensus.round_machine import Reproposal, RoundState, Transition
from consensus.value_keeper import ValueKeeper
from consensus.values import NO_VALUE, Judgement
from consensus.vote_keeper import RoundVotes, VoteKeeper
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import NO_ROUND, BlockId
from contracts.ledger import lanes
from contracts.ledger.bundle import BundleHeader
from contracts.rules import implied
from contracts.state import places
from contracts.state.view import Overlay
from node.host.core import NodeCore
from node.host.journal import ConsensusJournal, Replay
from node.host.ledger import Ledger
from node.host.recollection import is_past
from node.host.submission import Submissions
from node.host.submitted import Admitted
from node.identity.signer import FileSigner
from node.pool.held import PooledBundle
from node.pool.pool import BundlePool
from node.storage.log import ConsensusLog
from node.storage.memory_files import MemoryFile
from node.storage.outbox import Outbox
from node.storage.slots import SlotFile
from tests.simulation.planted_damage import PLANTED_DAMAGE
from tests.simulation.planted_evidence import PLANTED_EVIDENCE
from tests.simulation.planted_forks import PLANTED_FORKS
from tests.simulation.planted_sets import PLANTED_SETS, hear_no_own_votes
from tests.simulation.planted_snapshots import PLANTED_SNAPSHOTS
from tests.simulation.planted_sync import PLANTED_SYNC
from tests.simulation.planting import (
    DAMAGED,
    FORK,
    HELD,
    KEPT,
    LANES,
    LOST,
    REFUSED,
    SIGNED,
    STATE,
    STUCK,
    UNTOLD,
    Planted,
    honest,
    lying,
    replace,
    replace_function,
)


@contextmanager
def planted(bug: Planted) -> Iterator[None]:
    """Have the bug in the program for a while."""
    with ExitStack() as stack:
        bug.plant(stack)
        yield


# --------------------------------------------------------------------------------------------- votes


def _two_thirds_suffice(stack: ExitStack) -> None:
    def is_quorum(self: ValidatorSet, power: int) -> bool:
        return power * 3 >= 2 * self.total_power

    replace(stack, ValidatorSet, "is_quorum", is_quorum)


def _one_voice_is_honest(stack: ExitStack) -> None:
    def has_honest(_self: ValidatorSet, power: int) -> bool:
        return power > 0

    replace(stack, ValidatorSet, "has_honest", has_honest)


def _forget_the_lock(stack: ExitStack) -> None:
    original = round_machine._fresh_proposal

    def fresh_proposal(state: RoundState, event: object) -> Transition | None:
        unlocked = msgspec.structs.replace(state, locked=NO_VALUE)
        transition = original(unlocked, event)  # type: ignore[arg-type]
        if transition is None:
            return None
        kept = msgspec.structs.replace(transition.state, locked=state.locked)
        return Transition(kept, transition.outputs)

    replace_function(stack, original, fresh_proposal)


def _unlock_on_nil(stack: ExitStack) -> None:
    original = round_machine._polka_nil

    def polka_nil(state: RoundState) -> Transition | None:
        transition = original(state)
        if transition is None:
            return None
        return Transition(msgspec.structs.replace(transition.state, locked=NO_VALUE), transition.outputs)

    replace_function(stack, original, polka_nil)


def _believe_the_valid_round(stack: ExitStack) -> None:
    def proposed(round_: int, proposals: Any, votes: Any, values: ValueKeeper) -> Iterator[object]:
        for proposal in proposals.of(round_):
            block_id = BlockId(proposal.block_id)
            if proposal.valid_round == NO_ROUND:
                yield round_machine.FreshProposal(block_id, values.judge_fresh(round_, block_id))
            else:
                yield Reproposal(block_id, proposal.valid_round, values.judge(block_id))

    replace_function(stack, multiplexer._proposed, proposed)


def _count_votes_again(stack: ExitStack) -> None:
    def of(_self: RoundVotes, _kind: object, _validator: int) -> tuple[object, ...]:
        return ()

    replace(stack, RoundVotes, "of", of)


def _overlook_lies(stack: ExitStack) -> None:
    replace(stack, VoteKeeper, "_evidence", lambda _self, _first, _other: None)


def _never_say_again(stack: ExitStack) -> None:
    replace(stack, height.Height, "_resend", lambda _self, _timeout: [])


def _vote_for_what_is_not_held(stack: ExitStack) -> None:
    original = ValueKeeper.judge

    def judge(self: ValueKeeper, block_id: BlockId) -> Judgement:
        found = original(self, block_id)
        is_known = block_id in self._verdicts
        return Judgement.ACCEPT if found is Judgement.PENDING and is_known else found

    replace(stack, ValueKeeper, "judge", judge)


# ---------------------------------------------------------------------------------------------- disks


def _sign_before_it_is_durable(stack: ExitStack) -> None:
    original = SlotFile.save

    def save(self: SlotFile, record: bytes) -> None:
        with ExitStack() as unsynced:
            replace(unsynced, MemoryFile, "sync", lambda _file: None)
            original(self, record)

    hear_no_own_votes(stack)
    replace(stack, ConsensusLog, "sync", lambda _self: None)
    replace(stack, SlotFile, "save", save)


def _forget_what_was_signed(stack: ExitStack) -> None:
    def open_(self: FileSigner) -> None:
        self._slots.open()

    def replay(self: ConsensusJournal, _height: int) -> Replay:
        self._log.recover()
        return Replay((), {}, {}, (), None)

    hear_no_own_votes(stack)
    replace(stack, FileSigner, "open", open_)
    replace(stack, ConsensusJournal, "replay", replay)


def _ignore_the_log(stack: ExitStack) -> None:
    original = ConsensusJournal.replay

    def replay(self: ConsensusJournal, at: int) -> Replay:
        found = original(self, at)
        return msgspec.structs.replace(found, inputs=(), signed=(), record=(), last=None)

    hear_no_own_votes(stack)
    replace(stack, ConsensusJournal, "replay", replay)


def _push_before_the_outbox(stack: ExitStack) -> None:
    def put(self: Outbox, added: Sequence[Any], replaced: Sequence[Any] = ()) -> None:
        self._append(tuple(added), tuple(replaced))

    replace(stack, Outbox, "put", put)


class _Careless:
    """A store that never syncs."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.write = partial(self._write)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def _write(self, batch: Any, *, sync: bool) -> None:
        del sync
        self._store.write(batch, sync=False)


def _tell_before_it_is_durable(stack: ExitStack) -> None:
    original = Ledger.apply

    def apply(self: Ledger, *arguments: Any) -> object:
        kept, self._store = self._store, _Careless(self._store)
        try:
            return original(self, *arguments)
        finally:
            self._store = kept

    replace(stack, Ledger, "apply", apply)


def _promise_too_early(stack: ExitStack) -> None:
    original = Submissions._judged

    def judged(self: Submissions, batch: Sequence[Any], receipts: Sequence[Any]) -> None:
        original(self, batch, receipts)
        for submitted, receipt in zip(batch, receipts, strict=True):
            if self._unanswered.pop(submitted.id, None) is not None:
                submitted.on_admitted(Admitted(submitted.id, receipt, is_submitted=True))

    replace(stack, Submissions, "_judged", judged)


# --------------------------------------------------------------------- what this simulator has found


def _propose_what_expires_too_late(stack: ExitStack) -> None:
    """Bundles of a node whose clock is ahead: a block with one is invalid, and every proposer builds it."""

    def is_in_time(_self: BundlePool, pooled: PooledBundle, block_time_ms: int) -> bool:
        return pooled.bundle.header.expires_at_ms > block_time_ms

    def lane_faults(_self: Ledger, _height: int, _time_ms: int) -> Callable[[BundleHeader], None]:
        return lambda _header: None

    original = Ledger.build

    def build(self: Ledger, *arguments: Any) -> object:
        with ExitStack() as unchecked:
            replace(unchecked, Ledger, "_lane_faults", lane_faults)
            return original(self, *arguments)

    def expiry_ms(self: Submissions) -> int:
        tip = self._chain.tip
        return self._surroundings.wall.now_ms() + tip.parameters.tolerances.bundle_lifetime_ms // 2

    replace(stack, BundlePool, "_is_in_time", is_in_time)
    replace(stack, Ledger, "build", build)
    replace(stack, Submissions, "_expiry_ms", expiry_ms)


def _sign_old_steps_anew(stack: ExitStack) -> None:
    """A batch that voted in two rounds, and a crash before its own votes were in the log."""
    replace_function(stack, is_past, lambda _effect, _last: False)


def _tell_heights_once(stack: ExitStack) -> None:
    """A node that missed a height's announcement waited for the next, which waited for that node."""
    replace(stack, NodeCore, "_tell_again", lambda _self: None)


def _promise_the_second_copy_at_once(stack: ExitStack) -> None:
    """A document handed in twice: the second time it was called durable while the first was not."""

    def join(_self: Submissions, submitted: Any, receipt: Any) -> None:
        submitted.on_admitted(Admitted(submitted.id, receipt, is_submitted=True))

    replace(stack, Submissions, "_join", join)


# ------------------------------------------------------------------------------------------------ law


def _let_bundles_jump_the_queue(stack: ExitStack) -> None:
    original = lanes.lane_fault

    def lane_fault(state: Overlay, header: BundleHeader, at: int, time_ms: int) -> str | None:
        fault = original(state, header, at, time_ms)
        return None if fault == lanes.OUT_OF_ORDER else fault

    replace_function(stack, original, lane_fault)


def _keep_what_the_chain_holds(stack: ExitStack) -> None:
    """Only what expires leaves the pool."""

    def prune(
        self: BundlePool, last_sequences: Mapping[bytes, int], block_time_ms: int
    ) -> list[PooledBundle]:
        held = self._by_id.values()
        expired = [pooled for pooled in held if pooled.bundle.header.expires_at_ms <= block_time_ms]
        for pooled in expired:
            self._remove(pooled)
        self._turn += 1
        for lane_key, lane in self._lanes.items():
            lane.move(last_sequences.get(lane_key, 0), self._turn)
        return expired

    replace(stack, BundlePool, "prune", prune)


def _pack_into_two_cases(stack: ExitStack) -> None:
    """A child that is packed anew is not taken out of its old container."""
    replace_function(stack, implied.unpack_implied, lambda _act, positions: positions)


def _leave_a_place_behind(stack: ExitStack) -> None:
    """A child keeps its holder beside the parent's, and so can go where the parent does not."""

    def inside(row: Any, parent: bytes, title: bytes) -> object:
        return msgspec.structs.replace(row, parent=parent, title=title)

    replace_function(stack, places.inside, inside)


PLANTED: Final = (
    Planted("two_thirds", "two thirds of the power decide", (FORK,), _two_thirds_suffice),
    # Rounds run away, or an engine that runs after them forgets what it took of a validator before.
    Planted(
        *("one_voice", "one vote is enough to skip to its round", (STUCK, UNTOLD), _one_voice_is_honest),
        is_quick=False,
    ),
    Planted("no_lock", "a locked node prevotes a fresh proposal", (FORK,), _forget_the_lock, is_quick=False),
    Planted("unlock_on_nil", "nil prevotes release the lock", (FORK,), _unlock_on_nil, is_quick=False),
    Planted(
        *("valid_round", "P2 without its quorum", (FORK,), _believe_the_valid_round),
        is_quick=False,
        where=lying("valid_round", faults=["ambush"]),
    ),
    Planted("votes_again", "a vote counts as often as it comes", (FORK,), _count_votes_again),
    Planted("no_evidence", "conflicting votes are not reported", (UNTOLD,), _overlook_lies),
    Planted(
        "no_resend", "what was lost is never said again", (STUCK, LOST), _never_say_again, is_quick=False
    ),
    Planted("not_held", "a vote for a block without its bundles", (HELD,), _vote_for_what_is_not_held),
    Planted("no_fsync", "votes leave before they are durable", (SIGNED,), _sign_before_it_is_durable),
    Planted("amnesia", "a restart forgets what was signed", (SIGNED,), _forget_what_was_signed),
    Planted("no_replay", "a restart reads neither log nor record", (REFUSED, SIGNED), _ignore_the_log),
    Planted(
        "outbox", "a bundle is pushed before it is durable", (LOST,), _push_before_the_outbox, is_quick=False
    ),
    Planted(
        "block_sync", "a block is told before it is durable", (DAMAGED, LOST), _tell_before_it_is_durable
    ),
    Planted("promise", "a client is told before it is durable", (LOST,), _promise_too_early, is_quick=False),
    Planted("lane_order", "lanes have no order", (LANES,), _let_bundles_jump_the_queue, is_quick=False),
    Planted("no_prune", "the pool keeps what the chain holds", (KEPT,), _keep_what_the_chain_holds),
    Planted("far_expiry", "what expires too late is proposed", (STUCK, LOST), _propose_what_expires_too_late),
    Planted(
        *("old_steps", "a restart signs old steps anew", (REFUSED,), _sign_old_steps_anew),
        is_quick=False,
        where=honest("ambush", loss=0.0, late=0.0, duplicates=0.0, fault_interval_ms=250),
    ),
    Planted(
        *("told_once", "heights are told once", (STUCK, LOST), _tell_heights_once),
        where=lying("silence", loss=0.3),
    ),
    Planted(
        *("copies", "a second copy is promised at once", (LOST,), _promise_the_second_copy_at_once),
        where=honest("crash", "trap", documents_per_second=50),
    ),
    Planted("two_cases", "a child packed anew stays in its old case", (STATE,), _pack_into_two_cases),
    Planted("two_places", "a child keeps a place beside its case's", (STATE,), _leave_a_place_behind),
    *PLANTED_SETS,
    *PLANTED_EVIDENCE,
    *PLANTED_FORKS,
    *PLANTED_SNAPSHOTS,
    *PLANTED_SYNC,
    *PLANTED_DAMAGE,
)
