"""Whether a block may follow the chain: a function of the chain and nothing else.

An honest validator votes nil for a block that fails here: validity is a function of the chain
only. Two steps, because a proposal arrives before its bundles do: `check_block` needs the chain's tip,
`check_bundles` the bundles too. What a document's records say is no question of validity: a document that
breaks a rule is in the block, with its verdict.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from contracts.chain.commit import NO_COMMIT, Commit, InvalidCommit, commit_hash, verify_commit
from contracts.chain.genesis import Genesis, validator_set
from contracts.chain.header import HEADER_VERSION, Block, Header, block_id, bundles_root, evidence_root
from contracts.chain.parameters import Limits, Parameters, parameters_hash
from contracts.chain.validators import ValidatorSet
from contracts.ledger.bundle import BundleHeader, OpenBundle, canonical_order
from contracts.primitives import merkle
from contracts.primitives.hashing import NO_HASH
from contracts.rules.changing_nodes import validator_set as validator_set_of
from contracts.rules.convicting import evidence_fault
from contracts.state.evidence import Moment
from contracts.state.governing import FIRST_RULES, governance, sets
from contracts.state.layout import PARAMETERS, SOLE_KEY
from contracts.state.parameters import parameters_of
from contracts.state.view import Overlay

KNOWN_RULES: Final = 1
"""The latest version of the rules that this program knows; it knows all before it too."""


class InvalidBlock(ValueError):
    """A block that may not follow this chain; the message says why."""


class ChainTip(msgspec.Struct, frozen=True):
    """The decided end of the chain: what the next block must agree with."""

    chain_id: str
    """Name of the network."""
    height: int
    """Last decided height; 0 for genesis."""
    block_id: bytes
    """Of that block; zeros for genesis."""
    time_ms: int
    """Of that block; genesis' time for genesis."""
    app_hash: bytes
    """After that block."""
    receipts_root: bytes
    """Over that block's receipts."""
    parameters: Parameters
    """That bind the next block."""
    last_validators: ValidatorSet
    """Who decided that block."""
    validators: ValidatorSet
    """Who votes on the next one."""
    next_validators: ValidatorSet
    """Who votes on the one after."""
    rules: int
    """Version of the rules that bind the next block."""


def genesis_tip(genesis: Genesis, app_hash: bytes) -> ChainTip:
    """Return the tip before block 1; `app_hash` is the hash of genesis' writes."""
    validators = validator_set(genesis)
    return ChainTip(
        genesis.chain_id,
        0,
        NO_HASH,
        genesis.time_ms,
        app_hash,
        merkle.EMPTY_ROOT,
        genesis.parameters,
        validators,
        validators,
        validators,
        FIRST_RULES,
    )


def bound_by(tip: ChainTip, state: Overlay) -> ChainTip:
    """Return the tip with what governance has made of sets, parameters and rules, by the state after it.

    A block moves the sets on by itself (`advance`); this is for one that ended with a change, and for a
    restart: after genesis and after every block both give the same.
    """
    row = sets(state)
    return msgspec.structs.replace(
        tip,
        parameters=parameters_of(state.require(PARAMETERS, SOLE_KEY)),
        last_validators=validator_set_of(row.last),
        validators=validator_set_of(row.current),
        next_validators=validator_set_of(row.following),
        rules=governance(state).rules,
    )


def advance(tip: ChainTip, header: Header, app_hash: bytes, receipts_root: bytes) -> ChainTip:
    """Return the tip after the block with `header` was decided and executed."""
    return msgspec.structs.replace(
        tip,
        height=header.height,
        block_id=block_id(header),
        time_ms=header.time_ms,
        app_hash=app_hash,
        receipts_root=receipts_root,
        last_validators=tip.validators,
        validators=tip.next_validators,
    )


def rules_fault(tip: ChainTip) -> str | None:
    """Return why this program cannot follow the chain any further, or None while it can."""
    if tip.rules <= KNOWN_RULES:
        return None
    return (
        f"from height {tip.height + 1} on version {tip.rules} of the rules is in force, and this program"
        f" knows versions up to {KNOWN_RULES}: install a newer Packtrail and start again; nothing is lost"
    )


def _require(condition: bool, message: str) -> None:  # noqa: FBT001 - a guard reads best this way
    if not condition:
        raise InvalidBlock(message)


def check_block(tip: ChainTip, block: Block, state: Overlay, tip_commit: Commit = NO_COMMIT) -> None:
    """Check everything about a block that does not need its bundles.

    Args:
        tip: The chain's tip.
        block: Whatever came.
        state: State after the tip; nothing is written to it.
        tip_commit: A verified commit for the tip, if one is known: its signatures need no second look.

    Raises:
        InvalidBlock: The message names the field and what the chain expects.
    """
    fault = rules_fault(tip)
    _require(fault is None, f"rules: {fault}")
    _check_header(tip, block.header)
    _check_last_commit(tip, block, tip_commit)
    _check_entries(tip.parameters.limits, block)
    _check_evidence(tip, block, state)


def _check_header(tip: ChainTip, header: Header) -> None:
    expected: tuple[tuple[str, object, object], ...] = (
        ("version", header.version, HEADER_VERSION),
        ("chain_id", header.chain_id, tip.chain_id),
        ("height", header.height, tip.height + 1),
        ("previous_block_id", header.previous_block_id, tip.block_id),
        ("validators_hash", header.validators_hash, tip.validators.hash),
        ("next_validators_hash", header.next_validators_hash, tip.next_validators.hash),
        ("parameters_hash", header.parameters_hash, parameters_hash(tip.parameters)),
        ("app_hash", header.app_hash, tip.app_hash),
        ("receipts_root", header.receipts_root, tip.receipts_root),
        ("state_root", header.state_root, b""),
    )
    for name, found, wanted in expected:
        if found != wanted:
            raise InvalidBlock(f"{name}: found {_text(found)}, the chain expects {_text(wanted)}")
    _require(
        header.time_ms > tip.time_ms, f"time_ms: {header.time_ms} is not after the previous {tip.time_ms}"
    )
    _require(tip.validators.index_of(header.proposer) is not None, "proposer: not a validator at this height")


def _text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _check_last_commit(tip: ChainTip, block: Block, tip_commit: Commit) -> None:
    commit = block.last_commit
    _require(block.header.last_commit_hash == commit_hash(commit), "last_commit_hash: not of the last commit")
    if tip.height == 0:
        _require(commit == NO_COMMIT, "last_commit: block 1 has none before it")
        return
    _require(
        commit.height == tip.height and commit.block_id == tip.block_id,
        f"last_commit: decides another block than the one at height {tip.height}",
    )
    try:
        verify_commit(tip.chain_id, tip.last_validators, commit, tip_commit)
    except InvalidCommit as error:
        msg = f"last_commit: {error}"
        raise InvalidBlock(msg) from error


def _check_entries(limits: Limits, block: Block) -> None:
    entries = block.bundles
    ids = [entry.bundle_id for entry in entries]
    sizes = [entry.size for entry in entries]
    weights = [entry.weight for entry in entries]
    _require(block.header.bundles_root == bundles_root(entries), "bundles_root: not of the bundles")
    _require(len(set(ids)) == len(ids), "bundles: one stands there twice")
    _require(
        all(size > 0 for size in sizes) and all(weight > 0 for weight in weights), "bundles: an empty one"
    )
    _require(len(entries) <= limits.block_bundles, f"bundles: {len(entries)} of {limits.block_bundles}")
    _require(sum(sizes) <= limits.block_bytes, f"bundles: {sum(sizes)} bytes of {limits.block_bytes}")
    _require(sum(weights) <= limits.block_weight, f"bundles: weight {sum(weights)} of {limits.block_weight}")


def _check_evidence(tip: ChainTip, block: Block, state: Overlay) -> None:
    moment = Moment(block.header.height, block.header.time_ms)
    fault = evidence_fault(state, tip.chain_id, moment, block.evidence)
    _require(fault is None, f"evidence: {fault}")
    _require(
        block.header.evidence_root == evidence_root(block.evidence), "evidence_root: not of the evidence"
    )


LaneFault = Callable[[BundleHeader, int | None], str | None]
"""(bundle header, last sequence of its lane in this block or None) → why it may not follow, or None."""


def check_bundles(tip: ChainTip, block: Block, bundles: Sequence[OpenBundle], lane_fault: LaneFault) -> None:
    """Check that `bundles` are those the block names, in canonical order, each next in its lane.

    Args:
        tip: The chain's tip.
        block: A block that passed `check_block`.
        bundles: The bundles it names, in block order, well formed and with verified signatures.
        lane_fault: The chain's answer on a lane: its key's standing, last sequence and expiry, read from the
            state before this block, for this block's height and time.

    Raises:
        InvalidBlock: The message names the bundle and what is wrong.
    """
    found = [(bundle.id, bundle.size, bundle.header.weight) for bundle in bundles]
    named = [(entry.bundle_id, entry.size, entry.weight) for entry in block.bundles]
    _require(found == named, "bundles: sizes or weights are not those of the bundles named")
    lanes = [(bundle.header.lane, bundle.header.sequence, at) for at, bundle in enumerate(bundles)]
    order = canonical_order(tip.block_id, lanes)
    _require(order == list(range(len(bundles))), "bundles: not in canonical order")
    last: dict[bytes, int] = {}
    for bundle in bundles:
        fault = lane_fault(bundle.header, last.get(bundle.header.lane))
        _require(fault is None, f"bundle {bundle.id.hex()}: {fault}")
        last[bundle.header.lane] = bundle.header.sequence
