"""Every record that the scenarios of the law show, bent in one place, and executed where the good one was.

    python -m tests.properties.bent [--every N]

Wild records (`test_raw_records`) seldom get past the first guard. Here everything around one field is right,
so that a field which no guard asks about reaches the writes, and the indices of the nodes. An exception there
would stop every node of a network: the block is decided, and nobody can execute it.
"""

import argparse
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any, Final

import msgspec

from contracts.chain.parameters import Limits
from contracts.ledger.document import (
    Document,
    MalformedDocument,
    build_document,
    check_document,
    document_decoder,
)
from contracts.ledger.execute import BlockContext, BlockExecution
from contracts.ledger.receipt import ACCEPTED, RECEIPTS, Receipt
from contracts.primitives.encoding import MalformedBytes, encode
from contracts.primitives.hashing import Hash
from contracts.records.governance import Choice, ProposeChanges, VoteOnChanges
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.rules.events import EventKind
from contracts.state.layout import TABLES
from contracts.state.view import DirectoryCache
from node.storage.journeys import IndexedDocument, journey_entries
from node.storage.statements import statement_entries
from tests.scenarios.law.runner import scenario_files, transcript
from tests.scenarios.law.world import NODES, START_MS, Ledger

NUMBERS: Final = (
    *(0, 1, -1, 2, 3, 255, 2**16, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -(2**63)),
    *(START_MS, START_MS + 10**9),
)
BYTES: Final = (
    *(b"", b"A", b"x" * 6, b"x" * 21, b"x" * 300, b"\xff" * 6, b"9" * 20, b"1_0"),
    *(b"\x01" + bytes(6) + b"A", b"\x02" + b"\xff" * 8),
)
WORDS: Final = (
    *("", "x" * 201, "\u0663", "XX", "DE", "eu-fmd", "strict", "0401"),
    *("limits.container_depth", "tolerances.bundle_lifetime_ms", "timing.cap_ms"),
)
FEW: Final = 12
"""How many strange entries are added to a list."""
HEIGHTS_AHEAD: Final = 14
"""Until everything that a scenario lets govern has acted."""
_TABLES: Final = {table.prefix: table for table in TABLES}
_LIMITS: Final = Limits()
_READER: Final = document_decoder(_LIMITS.document_bytes)


def bent(value: Any) -> Iterator[Any]:  # noqa: C901 - a case for each type of a field
    """Yield what could stand in the place of a value, each different from it in one place."""
    match value:
        case IntEnum():
            yield from (other for other in type(value) if other != value)
        case int():
            yield from (*NUMBERS, value + 1, value - 1)
        case bytes():
            yield from (*BYTES, value[:-1], value + b"1")
        case str():
            yield from WORDS
        case tuple():
            yield from _bent_lists(value)
        case msgspec.Struct():
            for name in value.__struct_fields__:
                for other in bent(getattr(value, name)):
                    yield msgspec.structs.replace(value, **{name: other})


def _bent_lists(value: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield ()
    if not value:
        yield from ((b"",), (b"x" * 300,), (bytes(32),) * 33)
        return
    yield from (value + value, value[:-1], value[::-1])
    for at, entry in enumerate(value[:3]):
        for other in bent(entry):
            yield (*value[:at], other, *value[at + 1 :])
    for at, other in enumerate(bent(value[0])):
        if at < FEW:
            yield (*value, other)


class Bender:
    """Runs scenarios and, beside each document that the law accepts, every `every`-th bent form of it.

    Attributes:
        executed: How many bent documents were executed.
        accepted: How many of these were accepted.
    """

    def __init__(self, every: int) -> None:
        self.executed = self.accepted = 0
        self._every = every
        self._seen = 0

    def run(self) -> None:
        """Go through all scenarios.

        Raises:
            Exception: What the law, or an index, raised; a note says by which record.
        """
        submit = Ledger.submit
        try:
            Ledger.submit = self._beside(submit)  # type: ignore[method-assign]
            for path in scenario_files():
                transcript(path.read_text(encoding="utf-8"))
        finally:
            Ledger.submit = submit  # type: ignore[method-assign]

    def _beside(self, submit: Callable[..., Receipt]) -> Callable[..., Receipt]:
        def submitted(ledger: Ledger, signer: str, *records: Record) -> Receipt:
            before = ledger.copy()
            receipt = submit(ledger, signer, *records)
            if receipt.code == ACCEPTED:
                for other in bent(records[-1]):
                    self._seen += 1
                    if self._seen % self._every == 0:
                        self._try(before, signer, (*records[:-1], other), submit)
            return receipt

        return submitted

    def _try(
        self, before: Ledger, signer: str, records: tuple[Record, ...], submit: Callable[..., Receipt]
    ) -> None:
        document = _as_read(records)
        if document is None:
            return
        self.executed += 1
        try:
            receipt, after = _execute(before, signer, document)
            if receipt.code != ACCEPTED:
                return
            self.accepted += 1
            if isinstance(records[-1], ProposeChanges | VoteOnChanges):
                _let_act(after, receipt, submit)
        except Exception as error:
            error.add_note(f"{signer}: {records[-1]!r}"[:2_000])
            raise


def _as_read(records: tuple[Record, ...]) -> Document | None:
    """Return the document that a block's reader would hand on, or None when no block can have it."""
    try:
        document = _READER.decode(encode(build_document(bytes(16), records)))
        check_document(document, _LIMITS.document_weight, _LIMITS.document_records, _LIMITS.record_items)
    except (MalformedBytes, MalformedDocument, OverflowError, TypeError, AttributeError):
        return None
    return document


def _execute(before: Ledger, signer: str, document: Document) -> tuple[Receipt, Ledger]:
    """Execute one document, read everything back, and build the nodes' indices."""
    context = BlockContext(before.height + 1, before.time_ms + 1)
    bundle = before.bundle(signer, [document])
    result = BlockExecution(
        before.reader, context, [bundle], (), Hash(before.app_hash), DirectoryCache()
    ).finish()
    (receipt,) = result.receipts
    assert RECEIPTS.decode(encode(receipt)) == receipt
    for key, value in result.writes:
        if value:
            _TABLES[key[:1]].decode(value)
    indexed = [IndexedDocument(0, document, receipt, 1)]
    journey_entries(context.height, indexed)
    statement_entries(context.height, indexed)
    after = before
    if receipt.code == ACCEPTED:
        after = before.copy()
        after.keep(result.writes)
        after.height, after.time_ms, after.app_hash = context.height, context.time_ms, result.app_hash
    return receipt, after


def _let_act(ledger: Ledger, receipt: Receipt, submit: Callable[..., Receipt]) -> None:
    """Let everybody approve of what was proposed, and blocks pass until it acts."""
    proposed = [event.subject for event in receipt.events if event.kind == EventKind.CHANGES_PROPOSED]
    for proposal in proposed:
        for partner in NODES.values():
            submit(ledger, partner, VoteOnChanges(Head(ledger.time_ms, 0, b""), proposal, Choice.APPROVE))
    ledger.idle(HEIGHTS_AHEAD)


def main() -> None:
    """Run all, or every N-th, and say how many there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    bender = Bender(parser.parse_args().every)
    bender.run()
    print(f"{bender.executed} bent documents executed, {bender.accepted} accepted, nothing raised")


if __name__ == "__main__":
    main()
