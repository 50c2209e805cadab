"""Rows that a node reads of its own: what it keeps of forks, blocks, drafts, requests; every row of state.

LevelDB's checksums stand in front of them: what comes through is what a bug wrote. It is named all the same,
or read as some value. `test_decoders.py` asks that no decoder of the program is forgotten.
"""

import zlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from contracts.chain.evidence import DuplicateVote
from contracts.chain.fork import FORKS
from contracts.ledger.bundle import Bundle, bundle_id
from contracts.ledger.receipt import Event, Receipt
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.state.governance_rows import Validators
from contracts.state.layout import TABLES
from node.api.promises import _KEY_ROWS, _KeyRow
from node.epcis.drafts import _DRAFTS, _DraftRow, load_drafts
from node.identity.keystore import _SECRETS, _Secret
from node.identity.standing import PLACE_FILES, STANDING_FILE, Standing, _EarlierStanding, _Standing
from node.storage.archived import header_of, what_stays
from node.storage.blocks import BlockStore, _Group, _Place
from node.storage.convictions import Convictions, event_entries
from node.storage.errors import StorageError
from node.storage.forks import (
    KeptFork,
    Settled,
    keep_fork,
    keep_votes,
    load_fork,
    load_settled,
    load_votes,
    settle,
)
from node.storage.history import _DOCUMENTS
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles
from node.storage.store import COMMITS, DOCUMENTS, LOCAL, RECEIPTS, WRITES
from node.storage.validators import ValidatorHistory, set_entry
from tests.fuzz.packed import Packed
from tests.fuzz.shapes import Shapes
from tests.fuzz.target import Target
from tests.fuzz.targets_ledger import EVIDENCE, VOTES, bundles, commits, forks, stated

_HEIGHT: Final = (5).to_bytes(8, "big")
_DOCUMENT: Final = bytes(32)
_AT_PLACE: Final = DOCUMENTS + _DOCUMENT + bytes(1) + bytes(32) + _HEIGHT + bytes(4)

Read = Callable[[MemoryStore], object]


def _at(name: str, key: bytes, samples: Sequence[bytes], read: Read) -> Target:
    """Put each input in the place of one row, and read it as the node does."""

    def decode(data: bytes) -> object:
        store = MemoryStore()
        store.write([(key, data)], sync=True)
        return read(store)

    return Target(f"row: {name}", decode, (StorageError,), Packed(list(samples)), 10)


def _written(name: str, fill: Callable[[MemoryStore], object], read: Read) -> Target:
    """Likewise, in the place of the one row that `fill` writes."""
    first = MemoryStore()
    fill(first)
    ((key, value),) = first.scan(b"").rows
    return _at(name, key, [value], read)


def _forks() -> list[Target]:
    kept = KeptFork(7, FORKS.decode(forks()[0]))
    votes = tuple(piece for piece in EVIDENCE if isinstance(piece, DuplicateVote))
    return [
        _written("fork", lambda store: keep_fork(store, kept), load_fork),
        _written("settled", lambda store: settle(store, Settled(5, b"\x11" * 32)), load_settled),
        _written(
            *("votes", lambda store: keep_votes(store, 5, [*VOTES, votes[0].first])),
            lambda store: load_votes(store, 5),
        ),
    ]


def _blocks(shapes: Shapes) -> list[Target]:
    receipts = [encode(tuple(shapes.make(Receipt) for _ in range(count))) for count in (0, 1, 3)]
    made = [shapes.make(_Group) for _ in range(3)]
    groups = tuple(_Group(each.prefix, each.suffixes, each.value[:1]) for each in made)
    whole = bundles()[0]
    identifier = bundle_id(_BUNDLES.decode(whole).header)
    at_one = (1).to_bytes(8, "big")
    return [
        _at("commit", COMMITS + at_one, commits(), lambda store: BlockStore(store).commit_of(1)),
        _at("receipts", RECEIPTS + _HEIGHT, receipts, lambda store: BlockStore(store).receipts(5)),
        _at("writes", WRITES + _HEIGHT, [encode(groups)], lambda store: BlockStore(store).writes(5)),
        _at(
            *("place", _AT_PLACE, [encode(_Place(1, 2))]),
            lambda store: BlockStore(store).document(_DOCUMENT),
        ),
        Target(
            *("bundle, whole or its header", lambda data: header_of(identifier, data), (StorageError,)),
            *(Packed([what_stays(whole), whole]), 10),
        ),
        Target("stored document", _DOCUMENTS.decode, (MalformedBytes,), Packed(stated()), 10, encode),
    ]


def _validators(shapes: Shapes) -> list[Target]:
    members: Validators = shapes.make(Validators)
    event = shapes.make(Event)
    return [
        _written(
            *("set of validators", lambda store: store.write([set_entry(1, members)], sync=True)),
            lambda store: ValidatorHistory(store).at(5),
        ),
        _written(
            *("event of evidence", lambda store: store.write(event_entries(5, [event]), sync=True)),
            lambda store: Convictions(store).events(5),
        ),
    ]


# --------------------------------------------------------------------------------------- of clients


def _clients(shapes: Shapes) -> list[Target]:
    drafts = [encode(shapes.make(_DraftRow)) for _ in range(8)]
    secret = _Secret("validator", "node-1", b"\x01" * 32)
    return [
        _at("draft", LOCAL + _DRAFTS + bytes(16), drafts, load_drafts),
        Target(
            *("row: key of a request", _KEY_ROWS.decode, (MalformedBytes,)),
            *(Packed([encode(_KeyRow(7, b"\x11" * 32, b"\x22" * 32))]), 10, encode),
        ),
        Target(
            *("secret in a key file", _SECRETS.decode, (MalformedBytes,)),
            *(Packed([encode(secret)]), 10, encode),
        ),
    ]


# -------------------------------------------------------------------------------------------- state


def _row_of_state(data: bytes) -> object:
    number, row = _NUMBERED.decode(data)
    return TABLES[number % len(TABLES)].decode(row)


def _rows_of_state(shapes: Shapes) -> list[bytes]:
    """Return a row of each table, with the table's number."""
    return [encode((number, encode(shapes.make(table.row)))) for number, table in enumerate(TABLES)]


# ----------------------------------------------------------------------------------------- standing


def _standing(data: bytes) -> object:
    """Read whether a validator may vote: what is damaged allows nothing."""
    files = MemoryFiles()
    place, standing = files.open(PLACE_FILES[0]), files.open(STANDING_FILE)
    place.append(b"here")
    standing.append(data)
    found = Standing(files)
    found.open()
    if found.votes_from is not None and not data:
        raise AssertionError("without a word of it, it may vote")
    return found.votes_from


def _sealed_standing(data: bytes) -> object:
    return _standing(zlib.crc32(data).to_bytes(4, "big") + data)


_NUMBERED: Final[Decoder[tuple[int, bytes]]] = Decoder(tuple[int, bytes])
_BUNDLES: Final[Decoder[Bundle]] = Decoder(Bundle)


def row_targets() -> list[Target]:
    """Return the decoders of a node's own rows."""
    shapes = Shapes(Random("packtrail fuzz rows"))
    standing = encode(_Standing(b"\x11" * 16, 7, b"\x22" * 8))
    earlier = encode(_EarlierStanding(b"\x11" * 16, 7))
    return [
        *_forks(),
        *_blocks(shapes),
        *_validators(shapes),
        *_clients(shapes),
        Target("row of state", _row_of_state, (MalformedBytes,), Packed(_rows_of_state(shapes)), 60),
        Target("standing", _standing, (), Packed([bytes(4) + standing, bytes(4) + earlier]), 10),
        Target("standing, sealed", _sealed_standing, (), Packed([standing, earlier]), 10),
    ]
