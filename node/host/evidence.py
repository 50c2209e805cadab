"""What this node holds against validators, until a block carries it (ADR 19).

A piece that consensus reports here is kept durably. What no block carries yet is told to the validators, a
few pieces at a time and all in turn; who is told keeps it as well, so that whoever proposes next brings it.
Of an offence the first piece is the only one kept, a peer has an allowance of pieces that are not known, and
each is judged by the ledger before it is kept: what convicts nobody is a lie that costs its sender the
session.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

import structlog

from contracts.chain.commit import Commit
from contracts.chain.evidence import Evidence, OffenceKind, author_of, kind_of
from contracts.chain.validators import ValidatorSet
from contracts.ledger.receipt import Event
from network.peer.allowance import Allowance
from network.peer.face import VALIDATOR
from network.wire.messages import EvidenceMessage
from node.host.applied import Applied
from node.host.chain import Chain
from node.host.surroundings import Surroundings
from node.storage.evidence import KeptEvidence, keep_evidence
from node.storage.store import KeyValueStore

MAX_PENDING: Final = 1_024
"""Most pieces that wait for a block; then the one about the lowest height is given up."""
PIECES_PER_SECOND: Final = 1
"""How many pieces a second one peer may bring that were not known."""
PIECES_BURST: Final = 64
"""How many of them at once: this node has just started."""
MAX_TOLD: Final = 8
"""Most pieces told at once."""

Offence = tuple[int, int]
"""Height, and index of the offender in its set."""

_log = structlog.get_logger(__name__)


def _offence(evidence: Evidence) -> Offence:
    return evidence.first.height, author_of(evidence)


class EvidenceBook:
    """The evidence of one node. Used on the event loop.

    Attributes:
        counts: Pieces kept, also by earlier lives of this node, by what was said twice.
        convictions: How often the ledger convicted a key, by key.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        chain: Chain,
        store: KeyValueStore,
        known: Sequence[KeptEvidence] = (),
        pending: Iterable[Evidence] = (),
        convictions: Mapping[bytes, int] | None = None,
    ) -> None:
        """Go on.

        Args:
            surroundings: Time, threads, peers.
            chain: The decided chain; knows who votes.
            store: Where it is kept.
            known: What is kept already.
            pending: Of that, what some block could still carry.
            convictions: See the attributes.
        """
        self._surroundings = surroundings
        self._chain = chain
        self._store = store
        self._counts = Counter(kind_of(kept.evidence) for kept in known)
        self._pending = {_offence(piece): piece for piece in pending}
        self._told = 0
        # By name, also of peers that are gone: who comes back has no new allowance.
        self._allowances: dict[str, Allowance] = {}
        self.convictions: Counter[bytes] = Counter(convictions or {})
        chain.subscribe(self._on_applied)

    @property
    def counts(self) -> Mapping[OffenceKind, int]:
        """See the attributes."""
        return {kind: self._counts[kind] for kind in OffenceKind}

    def pending(self) -> tuple[Evidence, ...]:
        """Return what waits for a block, by height."""
        return tuple(self._pending[offence] for offence in sorted(self._pending))

    def knows(self, evidence: Evidence) -> bool:
        """Tell whether a piece about the same offence waits already."""
        return _offence(evidence) in self._pending

    # ------------------------------------------------------------------------------ finding

    def report(self, evidence: Evidence) -> None:
        """Keep a piece of evidence whose signatures are verified; one that is kept already counts once."""
        validators = self._validators(evidence.first.height)
        if validators is None:
            # While the disk worked before it was reported, block sync went on: the ledger knows who voted.
            judge = partial(self._chain.ledger.judge, evidence)
            self._surroundings.writer.submit(judge, partial(self._found, evidence))
            return
        self.convict(validators.validators[author_of(evidence)].public_key, evidence)

    def _found(self, evidence: Evidence, judged: bytes | str | None) -> None:
        if isinstance(judged, bytes):
            self.convict(judged, evidence)

    def _validators(self, height: int) -> ValidatorSet | None:
        tip = self._chain.tip
        if height == tip.height + 1:
            return tip.validators
        return tip.last_validators if height == tip.height else None

    def take(self, peer: str, evidence: Evidence) -> None:
        """Take what a validator, or who was one, says that it found."""
        tip = self._chain.tip
        if self.knows(evidence) or evidence.first.height > tip.height + 1:
            # Of a height to come nobody here can judge; it is told again, or carried by somebody's block.
            return
        now_ms = self._surroundings.clock.now_ms()
        allowance = self._allowances.get(peer)
        if allowance is None:
            allowance = self._allowances[peer] = Allowance(PIECES_PER_SECOND, PIECES_BURST, now_ms)
        if allowance.afford(1, now_ms):
            judge = partial(self._chain.ledger.judge, evidence)
            self._surroundings.writer.submit(judge, partial(self._judged, peer, evidence))

    def _judged(self, peer: str, evidence: Evidence, judged: bytes | str | None) -> None:
        if isinstance(judged, str):
            _log.warning("false_evidence", peer=peer, reason=judged)
            self._surroundings.network.ban(peer, f"evidence that convicts nobody: {judged}")
        elif judged is not None:
            self.convict(judged, evidence)

    def convict(self, public_key: bytes, evidence: Evidence) -> None:
        """Keep a piece that was judged, against this key."""
        kept = KeptEvidence(public_key, self._surroundings.wall.now_ms(), evidence)
        job = partial(keep_evidence, self._store, kept)
        self._surroundings.disk.submit(job, partial(self._kept, kept))

    def _kept(self, kept: KeptEvidence, is_new: bool) -> None:  # noqa: FBT001 - an answer of the disk thread
        if not is_new:
            return
        evidence = kept.evidence
        kind, statement = kind_of(evidence), evidence.first
        self._counts[kind] += 1
        self._pending.setdefault(_offence(evidence), evidence)
        if len(self._pending) > MAX_PENDING:
            del self._pending[min(self._pending)]
        _log.warning(
            "equivocation",
            validator=kept.validator.hex(),
            height=statement.height,
            round=statement.round,
            type=kind.name.lower(),
        )

    def tell(self) -> None:
        """Tell the validators some of what waits; called now and then, it goes round all of it."""
        waiting = self.pending()
        if waiting:
            look = partial(self._chain.ledger.still_open, waiting)
            self._surroundings.writer.submit(look, partial(self._tell, waiting))

    def _tell(self, looked_at: Sequence[Evidence], still_open: Sequence[Evidence]) -> None:
        """Forget what is too old by now, or was recorded while it was being kept; tell of the rest."""
        for piece in set(looked_at).difference(still_open):
            self._pending.pop(_offence(piece), None)
        first = self._told % max(len(still_open), 1)
        self._told = first + MAX_TOLD
        for piece in (*still_open[first:], *still_open[:first])[:MAX_TOLD]:
            self._surroundings.network.broadcast(EvidenceMessage(piece), (VALIDATOR,))

    # ------------------------------------------------------------------------------ the ledger

    def _on_applied(self, applied: Applied, _commit: Commit) -> None:
        """Wait no more for what a block carries."""
        for piece in applied.block.evidence:
            self._pending.pop(_offence(piece), None)
        for event in applied.events:
            self._convicted(event, applied)

    def _convicted(self, event: Event, applied: Applied) -> None:
        self.convictions[event.subject] += 1
        piece = applied.block.evidence[event.record]
        _log.warning(
            "validator_convicted",
            validator=event.subject.hex(),
            height=piece.first.height,
            recorded_at=applied.tip.height,
        )
