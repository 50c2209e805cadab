"""A snapshot for which there is no room, or which the disk refuses: what it costs, and what stops a node."""

import pytest
from structlog.testing import capture_logs

from node.host import snapshot_maker
from node.storage.errors import StorageFailed, StorageFull
from node.storage.files import MIN_FREE_BYTES
from node.storage.memory_files import Operation
from node.storage.snapshot_files import SnapshotFiles
from tests.support.ledger import OneNode
from tests.support.parties import build_test_genesis
from tests.support.snapshots import INTERVAL, VALIDATORS, Holder
from tests.unit.node.host.test_snapshots import BASE, grow


def test_without_room_a_snapshot_is_left_out_and_the_chain_goes_on() -> None:
    """The next one is made when there is room again."""
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    holder.files.free = MIN_FREE_BYTES - 1
    grow(holder.node, INTERVAL)
    assert (list(holder.desk.held), holder.maker.left_out) == ([], 1)
    assert len(holder.files.names("snapshots")) == 1  # what it vouched for
    holder.files.free = 1 << 40
    grow(holder.node, INTERVAL)
    assert list(holder.desk.held) == [BASE]
    # As long as the last one, it would not leave what a node wants to be free.
    holder.files.free = MIN_FREE_BYTES + holder.desk.held[BASE].stored_bytes - 1
    grow(holder.node, INTERVAL)
    assert (list(holder.desk.held), holder.maker.left_out) == ([BASE], 2)


def test_when_others_take_the_room_meanwhile_what_was_written_is_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    write_chunk = SnapshotFiles.write_chunk

    def fill(files: SnapshotFiles, height: int, index: int, data: bytes) -> None:
        write_chunk(files, height, index, data)
        holder.files.free = MIN_FREE_BYTES

    monkeypatch.setattr(SnapshotFiles, "write_chunk", fill)
    chunks = iter([b"rows"] * 3)
    monkeypatch.setattr(snapshot_maker.Cutting, "next_chunk", lambda _cutting: next(chunks, None))
    grow(holder.node, INTERVAL)
    assert (list(holder.desk.held), holder.maker.left_out) == ([], 1)
    assert len(holder.files.names("snapshots")) == 1  # what it vouched for


def refuse_at(holder: Holder, point: str, failure: type[StorageFailed], times: int = 1) -> list[str]:
    """Let the disk refuse what begins so; return where it did."""
    refused: list[str] = []

    def before(operation: Operation) -> None:
        name = f"{operation.kind} {operation.name}"
        if name.startswith(point) and len(refused) < times:
            refused.append(name)
            raise failure(operation.name, "the disk's own words")

    holder.files._before = before
    return refused


CHUNK = f"snapshots/{INTERVAL:016d}-"
MANIFEST = f"snapshots/{INTERVAL:016d}.manifest"
OWN_WRITES = [
    *("sync_folder snapshots", f"open {CHUNK}", f"append {CHUNK}", f"sync {CHUNK}"),
    *(f"open {MANIFEST}", f"append {MANIFEST}", f"sync {MANIFEST}", f"rename {MANIFEST}"),
]


@pytest.mark.parametrize("point", OWN_WRITES)
def test_a_disk_that_is_full_all_at_once_costs_a_snapshot_and_nothing_else(point: str) -> None:
    """There seemed to be room: of a quota, or of what others write, nobody can tell before."""
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    refused = refuse_at(holder, point, StorageFull)
    with capture_logs() as logs:
        grow(holder.node, INTERVAL)
    assert len(refused) == 1
    assert (list(holder.desk.held), holder.maker.left_out) == ([], 1)
    assert holder.files.names("snapshots") == ["vouched"]
    assert holder.files.open_files == 0
    told = [entry for entry in logs if entry["event"] == "snapshot_left_out"]
    assert [(entry["height"], entry["log_level"]) for entry in told] == [(INTERVAL, "warning")]
    assert "the disk's own words" in told[0]["reason"]
    grow(holder.node, INTERVAL)
    assert (list(holder.desk.held), holder.maker.made) == ([BASE], 1)
    without = OneNode(build_test_genesis(validators=VALIDATORS))
    grow(without, BASE)
    assert holder.node.ledger.tip.app_hash == without.ledger.tip.app_hash


def test_when_a_full_disk_does_not_even_remove_the_rest_it_goes_later() -> None:
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    grow(holder.node, INTERVAL - 1)
    refuse_at(holder, f"append {CHUNK}", StorageFull)
    refuse = holder.files._before
    assert refuse is not None

    def before(operation: Operation) -> None:
        refuse(operation)
        if operation.kind == "remove":
            raise StorageFull(operation.name, "the disk's own words")

    holder.files._before = before
    grow(holder.node, 1)
    assert len(holder.files.names("snapshots")) == 2
    holder.files._before = None
    grow(holder.node, INTERVAL)
    assert list(holder.desk.held) == [BASE]
    assert not [name for name in holder.files.names("snapshots") if name.startswith(f"{INTERVAL:016d}")]


@pytest.mark.parametrize("point", OWN_WRITES)
def test_a_disk_that_fails_stops_the_node_also_for_a_snapshot(point: str) -> None:
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    refuse_at(holder, point, StorageFailed)
    with pytest.raises(StorageFailed, match="the disk's own words"):
        grow(holder.node, INTERVAL)


def test_a_record_of_what_was_vouched_for_that_finds_no_room_stops_the_node() -> None:
    """It is a signer's: what is on the disk is unknown, and a second signature must not leave."""
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    refuse_at(holder, "append snapshots/vouched", StorageFull)
    with pytest.raises(StorageFull):
        grow(holder.node, INTERVAL)
