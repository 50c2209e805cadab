"""Blocks that may follow a chain, and every one that may not: validity is a function of the chain only."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from contracts.chain.commit import NO_COMMIT, commit_hash
from contracts.chain.evidence import of_votes
from contracts.chain.header import Block, BundleEntry, bundles_root, evidence_root
from contracts.chain.parameters import Limits, Parameters, parameters_hash
from contracts.chain.votes import Vote, VoteType
from contracts.ledger.block import ChainTip, InvalidBlock, advance, check_block, check_bundles, genesis_tip
from contracts.ledger.bundle import OpenBundle
from contracts.primitives.hashing import NO_HASH
from contracts.primitives.merkle import EMPTY_ROOT
from contracts.records.head import Head
from contracts.records.supply import Observe, ObserveStep
from contracts.state.view import Overlay
from tests.vectors.chain import ChainMaker, sign_commit
from tests.vectors.network import START_MS, public_key, vector_genesis

change = msgspec.structs.replace


def observation(chain: ChainMaker) -> bytes:
    """Return a document that any lane may carry: what it says is no question of validity."""
    return chain.document(Observe(Head(START_MS, 0, b""), ObserveStep.STORING, (b"\x01nothing",)))


@pytest.fixture
def chain() -> ChainMaker:
    """A chain of one block with one bundle."""
    made = ChainMaker()
    made.make([made.bundle("alder", observation(made))])
    return made


@pytest.fixture
def built(chain: ChainMaker) -> tuple[Block, list[OpenBundle]]:
    """The next block, with bundles of three lanes, two of one."""
    return chain.build(
        [
            chain.bundle("alder", observation(chain)),
            chain.bundle("alder", observation(chain), skip=3),
            chain.bundle("birch", observation(chain)),
            chain.bundle("elm", observation(chain)),
        ]
    )


def test_a_block_that_agrees_with_the_chain_is_valid(chain: ChainMaker, built: Any) -> None:
    block, bundles = built
    check_block(chain.tip, block, Overlay(chain))
    check_bundles(chain.tip, block, bundles, chain.lane_fault)


def test_an_empty_block_is_valid(chain: ChainMaker) -> None:
    block, bundles = chain.build([])
    check_block(chain.tip, block, Overlay(chain))
    check_bundles(chain.tip, block, bundles, chain.lane_fault)


# ------------------------------------------------------------------------------ headers


def with_header(**fields: Any) -> Callable[[ChainMaker, Block], Block]:
    """Return a change of the header alone."""
    return lambda _chain, block: change(block, header=change(block.header, **fields))


def with_bundles(entries: Callable[[Block], tuple[BundleEntry, ...]]) -> Callable[[ChainMaker, Block], Block]:
    """Return a change of the entries, their root adapted."""

    def bent(_chain: ChainMaker, block: Block) -> Block:
        found = entries(block)
        return change(block, bundles=found, header=change(block.header, bundles_root=bundles_root(found)))

    return bent


def with_commit(of: Callable[[ChainMaker, Block], Any]) -> Callable[[ChainMaker, Block], Block]:
    """Return a change of the last commit, its hash adapted."""

    def bent(chain: ChainMaker, block: Block) -> Block:
        commit = of(chain, block)
        header = change(block.header, last_commit_hash=commit_hash(commit))
        return change(block, last_commit=commit, header=header)

    return bent


def _same_time(chain: ChainMaker, block: Block) -> Block:
    return change(block, header=change(block.header, time_ms=chain.tip.time_ms))


def _with_evidence(_chain: ChainMaker, block: Block) -> Block:
    votes = [Vote(VoteType.PREVOTE, 1, 0, bytes((n,)) * 32, 0, bytes(64)) for n in (1, 2)]
    evidence = (of_votes(*votes),)
    return change(
        block, evidence=evidence, header=change(block.header, evidence_root=evidence_root(evidence))
    )


def _older_commit(chain: ChainMaker, block: Block) -> Any:
    """A good commit, of another header at the same height."""
    header = change(chain.blocks[0].block.header, time_ms=START_MS + 7)
    return sign_commit(chain.tip.chain_id, chain.tip.validators, header)


def _entry(**fields: Any) -> Callable[[ChainMaker, Block], Block]:
    return with_bundles(lambda block: (change(block.bundles[0], **fields), *block.bundles[1:]))


ANY = b"\x07" * 32
BAD_BLOCKS: dict[str, Callable[[ChainMaker, Block], Block]] = {
    "version: found 1, the chain expects 2": with_header(version=1),
    "chain_id: found vectors-2": with_header(chain_id="vectors-2"),
    "height: found 1, the chain expects 2": with_header(height=1),
    "height: found 3, the chain expects 2": with_header(height=3),
    "previous_block_id: found 0707": with_header(previous_block_id=ANY),
    "validators_hash: found 0707": with_header(validators_hash=ANY),
    "next_validators_hash: found 0707": with_header(next_validators_hash=ANY),
    "parameters_hash: found 0707": with_header(parameters_hash=ANY),
    "app_hash: found 0707": with_header(app_hash=ANY),
    "receipts_root: found 0707": with_header(receipts_root=ANY),
    "state_root: found 07": with_header(state_root=b"\x07"),
    "time_ms: 0 is not after": with_header(time_ms=0),
    "time_ms: 1790000001000 is not after the previous 1790000001000": _same_time,
    "proposer: not a validator": with_header(proposer=public_key("lane of alder")),
    "last_commit_hash: not of the last commit": with_header(last_commit_hash=ANY),
    "last_commit: decides another block": with_commit(_older_commit),
    "last_commit: decides another": with_commit(lambda _chain, _block: NO_COMMIT),
    "last_commit: commit at height 1: power": with_commit(
        lambda _chain, block: change(block.last_commit, signatures=block.last_commit.signatures[:2])
    ),
    "last_commit: commit at height 1: the signature": with_commit(
        lambda _chain, block: change(block.last_commit, round=1)
    ),
    "bundles_root: not of the bundles": lambda _chain, block: change(block, bundles=block.bundles[1:]),
    "bundles_root: not of": with_header(bundles_root=EMPTY_ROOT),
    "bundles: one stands there twice": with_bundles(lambda block: (*block.bundles, block.bundles[0])),
    "bundles: an empty one": _entry(size=0),
    "bundles: an empty": _entry(weight=0),
    "bundles: an": _entry(weight=-1),
    "evidence: of height 1: it proves nothing": _with_evidence,
    "evidence_root: not of the evidence": with_header(evidence_root=ANY),
}
"""What the refusal says, and the change that leads to it."""


@pytest.mark.parametrize("message", BAD_BLOCKS)
def test_a_block_that_contradicts_the_chain_is_refused(message: str, chain: ChainMaker, built: Any) -> None:
    with pytest.raises(InvalidBlock) as caught:
        check_block(chain.tip, BAD_BLOCKS[message](chain, built[0]), Overlay(chain))
    assert str(caught.value).startswith(message)


def test_block_1_carries_the_empty_commit_and_no_other(chain: ChainMaker) -> None:
    fresh = ChainMaker()
    block, _bundles = fresh.build([])
    check_block(fresh.tip, block, Overlay(fresh))
    header = change(block.header, last_commit_hash=commit_hash(chain.commit))
    with pytest.raises(InvalidBlock, match="block 1 has none before it"):
        check_block(fresh.tip, change(block, last_commit=chain.commit, header=header), Overlay(fresh))


# ------------------------------------------------------------------------------ caps


def limited(tip: ChainTip, **caps: int) -> ChainTip:
    """Return the tip under other caps."""
    return change(tip, parameters=Parameters(limits=Limits(**caps)))


@pytest.mark.parametrize("cap", ["block_bundles", "block_bytes", "block_weight"])
def test_a_block_reaches_its_caps_and_does_not_pass_them(cap: str, chain: ChainMaker, built: Any) -> None:
    block = built[0]
    total = {
        "block_bundles": len(block.bundles),
        "block_bytes": sum(entry.size for entry in block.bundles),
        "block_weight": sum(entry.weight for entry in block.bundles),
    }[cap]
    for allowed, is_valid in ((total, True), (total - 1, False)):
        tip = limited(chain.tip, **{cap: allowed})
        header = change(block.header, parameters_hash=parameters_hash(tip.parameters))
        if is_valid:
            check_block(tip, change(block, header=header), Overlay(chain))
        else:
            with pytest.raises(InvalidBlock, match=f"of {allowed}$"):
                check_block(tip, change(block, header=header), Overlay(chain))


# ------------------------------------------------------------------------------ bundles


def refusal(chain: ChainMaker, block: Block, bundles: list[OpenBundle]) -> str:
    """Return why these bundles are not those of the block."""
    with pytest.raises(InvalidBlock) as caught:
        check_bundles(chain.tip, block, bundles, chain.lane_fault)
    return str(caught.value)


def test_bundles_are_those_that_the_block_names(chain: ChainMaker, built: Any) -> None:
    block, bundles = built
    named = "bundles: sizes or weights are not those of the bundles named"
    assert refusal(chain, block, bundles[:-1]) == named
    assert refusal(chain, block, bundles[::-1]) == named
    assert refusal(chain, block, [*bundles, bundles[0]]) == named
    for fields in ({"size": 1}, {"id": ANY}, {"header": change(bundles[0].header, weight=9)}):
        assert refusal(chain, block, [change(bundles[0], **fields), *bundles[1:]]) == named


def _reordered(chain: ChainMaker, built: Any, order: list[int]) -> str:
    block, bundles = built
    entries = tuple(block.bundles[at] for at in order)
    return refusal(chain, change(block, bundles=entries), [bundles[at] for at in order])


def test_a_proposer_does_not_choose_who_comes_first(chain: ChainMaker, built: Any) -> None:
    lanes = [bundle.header.lane for bundle in built[1]]
    first = next(at for at in range(3) if lanes[at] == lanes[at + 1])
    swapped = [0, 1, 2, 3]
    swapped[first], swapped[first + 1] = first + 1, first
    assert _reordered(chain, built, swapped) == "bundles: not in canonical order"
    assert _reordered(chain, built, [3, 2, 1, 0]) == "bundles: not in canonical order"


def test_each_bundle_is_next_in_its_lane(chain: ChainMaker) -> None:
    skipped = chain.bundle("alder", observation(chain))
    block, bundles = chain.build([chain.bundle("alder", observation(chain))])
    assert refusal(chain, block, bundles) == f"bundle {bundles[0].id.hex()}: lane_out_of_order"
    both, opened = chain.build([skipped, chain.bundle("birch", observation(chain))])
    check_bundles(chain.tip, both, opened, chain.lane_fault)


def test_of_two_rivals_exactly_one_can_enter() -> None:
    fresh = ChainMaker()
    rivals = [ChainMaker().bundle("elm", observation(ChainMaker()), skip=skip) for skip in (0, 1)]
    block, bundles = fresh.build(rivals)
    assert "lane_out_of_order" in refusal(fresh, block, bundles)
    for rival in rivals:
        block, bundles = fresh.build([rival])
        check_bundles(fresh.tip, block, bundles, fresh.lane_fault)


# ------------------------------------------------------------------------------ tips


def test_the_tip_of_genesis_comes_before_block_1() -> None:
    tip = genesis_tip(vector_genesis(), NO_HASH)
    assert (tip.height, tip.block_id, tip.time_ms, tip.receipts_root) == (0, NO_HASH, START_MS, EMPTY_ROOT)
    assert tip.last_validators == tip.validators == tip.next_validators


def test_a_tip_advances_by_what_followed_from_the_block(chain: ChainMaker) -> None:
    header = chain.blocks[0].block.header
    tip = genesis_tip(vector_genesis(), NO_HASH)
    moved = advance(change(tip, next_validators=other_set(tip)), header, ANY, EMPTY_ROOT)
    assert (moved.height, moved.block_id, moved.time_ms) == (1, chain.tip.block_id, header.time_ms)
    assert (moved.app_hash, moved.receipts_root) == (ANY, EMPTY_ROOT)
    assert moved.last_validators == tip.validators
    assert moved.validators == other_set(tip)


def other_set(tip: ChainTip) -> Any:
    """Return the set without its first validator."""
    return type(tip.validators)(tip.validators.validators[1:])
