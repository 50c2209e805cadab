"""What becomes of every event of a public file: the rows that `expected.tsv` holds.

A file is posted at the node of each partner that acts in it, once on a ledger that knows only the prefixes,
places and products which the file uses, and once with the goods there that it speaks of. Each time it is
posted under `proceed`, which shows every event's own outcome, and again, which must add nothing; and on
another ledger under `rollback`, where it must stand or fall as one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from contracts.ledger.receipt import ACCEPTED
from contracts.state.view import Overlay
from node.epcis.events import EpcisDocument
from node.epcis.outcome import EventResult, FileResult
from node.epcis.parties import Directory
from node.epcis.problems import CaptureProblem
from node.epcis.reader import read_document
from node.epcis.refusal import EventRefused
from node.epcis.steps import Step, read_statement
from node.storage.store import LOCAL, STATE, Space
from tests.corpus.goods import Goods
from tests.corpus.registry import network_of
from tests.support.gateway import Desk
from tests.support.parties import Party

FOLDERS: Final = ("gs1-epcis", "openepcis", "partner-files")
WHOLE: Final = "-"
"""In the columns `node` and `event`: the file as a whole."""
SAME: Final = "="
"""In the column `with_goods`: as on the fresh ledger."""

_SENDING: Final = frozenset({Step.SHIP, Step.VOID})


class Row(NamedTuple):
    """One event of one file at one node, or one file that cannot be taken."""

    file: str
    """Path below the data folder."""
    node: str
    """GLN of the partner at whose node it was posted: one that acts in it, if anyone does."""
    event: str
    """Position in the file."""
    fresh: str
    """Outcome on a ledger that knows prefixes, places and products only."""
    with_goods: str
    """Outcome when the goods are there, made and sent by others."""


class Broken(AssertionError):
    """A file was half applied, added something twice, or was refused without saying where and why."""


def files_of(data: Path) -> list[str]:
    """Return the paths of all files of the corpus, below the data folder, in order."""
    found = [path for folder in FOLDERS for path in (data / folder).rglob("*") if path.is_file()]
    return sorted(path.relative_to(data).as_posix() for path in found)


async def rows_of(data: Path, file: str) -> list[Row]:
    """Return what becomes of a file.

    Raises:
        Broken: See there.
    """
    content = (data / file).read_bytes()
    try:
        document = read_document(content)
    except CaptureProblem as problem:
        if not problem.reason:
            raise Broken(f"{file}: refused without a reason") from problem
        return [Row(file, WHOLE, WHOLE, f"refused {problem.code}", SAME)]
    rows: list[Row] = []
    for node, party in _nodes(document):
        post = _Posting(content, document, party)
        fresh, given = await post.outcomes(has_goods=False), await post.outcomes(has_goods=True)
        for at, (one, other) in enumerate(zip(fresh, given, strict=True)):
            rows.append(Row(file, node, str(at), one, SAME if other == one else other))
    return rows


def _nodes(document: EpcisDocument) -> Sequence[tuple[str, Party]]:
    """Return the partners that act in a file, by GLN; when nobody registered does, any is as good."""
    desk, parties = _desk_of(document)
    directory = Directory(Overlay(Space(desk.node.store, STATE)))
    acting: set[bytes] = set()
    for event in document.events:
        find = directory.sender if read_statement(event).step in _SENDING else directory.actor
        try:
            acting.add(find(event, document.sender).gln)
        except EventRefused:
            continue
    return [(party.gln, party) for party in parties if party.packed in acting] or [(WHOLE, parties[0])]


def _desk_of(document: EpcisDocument) -> tuple[Desk, tuple[Party, ...]]:
    genesis, parties = network_of(document)
    return Desk(genesis, parties), parties


class _Posting:
    """One file at one partner's node."""

    def __init__(self, content: bytes, document: EpcisDocument, party: Party) -> None:
        self._content = content
        self._document = document
        self._party = party

    async def outcomes(self, *, has_goods: bool) -> list[str]:
        """Return what becomes of each event, and check what must hold for every file."""
        desk = await self._ledger(has_goods=has_goods)
        result = await desk.post(self._content, self._party, "proceed")
        said = [_said(event) for event in result.events]
        await self._check_again(desk, result)
        await self._check_rollback(await self._ledger(has_goods=has_goods), result)
        return said

    async def _ledger(self, *, has_goods: bool) -> Desk:
        desk, parties = _desk_of(self._document)
        if has_goods:
            await Goods(desk, self._document, parties).prepare(self._party)
        return desk

    async def _check_again(self, desk: Desk, first: FileResult) -> None:
        """Posted again, a file adds nothing."""
        before = (desk.node.chain.tip.app_hash, _local(desk))
        again = await desk.post(self._content, self._party, "proceed")
        _require(before == (desk.node.chain.tip.app_hash, _local(desk)), "posted again, it added something")
        for one, other in zip(first.events, again.events, strict=True):
            expected = "already_recorded" if one.outcome == "records" else one.outcome
            _require(other.outcome == expected, f"event {one.index}: {one.outcome}, then {other.outcome}")

    async def _check_rollback(self, desk: Desk, proceeded: FileResult) -> None:
        """Under rollback a file is one document, or nothing."""
        before = (desk.node.chain.tip.app_hash, _local(desk))
        try:
            result = await desk.post(self._content, self._party, "rollback")
        except CaptureProblem as problem:
            _require(problem.event is not None, "refused as a whole, though it could be read")
            result = FileResult()
        falls = any(event.outcome == "refused" for event in (*proceeded.events, *result.events))
        if falls:
            _require(not result.documents and not result.drafts, "it fell, and something was recorded")
            _require(before == (desk.node.chain.tip.app_hash, _local(desk)), "it fell, and left something")
        codes = [document.receipt.code for document in result.documents]
        _require(codes in ([], [ACCEPTED]), f"as one document it became {codes}")


def _local(desk: Desk) -> list[tuple[bytes, bytes]]:
    """Return what the node keeps for itself, but its secret."""
    rows = Space(desk.node.store, LOCAL).scan(limit=10_000).rows
    return [(key, value) for key, value in rows if key != b"g"]


def _said(event: EventResult) -> str:
    """Return an outcome as one cell: its records, or code and field of a refusal."""
    if event.outcome != "refused":
        return " ".join((event.outcome, *event.records))
    is_complete = all((event.code, event.field, event.reason, event.what_to_do))
    _require(is_complete, f"refused without saying where or why: {event}")
    return f"refused {event.code} {event.field}"


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise Broken(message)
