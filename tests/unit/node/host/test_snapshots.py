"""A node makes snapshots; one that comes late begins with one, and is then as good as any."""

import msgspec
import pytest

from contracts.chain.snapshot import CHUNKS, Manifest, chunk_hash, manifest_hash, vouch
from contracts.gs1.keys import pack_gln
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from contracts.records.agreement import proposal_id
from contracts.records.changes import PutNode, RemoveNode
from contracts.records.governance import Choice, ProposeChanges, VoteOnChanges
from network.sync.packing import pack_chunk, unpack_chunk
from network.wire.messages import (
    ChunkAnswer,
    ChunkRequest,
    NoSnapshot,
    SnapshotOffer,
    VoucherMessage,
)
from node.host import snapshot_maker
from node.host.chain_fault import ChainFault
from node.host.ledger import Ledger
from node.host.verify_chain import verify_chain
from node.storage.base import load_base, require_history
from node.storage.blocks import BlockStore
from node.storage.chunks import WrongRows, read_rows
from node.storage.custody import Custody
from node.storage.errors import HistoryNotHere
from node.storage.head import Head
from node.storage.history import History
from node.storage.memory import MemoryStore
from node.storage.proofs import build_anchor, build_proof
from node.storage.store import BLOCKS, BUNDLES, COMMITS, INDEX, META, STATE
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import MAKER, PARTIES, build_test_genesis, validator_name, validator_seed
from tests.support.snapshots import INTERVAL, VALIDATORS, Answer, Holder, Late, without_vouchers

BASE = 2 * INTERVAL


def grow(node: OneNode, heights: int) -> None:
    for _block in range(heights):
        height = node.ledger.tip.height
        node.record(MAKER, node.commission([f"S{height}-{at}" for at in range(3)]))


def two_snapshots() -> Holder:
    """Two snapshots, of which two of four validators vouch for the newer one, and a few blocks more."""
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    grow(holder.node, BASE + 2)
    holder.vouched_by(1)
    return holder


@pytest.fixture
def holder() -> Holder:
    return two_snapshots()


def late(holder: Holder, **peers: Answer) -> Late:
    return Late(holder.node, {"alder": holder.answer, **peers})


def follow(joined: Late, holder: Holder) -> Ledger:
    """Open the new node's ledger, and apply what was decided since."""
    ledger = Ledger(joined.store, holder.node.genesis)
    ledger.open()
    blocks = BlockStore(holder.node.store)
    for height in range(ledger.tip.height + 1, holder.node.ledger.tip.height + 1):
        block, commit, rows = blocks.load(height), blocks.commit_of(height), blocks.bundles_of(height)
        assert block is not None
        assert commit is not None
        assert rows is not None
        bundles = [holder.node.reader.read(data) for data in rows]
        assert ledger.check(block, bundles) is None
        ledger.apply(block, commit, list(zip(bundles, rows, strict=True)))
    return ledger


# ------------------------------------------------------------------------------------------ making


def test_snapshots_are_made_at_every_height_that_the_interval_divides(holder: Holder) -> None:
    assert list(holder.desk.held) == [INTERVAL, BASE]
    assert holder.shelf.files.heights() == [INTERVAL, BASE]
    assert (holder.maker.made, holder.maker.left_out) == (2, 0)
    grow(holder.node, INTERVAL)
    assert holder.shelf.files.heights() == [BASE, BASE + INTERVAL]
    assert list(holder.desk.held) == [BASE, BASE + INTERVAL]
    assert all("-" not in name or int(name[:16]) >= BASE for name in holder.files.names("snapshots"))


def test_all_nodes_make_the_same_manifest() -> None:
    """Other bundles' signatures, other commits, other rows of their own: none of that is in it."""
    hashes = set()
    for remembers in (False, True):
        node = OneNode(build_test_genesis(validators=VALIDATORS), remembers=remembers)
        holder = Holder(node)
        grow(node, INTERVAL)
        hashes.add(holder.desk.held[INTERVAL].hash)
    assert len(hashes) == 1


def test_a_snapshot_holds_the_state_and_the_sets_and_nothing_else(holder: Holder) -> None:
    held = holder.desk.held[BASE]
    keys = []
    for index, expected in enumerate(held.manifest.chunks):
        data = holder.shelf.files.read_chunk(BASE, index)
        assert data is not None
        keys += [key for key, _value in CHUNKS.decode(unpack_chunk(data, expected))]
    assert keys == sorted(keys)
    assert len(keys) == held.manifest.rows
    assert {key[:1] for key in keys} == {STATE, INDEX}
    assert {key[:2] for key in keys if key[:1] == INDEX} == {INDEX + b"w"}


def test_a_snapshot_is_of_its_height_whatever_comes_while_it_is_cut() -> None:
    node = OneNode(build_test_genesis(validators=VALIDATORS))
    holder = Holder(node)
    grow(node, INTERVAL - 1)
    first = OneNode(build_test_genesis(validators=VALIDATORS))
    other = Holder(first)
    grow(first, INTERVAL)
    # The next block is applied before the event loop hears of this one.
    pinned = node.settle
    node.settle = lambda: None  # type: ignore[method-assign]
    node.put(MAKER, node.commission([f"S{INTERVAL - 1}-{at}" for at in range(3)]))
    node.produce()
    tip = node.ledger.tip
    node.store.write([(STATE + b"\xff", b"of a later height")], sync=True)
    pinned()
    assert tip.app_hash == first.ledger.tip.app_hash
    assert holder.desk.held[INTERVAL].hash == other.desk.held[INTERVAL].hash


@pytest.mark.parametrize("most", [2, 3])
def test_a_state_of_too_many_chunks_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """It has three here; as many as there may be are not too many."""
    chunks = iter([b"rows"] * 3)
    monkeypatch.setattr(snapshot_maker.Cutting, "next_chunk", lambda _cutting: next(chunks, None))
    monkeypatch.setattr(snapshot_maker, "MAX_CHUNKS", most)
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    grow(holder.node, INTERVAL)
    assert list(holder.desk.held) == ([INTERVAL] if most == 3 else [])
    assert len(holder.files.names("snapshots")) == (4 if most == 3 else 0) + 1  # what it vouched for


def test_a_node_that_is_no_validator_of_the_height_vouches_for_nothing() -> None:
    node = OneNode(build_test_genesis(validators=VALIDATORS))
    holder = Holder(node, validator=VALIDATORS + 1)
    grow(node, INTERVAL)
    assert list(holder.desk.held) == [INTERVAL]
    assert holder.signer.vouchers == ()
    assert holder.wire.sent == []


def test_what_a_validator_vouches_for_is_told_at_once_and_to_every_new_peer(holder: Holder) -> None:
    told = [message for _name, message in holder.wire.take() if isinstance(message, VoucherMessage)]
    assert [message.voucher.height for message in told] == [INTERVAL, BASE]
    holder.desk.greet("birch")
    assert holder.wire.take() == [("birch", message) for message in told]


# ----------------------------------------------------------------------------------------- joining


def test_a_late_node_joins_without_executing_a_block_before(holder: Holder) -> None:
    joined = late(holder)
    head = joined.run()
    assert isinstance(head, Head)
    assert head.height == BASE
    assert head.app_hash == holder.node.applied[BASE - 1].tip.app_hash
    assert load_base(joined.store) is not None
    assert joined.store.scan(BUNDLES, limit=10).rows == []
    assert (
        len(joined.store.scan(BLOCKS, limit=10).rows) == len(joined.store.scan(COMMITS, limit=10).rows) == 1
    )
    ledger = follow(joined, holder)
    assert ledger.tip == holder.node.ledger.tip
    assert ledger.round_zero_signers == holder.node.ledger.round_zero_signers
    for space in (STATE, INDEX + b"w"):
        assert joined.store.scan(space, limit=10_000) == holder.node.store.scan(space, limit=10_000)


def test_what_lies_before_is_not_here_and_says_so(holder: Holder) -> None:
    joined = late(holder)
    joined.run()
    follow(joined, holder)
    with joined.store.snapshot() as snapshot:
        history = History(snapshot)
        for height in range(1, BASE + 1):
            with pytest.raises(HistoryNotHere) as missing:
                history.receipts(height)
            assert missing.value.first == BASE + 1
        with pytest.raises(HistoryNotHere):
            history.block(BASE - 1)
        with pytest.raises(HistoryNotHere):
            require_history(snapshot)
        born = Custody(snapshot).born(pack_key("S0-0"))
        assert born is not None
        with pytest.raises(HistoryNotHere):
            history.at(*born)
        own = History(holder.node.store)
        identifier = own.receipts(BASE + 1)[0].document_id
        assert history.find(identifier) == own.find(identifier)
        assert build_proof(history, identifier) == build_proof(own, identifier)


def change_validators(node: OneNode) -> None:
    """A fifth validator joins, and the first one leaves."""
    key = signing.public_key_of(validator_seed(4))
    changes = (
        PutNode("fifth", "validator", b"fifth's", pack_gln(MAKER.gln), key, 1),
        RemoveNode(validator_name(0)),
    )
    acts_at = node.ledger.tip.height + 5
    said = ProposeChanges(node.head(PARTIES[0]), changes, acts_at, acts_at - 2, "as agreed")
    identifier = proposal_id(node.record(PARTIES[0], said).document_id, 0)
    for party in PARTIES[1:3]:
        node.record(party, VoteOnChanges(node.head(party), identifier, Choice.APPROVE))
    for _block in range(3):
        node.produce()


@pytest.mark.parametrize("after", [1, BASE + 1])
@pytest.mark.parametrize("more", range(2 * INTERVAL))
def test_the_changes_of_validators_are_followed_wherever_the_snapshot_falls(more: int, after: int) -> None:
    """Before, at and after every height of a change."""
    node = OneNode(build_test_genesis(validators=VALIDATORS))
    holder = Holder(node, validator=1)
    grow(node, more)
    change_validators(node)
    grow(node, after)
    holder.vouched_by(2, 3)
    joined = late(holder)
    head = joined.run()
    assert isinstance(head, Head), head
    grow(node, 1)
    ledger = follow(joined, holder)
    assert ledger.tip == node.ledger.tip
    full, later = History(node.store), History(joined.store)
    for height in range(head.height + 1, node.ledger.tip.height):
        for receipt in full.receipts(height):
            assert build_proof(later, receipt.document_id) == build_proof(full, receipt.document_id)
    assert build_anchor(later, head.height) == build_anchor(full, head.height)
    assert build_anchor(later, head.height + 1) == build_anchor(full, head.height + 1)


def test_what_an_earlier_attempt_fetched_of_another_is_removed(holder: Holder) -> None:
    joined = late(holder)
    joined.snapshots.begin(INTERVAL)
    joined.snapshots.write_chunk(INTERVAL, 0, b"fetched before the power went")
    assert isinstance(joined.run(), Head)
    assert {int(name[:16]) for name in joined.files.names("snapshots")} == {BASE}


def test_too_few_vouchers_are_no_snapshot(holder: Holder) -> None:
    own = [voucher for voucher in holder.signer.vouchers if voucher.height == BASE]
    alone = late(holder)
    alone.peers["alder"] = lambda message: without_vouchers(holder.answer(message), own)
    assert alone.run() == f"for that of height {BASE} power 1 of {VALIDATORS} vouches, too little"
    assert load_base(alone.store) is None
    assert alone.files.names("snapshots") == []
    assert alone.wire.banned == {}
    assert alone.now >= 20_000


def test_vouchers_of_several_peers_count_together(holder: Holder) -> None:
    first = [voucher for voucher in holder.signer.vouchers if voucher.height == BASE]
    second = [vouch(holder.node.genesis.chain_id, validator_seed(2), BASE, holder.desk.held[BASE].hash)]
    joined = Late(
        holder.node,
        {
            "alder": lambda message: without_vouchers(holder.answer(message), first),
            "birch": lambda message: without_vouchers(holder.answer(message), second),
        },
    )
    assert isinstance(joined.run(), Head)


def test_without_any_snapshot_it_goes_on_soon(holder: Holder) -> None:
    names = [node.name for node in holder.node.genesis.nodes if node.role == "validator"]
    joined = Late(holder.node, dict.fromkeys(names[:3], lambda _message: [NoSnapshot(5)]))
    assert joined.run() == "no peer has one"
    assert joined.now <= 3_500
    nobody = Late(holder.node, {})
    assert nobody.run() == "no peer is in touch"


def test_a_state_that_enough_validators_vouch_for_and_is_not_that_of_the_next_header_is_refused(
    holder: Holder,
) -> None:
    """Only what cannot be recomputed rests on their word."""
    held = holder.desk.held[BASE]
    data = holder.shelf.files.read_chunk(BASE, 0)
    assert data is not None
    rows = [row for row in CHUNKS.decode(unpack_chunk(data, held.manifest.chunks[0])) if row[0][:1] != STATE]
    chunk = encode(rows)
    forged: Manifest = msgspec.structs.replace(
        held.manifest, rows=len(rows), chunks=(chunk_hash(chunk), *held.manifest.chunks[1:])
    )
    hash_ = manifest_hash(forged)
    vouchers = [vouch(forged.chain_id, validator_seed(number), BASE, hash_) for number in range(3)]

    def answer(message: object) -> list[object]:
        if isinstance(message, ChunkRequest):
            return [ChunkAnswer(hash_, 0, pack_chunk(chunk))]
        (offer,) = holder.answer(message)  # type: ignore[arg-type]
        assert isinstance(offer, SnapshotOffer)
        return [SnapshotOffer(encode(forged), tuple(vouchers), offer.anchor)]

    fooled = Late(holder.node, {"alder": answer})  # type: ignore[dict-item]
    outcome = fooled.run()
    assert isinstance(outcome, str)
    assert "wrong, though vouched for" in outcome
    assert load_base(fooled.store) is None
    assert fooled.files.names("snapshots") == []


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(STATE + b"b", b""), (STATE + b"a", b"")],
        [(STATE + b"a", b""), (STATE + b"a", b"")],
        [(META + b"head", b"")],
        [(INDEX + b"a", b"")],
        [(STATE, b"")],
    ],
)
def test_rows_that_no_node_writes_are_refused(rows: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(WrongRows):
        read_rows(encode(rows), STATE)


# ------------------------------------------------------------------------------------ verify chain


def verified(joined: Late, holder: Holder) -> int:
    found = verify_chain(
        joined.store, holder.node.genesis, MemoryStore(), lambda _height: None, snapshots=joined.snapshots
    )
    assert found.app_hash == holder.node.ledger.tip.app_hash
    return found.first


def test_a_chain_is_verified_from_its_snapshot_on(holder: Holder) -> None:
    joined = late(holder)
    joined.run()
    follow(joined, holder)
    assert verified(joined, holder) == BASE + 1
    for space in (STATE, META, INDEX):
        key, value = joined.store.scan(space, limit=1).rows[0]
        joined.store.write([(key, value + b"\x00")], sync=True)
        with pytest.raises(ChainFault):
            verified(joined, holder)
        joined.store.write([(key, value)], sync=True)
    joined.snapshots.remove(BASE)
    with pytest.raises(ChainFault, match="missing"):
        verified(joined, holder)
