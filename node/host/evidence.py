"""Keeps the evidence that consensus reports: durably on this node, until it has a place on the ledger."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import structlog

from contracts.chain.evidence import Evidence
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import Proposal
from node.host.chain import Chain
from node.host.surroundings import Surroundings
from node.storage.evidence import KeptEvidence, Offence, keep_evidence, offence_of
from node.storage.store import KeyValueStore

_log = structlog.get_logger(__name__)


class EvidenceBook:
    """What this node holds against validators. Used on the event loop.

    Attributes:
        counts: Pieces kept, also by earlier lives of this node, by what was said twice.
    """

    def __init__(
        self, surroundings: Surroundings, chain: Chain, store: KeyValueStore, known: Sequence[KeptEvidence]
    ) -> None:
        """Go on.

        Args:
            surroundings: Time and threads.
            chain: The decided chain; knows who votes.
            store: Where it is kept.
            known: What is kept already.
        """
        self._surroundings = surroundings
        self._chain = chain
        self._store = store
        self._counts = Counter(offence_of(kept.evidence) for kept in known)

    @property
    def counts(self) -> Mapping[Offence, int]:
        """See the attributes."""
        return {offence: self._counts[offence] for offence in Offence}

    def report(self, evidence: Evidence) -> None:
        """Keep a piece of evidence whose signatures are verified; one that is kept already counts once."""
        statement = evidence.first
        validators = self._validators(statement.height)
        if validators is None:
            # Nobody casts votes into heights that are long decided: the engine hears none of them.
            return
        author = statement.proposer if isinstance(statement, Proposal) else statement.validator
        key = validators.validators[author].public_key
        kept = KeptEvidence(key, self._surroundings.wall.now_ms(), evidence)
        job = partial(keep_evidence, self._store, kept)
        self._surroundings.disk.submit(job, partial(self._told, kept))

    def _validators(self, height: int) -> ValidatorSet | None:
        tip = self._chain.tip
        if height == tip.height + 1:
            return tip.validators
        return tip.last_validators if height == tip.height else None

    def _told(self, kept: KeptEvidence, is_new: bool) -> None:  # noqa: FBT001 - an answer of the disk thread
        if not is_new:
            return
        offence, statement = offence_of(kept.evidence), kept.evidence.first
        self._counts[offence] += 1
        _log.warning(
            "equivocation",
            validator=kept.validator.hex(),
            height=statement.height,
            round=statement.round,
            type=offence.name.lower(),
        )
