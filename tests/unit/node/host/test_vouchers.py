"""Vouchers of peers: what is of no use costs nothing, and nobody makes this node verify without end."""

from collections.abc import Callable

import msgspec
import pytest

from contracts.chain.snapshot import Voucher, vouch
from contracts.primitives import signing
from network.wire.errors import RemoteProtocolError
from node.host import snapshot_desk as module
from node.host.snapshot_desk import MAX_VOUCHERS, VOUCHERS_BURST, SnapshotDesk
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, build_test_genesis, validator_seed
from tests.support.snapshots import INTERVAL, VALIDATORS, Holder

BASE = 2 * INTERVAL
HELD = BASE + INTERVAL
LIAR, OTHER = "node-1", "node-2"


@pytest.fixture
def holder() -> Holder:
    """It holds the snapshots of the heights BASE and HELD; that of INTERVAL is removed."""
    node = OneNode(build_test_genesis(validators=VALIDATORS))
    holder = Holder(node)
    for height in range(HELD + 2):
        node.record(MAKER, node.commission([f"S{height}"]))
    assert list(holder.desk.held) == [BASE, HELD]
    return holder


@pytest.fixture
def desk(holder: Holder) -> SnapshotDesk:
    return holder.desk


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Voucher]:
    """Vouchers whose signatures were verified."""
    found: list[Voucher] = []
    verify: Callable[[str, Voucher], bool] = module.verify_voucher

    def verifying(chain_id: str, voucher: Voucher) -> bool:
        found.append(voucher)
        return verify(chain_id, voucher)

    monkeypatch.setattr(module, "verify_voucher", verifying)
    return found


def voucher(holder: Holder, validator: int, height: int, hash_: bytes = bytes(32)) -> Voucher:
    return vouch(holder.node.genesis.chain_id, validator_seed(validator), height, hash_)


def kept_of(desk: SnapshotDesk, validator: int) -> list[int]:
    return sorted(desk._vouchers.get(signing.public_key_of(validator_seed(validator)), {}))


@pytest.mark.parametrize(
    ("validator", "height"),
    [
        pytest.param(VALIDATORS + 3, HELD, id="no validator"),
        pytest.param(2, HELD - 1, id="no height of a snapshot"),
        pytest.param(2, INTERVAL, id="removed"),
        pytest.param(0, HELD, id="its own"),
    ],
)
def test_what_is_of_no_use_is_not_verified(
    holder: Holder, desk: SnapshotDesk, checked: list[Voucher], validator: int, height: int
) -> None:
    before = desk.vouchers_for(desk.held[HELD])
    for _time in range(2 * VOUCHERS_BURST):
        desk.take_voucher(LIAR, voucher(holder, validator, height))
    assert (checked, desk.unheard) == ([], 0)
    assert desk.vouchers_for(desk.held[HELD]) == before


def test_a_node_that_makes_none_hears_of_those_it_holds(holder: Holder, checked: list[Voucher]) -> None:
    joined = Holder(holder.node, interval=0)
    joined.desk.held = {BASE: holder.desk.held[BASE]}
    for height in (BASE, HELD, HELD + INTERVAL):
        joined.desk.take_voucher(LIAR, voucher(holder, 2, height))
    assert [each.height for each in checked] == [BASE]


def test_of_a_height_the_first_is_kept_and_verified_once(
    holder: Holder, desk: SnapshotDesk, checked: list[Voucher]
) -> None:
    hash_ = desk.held[HELD].hash
    first, second = voucher(holder, 2, HELD, hash_), voucher(holder, 2, HELD, bytes(32))
    for each in (first, second, first):
        for _time in range(2 * VOUCHERS_BURST):
            desk.take_voucher(LIAR, each)
    assert checked == [first]
    assert first in desk.vouchers_for(desk.held[HELD])


def test_the_newest_of_a_validator_are_kept_and_older_ones_cost_nothing(
    holder: Holder, desk: SnapshotDesk, checked: list[Voucher]
) -> None:
    heights = [HELD + INTERVAL * more for more in range(1, 3 + MAX_VOUCHERS)]
    for height in heights:
        desk.take_voucher(LIAR, voucher(holder, 2, height))
    assert kept_of(desk, 2) == heights[-MAX_VOUCHERS:]
    desk.take_voucher(LIAR, voucher(holder, 2, HELD))
    assert len(checked) == len(heights)


def test_a_validator_that_vouches_without_end_is_not_heard_and_others_are(
    holder: Holder, desk: SnapshotDesk, checked: list[Voucher]
) -> None:
    for more in range(1, 5 * VOUCHERS_BURST + 1):
        desk.take_voucher(LIAR, voucher(holder, 1, HELD + INTERVAL * more))
    assert (len(checked), desk.unheard) == (VOUCHERS_BURST, 4 * VOUCHERS_BURST)
    assert len(kept_of(desk, 1)) == MAX_VOUCHERS
    true = voucher(holder, 2, HELD, desk.held[HELD].hash)
    desk.take_voucher(OTHER, true)
    assert true in desk.vouchers_for(desk.held[HELD])
    # What is known costs the liar nothing.
    desk.take_voucher(LIAR, true)
    assert desk.unheard == 4 * VOUCHERS_BURST


def test_who_brought_too_many_is_heard_again_after_a_while(
    holder: Holder, desk: SnapshotDesk, checked: list[Voucher], monkeypatch: pytest.MonkeyPatch
) -> None:
    heights = iter(range(HELD + INTERVAL, HELD + 100 * INTERVAL, INTERVAL))
    for _time in range(2 * VOUCHERS_BURST):
        desk.take_voucher(LIAR, voucher(holder, 1, next(heights)))
    assert len(checked) == VOUCHERS_BURST
    monkeypatch.setattr(holder.node.clock, "now_ms", lambda: 2_000)
    for _time in range(VOUCHERS_BURST):
        desk.take_voucher(LIAR, voucher(holder, 1, next(heights)))
    assert len(checked) == VOUCHERS_BURST + 2 * module.VOUCHERS_PER_SECOND


def test_a_forged_one_costs_its_sender_the_session(holder: Holder, desk: SnapshotDesk) -> None:
    forged = msgspec.structs.replace(voucher(holder, 2, HELD), signature=bytes(64))
    with pytest.raises(RemoteProtocolError, match="forged"):
        desk.take_voucher(LIAR, forged)
    assert kept_of(desk, 2) == []
