"""Blocks: newest first, and one in full."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import msgspec
from aiohttp import web

from contracts.chain.evidence import kind_of
from contracts.chain.header import Block, Header, block_id
from contracts.chain.validators import ValidatorSet
from contracts.gs1.dates import format_timestamp
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import HASH_BYTES
from contracts.rules.changing_nodes import validator_set
from node.api.access import Right
from node.api.answers import answer, pinned
from node.api.context import ApiContext
from node.api.endpoints import (
    Answer,
    Endpoint,
    Parameter,
    limit_of,
    number_parameter,
    parse_number,
    read_limit,
)
from node.api.problems import Problem
from node.storage.base import base_height
from node.storage.convictions import Convictions
from node.storage.custody import Custody
from node.storage.errors import StorageDamaged
from node.storage.history import History
from node.storage.store import Snapshot
from node.storage.validators import ValidatorHistory

MAX_HEIGHT: Final = (1 << 48) - 1


class HeaderView(msgspec.Struct, frozen=True):
    """A header, hashes in hex."""

    version: int
    """1."""
    chain_id: str
    """Name of the network."""
    height: int
    """From 1."""
    time: str
    """Block time."""
    previous_block_id: str
    """Block before."""
    last_commit_hash: str
    """Of the commit that this block carries."""
    bundles_root: str
    """Over its bundles."""
    evidence_root: str
    """Over its evidence."""
    validators_hash: str
    """Who votes at this height."""
    next_validators_hash: str
    """Who votes at the next."""
    parameters_hash: str
    """What binds this block."""
    app_hash: str
    """After the block before."""
    receipts_root: str
    """Over the receipts of the block before."""
    state_root: str
    """Empty."""
    proposer: str
    """Public key of the validator that built it."""


class BundleView(msgspec.Struct, frozen=True):
    """A bundle of a block."""

    bundle: str
    """Bundle id, hex."""
    partner: str
    """GLN of the partner that signed it."""
    lane: str
    """Its key, hex."""
    sequence: int
    """Its number in the lane."""
    documents: int
    """How many it carries."""
    size: int
    """Bytes."""


class VerdictView(msgspec.Struct, frozen=True):
    """A document of a block and its verdict."""

    document: str
    """Document id, hex."""
    code: str
    """accepted, or the verdict code."""


class CommitView(msgspec.Struct, frozen=True):
    """Who decided a block."""

    round: int
    """Round of the precommits."""
    signers: tuple[str, ...]
    """Names of the validators whose precommits are stored."""
    power: int
    """Their power."""
    total_power: int
    """Of all validators."""


class BlockSummaryView(msgspec.Struct, frozen=True):
    """A block in a list."""

    height: int
    """From 1."""
    block_id: str
    """Hex."""
    time: str
    """Block time."""
    proposer: str
    """Name of the validator that built it."""
    app_hash: str
    """After this block, hex."""
    bundles: int
    """How many."""
    documents: int
    """How many."""


class BlocksView(msgspec.Struct, frozen=True):
    """Blocks, newest first."""

    blocks: tuple[BlockSummaryView, ...]
    """The page."""
    next: int | None
    """Pass it as `before` to go on; null at the first block."""


class BlockEvidenceView(msgspec.Struct, frozen=True):
    """A piece of evidence in a block: it convicted a validator of a height."""

    validator: str
    """Name of the node that it convicted."""
    public_key: str
    """Its validator key, hex."""
    height: int
    """At which height it lied."""
    round: int
    """In which round."""
    type: str
    """What was said twice: proposal, prevote or precommit."""
    evidence: str
    """Both statements as canonical bytes, hex."""


class BlockView(msgspec.Struct, frozen=True):
    """A block in full."""

    height: int
    """From 1."""
    block_id: str
    """Hex."""
    time: str
    """Block time."""
    proposer: str
    """Name of the validator that built it."""
    app_hash: str
    """After this block, hex; the next header names it."""
    header: HeaderView
    """What was hashed."""
    bundles: tuple[BundleView, ...]
    """In canonical order."""
    documents: tuple[VerdictView, ...]
    """In the order in which they acted."""
    evidence: tuple[BlockEvidenceView, ...]
    """What it carries against validators."""
    commit: CommitView
    """Who decided it."""


class Validators:
    """Who votes at which height, by name, as one snapshot knows it."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Read every set that there was."""
        self._sets = tuple(ValidatorHistory(snapshot).sets())
        self._names = {one.public_key: one.node for _height, found in self._sets for one in found}

    def at(self, height: int) -> ValidatorSet:
        """Return the set of a height."""
        found = [validators for from_height, validators in self._sets if from_height <= height]
        return validator_set(found[-1])

    def name(self, public_key: bytes) -> str:
        """Return the name of the node that votes with a key, or did last; its hex when there is none."""
        return self._names.get(public_key, public_key.hex())


class Blocks:
    """The endpoints under /v1/blocks."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        return (
            Endpoint(
                "GET",
                "/v1/blocks",
                Right.KNOWN,
                self.browse,
                "Blocks, newest first.",
                (Answer(200, "A page.", BlocksView, pinned=True),),
                (
                    Parameter("before", "query", "Only blocks below this height.", {"type": "integer"}),
                    limit_of("blocks"),
                ),
            ),
            Endpoint(
                "GET",
                "/v1/blocks/{block}",
                Right.KNOWN,
                self.show,
                "A block by height or id.",
                (Answer(200, "The block.", BlockView),),
                (Parameter("block", "path", "Height, or block id of 64 hexadecimal digits."),),
                problems=("unknown_block",),
            ),
        )

    async def browse(self, request: web.Request) -> web.Response:
        """List blocks."""
        before = number_parameter(request, "before", MAX_HEIGHT, 1, MAX_HEIGHT)
        limit = read_limit(request)
        question = partial(_browse, before=before, limit=limit)
        return await self._context.readers.read(question)

    async def show(self, request: web.Request) -> web.Response:
        """Show a block."""
        question = partial(_show, text=request.match_info["block"])
        return await self._context.readers.read(question)


def _browse(snapshot: Snapshot, before: int, limit: int) -> web.Response:
    custody, history = Custody(snapshot), History(snapshot)
    validators = Validators(snapshot)
    top = min(before - 1, custody.head.height)
    base = base_height(snapshot)
    heights = range(top, max(top - limit, base), -1)
    page = tuple(_summary(custody, history, validators, height) for height in heights)
    following = page[-1].height if page and page[-1].height > base + 1 else None
    return answer(pinned(BlocksView(page, following), custody.head.height), custody.head.height)


def _summary(custody: Custody, history: History, validators: Validators, height: int) -> BlockSummaryView:
    block = history.block(height)
    return BlockSummaryView(
        height,
        block_id(block.header).hex(),
        format_timestamp(block.header.time_ms),
        validators.name(block.header.proposer),
        _app_hash_after(custody, history, height).hex(),
        len(block.bundles),
        len(history.receipts(height)),
    )


def _app_hash_after(custody: Custody, history: History, height: int) -> bytes:
    """Return the app hash after a block: the next header names it, the head that of the last one."""
    if height == custody.head.height:
        return custody.head.app_hash
    return history.block(height + 1).header.app_hash


def _show(snapshot: Snapshot, text: str) -> web.Response:
    custody, history = Custody(snapshot), History(snapshot)
    validators = Validators(snapshot)
    height = _height_of(custody, history, text)
    block = history.block(height)
    view = BlockView(
        height=height,
        block_id=block_id(block.header).hex(),
        time=format_timestamp(block.header.time_ms),
        proposer=validators.name(block.header.proposer),
        app_hash=_app_hash_after(custody, history, height).hex(),
        header=_header_view(block.header),
        bundles=_bundles(custody, history, block),
        documents=tuple(
            VerdictView(receipt.document_id.hex(), receipt.code) for receipt in history.receipts(height)
        ),
        evidence=tuple(_evidence(validators, snapshot, block)),
        commit=_commit(history, validators, height),
    )
    return answer(msgspec.json.encode(view), custody.head.height)


def _height_of(custody: Custody, history: History, text: str) -> int:
    height = parse_number(text)
    if len(text) == 2 * HASH_BYTES:
        try:
            height = history.blocks.height_of(bytes.fromhex(text))
        except ValueError:
            height = None
    if height is None or not 0 < height <= custody.head.height:
        raise Problem("unknown_block", f"There is no block {text[:80]!r} up to height {custody.head.height}.")
    return height


def _header_view(header: Header) -> HeaderView:
    fields = msgspec.structs.asdict(header)
    time_ms = fields.pop("time_ms")
    shown: dict[str, Any] = {
        name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()
    }
    return HeaderView(**shown, time=format_timestamp(time_ms))


def _bundles(custody: Custody, history: History, block: Block) -> tuple[BundleView, ...]:
    found: list[BundleView] = []
    for entry in block.bundles:
        header = history.bundle_header(entry.bundle_id)
        partner = custody.gln_of(history.sender_of(header.lane)) or ""
        found.append(
            BundleView(
                *(entry.bundle_id.hex(), partner, header.lane.hex()),
                *(header.sequence, header.count, entry.size),
            )
        )
    return tuple(found)


def _evidence(validators: Validators, snapshot: Snapshot, block: Block) -> Iterator[BlockEvidenceView]:
    """Yield what a block carries against validators, each with the key that it convicted."""
    for event in Convictions(snapshot).events(block.header.height):
        piece = block.evidence[event.record]
        yield BlockEvidenceView(
            validator=validators.name(event.subject),
            public_key=event.subject.hex(),
            height=piece.first.height,
            round=piece.first.round,
            type=kind_of(piece).name.lower(),
            evidence=encode(piece).hex(),
        )


def _commit(history: History, validators: Validators, height: int) -> CommitView:
    commit = history.blocks.commit_of(height)
    if commit is None:
        raise StorageDamaged(f"commit of height {height}", "it is missing")
    indices = [entry.validator for entry in commit.signatures]
    voted = validators.at(commit.height)
    members = voted.validators
    return CommitView(
        commit.round,
        tuple(validators.name(members[index].public_key) for index in indices),
        voted.power_of(indices),
        voted.total_power,
    )
