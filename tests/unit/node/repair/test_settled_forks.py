"""After a fork, who has the branch that does not stand fetches the other, from a peer over real sockets."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from cli.settling import settle_home
from contracts.chain.fork import ForkProof, fork_of
from contracts.chain.genesis import Genesis
from network.testnet.ports import HOST, free_ports
from network.transport.tls import make_certificate
from node.assembly import make_disks, open_own_store, open_store
from node.config.schema import PeerAddress
from node.home import HEAD_FILE, LOG_FOLDER, SIGNER_FILE, Home
from node.host.opening import Opened, open_disks
from node.last_height import last_known
from node.repair import rebuilding
from node.repair.diagnosis import Finding, Part
from node.repair.rebuilding import CannotRepair, Repaired, repair
from node.repair.salvage import Salvaged
from node.setting import Setting, read_setting
from node.storage.files import DiskFiles
from node.storage.forks import KeptFork, keep_fork
from node.storage.head_marker import HeadMarker, save_head_marker
from node.storage.references import KeptReference, reference_entries
from node.storage.store import MAX_SCAN_ROWS
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, build_test_genesis, seed_of, validator_seed

FORKED_AT = 4
LAST = 9
"""Height of the branch that stands."""
SIGNED_AT = 16
"""Last height that the home's validator signed, as its record says."""
WISHED = [Finding(Part.DATABASE, "database", "it is fetched anew")]


def certified_genesis() -> Genesis:
    """Return a genesis whose nodes can prove to each other who they are."""
    genesis = build_test_genesis(validators=4)
    nodes = tuple(
        msgspec.structs.replace(node, certificate=make_certificate(seed_of(node.name), node.name))
        for node in genesis.nodes
    )
    return msgspec.structs.replace(genesis, nodes=nodes)


def branch(genesis: Genesis, heights: int, parted_at: int = 0) -> OneNode:
    """Make a chain; from `parted_at` on its blocks and its state are others."""
    node = OneNode(genesis)
    for height in range(1, heights + 1):
        is_other = 0 < parted_at <= height
        node.wall.ms += is_other
        node.record(MAKER, node.commission([f"{height}-{is_other}"]))
    return node


def forked(one: OneNode, other: OneNode, height: int = FORKED_AT) -> ForkProof:
    first, second = (node.ledger.blocks.commit_of(height) for node in (one, other))
    assert first is not None
    assert second is not None
    return fork_of(first, second)


class Place(NamedTuple):
    """A stopped node, and a peer that runs."""

    setting: Setting
    """Of the stopped node."""
    peer: Setting
    """Of the other one."""

    def holding(self, node: OneNode, marked_at: int = 0) -> None:
        """Give the stopped node a chain, and what it alone knows."""
        home = self.setting.home
        _fill(self.setting, node)
        store = open_store(self.setting, home.database)
        store.write(reference_entries([KeptReference("po", "PO-1", bytes(16))]), sync=True)
        store.close()
        height = marked_at or node.ledger.tip.height
        following = node.ledger.blocks.load(height + 1)
        app_hash = node.ledger.tip.app_hash if following is None else following.header.app_hash
        save_head_marker(DiskFiles(home.data), HEAD_FILE, HeadMarker(height, app_hash))

    def knows(self, fork: ForkProof, stands: OneNode | None) -> None:
        """Let the stopped node know of a fork, and be told what stands."""
        store = open_store(self.setting, self.setting.home.database)
        keep_fork(store, KeptFork(0, fork))
        store.close()
        if stands is not None:
            commit = stands.ledger.blocks.commit_of(fork.height)
            assert commit is not None
            settle_home(self.setting.home, commit.block_id.hex(), yes=True)

    def rebuild(self) -> Repaired:
        return repair(self.setting, WISHED, 1, lambda _sentence: None)

    def opened(self) -> tuple[Opened, bytes]:
        """Open the home as a start does; return the tip's app hash, too."""
        store = open_own_store(self.setting, create=False)
        try:
            disks = make_disks(self.setting, store)
            found = open_disks(disks, ())
            if disks.journal is not None:
                disks.journal.close()
            disks.outbox.close()
            return found, disks.ledger.tip.app_hash
        finally:
            store.close()


def _fill(setting: Setting, node: OneNode) -> None:
    shutil.rmtree(setting.home.database, ignore_errors=True)
    store = open_store(setting, setting.home.database)
    store.write(node.store.scan(b"", limit=MAX_SCAN_ROWS).rows, sync=True)
    store.close()


def _setting(found: Setting, genesis: Genesis, number: int, home: Home, address: str, peer: str) -> Setting:
    node = genesis.nodes[number]
    peers = (PeerAddress(genesis.nodes[1 - number].name, peer),)
    p2p = msgspec.structs.replace(found.config.p2p, listen=address, peers=peers)
    seed = seed_of(node.name)
    return replace(
        *(found,),
        home=home,
        config=msgspec.structs.replace(found.config, p2p=p2p),
        genesis=genesis,
        node=node,
        secrets=replace(
            *(found.secrets,),
            node_seed=seed,
            certificate=node.certificate,
            validator_seed=validator_seed(number),
            lane_keys=(),
        ),
    )


@pytest.fixture
def place(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(rebuilding, "LOOK_S", 0.05)
    genesis, found = certified_genesis(), read_setting(home)
    addresses = [f"{HOST}:{port}" for port in free_ports(2)]
    other = Home(tmp_path / "other")
    other.data.mkdir(parents=True)
    shutil.rmtree(home.data / "snapshots")
    return Place(
        _setting(found, genesis, 0, home, *addresses),
        _setting(found, genesis, 1, other, *reversed(addresses)),
    )


@contextmanager
def serving(setting: Setting, node: OneNode) -> Iterator[None]:
    """Let the peer run on a thread of its own: it follows others as a repair does, and gives what it has."""
    setting = replace(setting, node=msgspec.structs.replace(setting.node, role="observer"))
    _fill(setting, node)
    # It is never where it wants to be.
    save_head_marker(DiskFiles(setting.home.data), HEAD_FILE, HeadMarker(1 << 40, bytes(32)))
    work = setting.home.data / rebuilding.WORK_FOLDER
    work.mkdir()
    store, loop = open_store(setting, setting.home.database), asyncio.new_event_loop()
    salvaged = Salvaged(0, setting.genesis.nodes, 0)
    following = rebuilding._Following(setting, store, work, salvaged, lambda _sentence: None)
    task = loop.create_task(following.run(3_600))
    # It is cancelled, or has been told of a fork.
    thread = threading.Thread(target=loop.run_until_complete, args=(asyncio.wait([task]),))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        if not task.cancelled():
            assert isinstance(task.exception(), CannotRepair)
        loop.close()
        store.close()


@pytest.fixture
def standing(place: Place) -> Iterator[OneNode]:
    """The branch that stands, served by the peer."""
    node = branch(place.setting.genesis, LAST)
    with serving(place.peer, node):
        yield node


@pytest.mark.parametrize(
    ("heights", "last"),
    [(FORKED_AT, LAST), (LAST, LAST), (SIGNED_AT - 1, LAST), (FORKED_AT, SIGNED_AT), (LAST, SIGNED_AT)],
)
def test_the_losing_branch_gives_way_however_long_it_was(place: Place, heights: int, last: int) -> None:
    genesis = place.setting.genesis
    losing, standing = branch(genesis, heights, FORKED_AT), branch(genesis, last)
    place.holding(losing)
    place.knows(forked(losing, standing), stands=standing)
    signed = (place.setting.home.data / SIGNER_FILE).read_bytes()
    with serving(place.peer, standing):
        done = place.rebuild()
    tip = standing.ledger.tip
    assert done.database is not None
    assert (done.database.height, done.database.app_hash) == (tip.height, tip.app_hash)
    assert last_known(place.setting) == HeadMarker(tip.height, tip.app_hash)
    opened, app_hash = place.opened()
    assert app_hash == tip.app_hash
    assert opened.settled == {FORKED_AT: standing.ledger.blocks.commit_of(FORKED_AT).block_id}  # type: ignore[union-attr]
    # What only this node knew: the fork, what stands, and a reference.
    assert (done.database.kept_rows, done.database.is_whole) == (3, True)
    # What it voted for on the other branch is no past of this one; what it signed is.
    assert opened.replay is not None
    assert (opened.replay.inputs, opened.replay.blocks) == ((), {})
    assert (Path(done.aside) / LOG_FOLDER).is_dir()
    assert (place.setting.home.data / SIGNER_FILE).read_bytes() == signed


def test_what_was_durable_below_the_fork_is_asked_for(place: Place, standing: OneNode) -> None:
    losing = branch(place.setting.genesis, LAST, FORKED_AT)
    place.holding(losing)
    place.knows(forked(losing, standing), stands=standing)
    save_head_marker(DiskFiles(place.setting.home.data), HEAD_FILE, HeadMarker(FORKED_AT - 1, bytes(32)))
    with pytest.raises(CannotRepair, match=f"app hash of height {FORKED_AT - 1} .* another history"):
        place.rebuild()


def test_until_it_is_settled_nothing_is_fetched_over_a_fork(place: Place) -> None:
    genesis = place.setting.genesis
    losing, standing = branch(genesis, LAST, FORKED_AT), branch(genesis, SIGNED_AT)
    place.holding(losing)
    with serving(place.peer, standing):
        with pytest.raises(CannotRepair, match=r"another history; after a fork, packtrail node settle"):
            place.rebuild()
        place.knows(forked(losing, standing), stands=None)
        with pytest.raises(CannotRepair, match="the ledger has forked"):
            place.rebuild()
    assert place.setting.home.database.exists()


def test_a_peer_of_the_branch_that_does_not_stand_is_refused(place: Place) -> None:
    losing, standing = branch(place.setting.genesis, LAST, FORKED_AT), branch(place.setting.genesis, LAST)
    place.holding(losing)
    place.knows(forked(losing, standing), stands=standing)
    with serving(place.peer, losing), pytest.raises(CannotRepair, match=r"none gives block .* which stands"):
        place.rebuild()
    assert place.setting.home.database.exists()


def test_who_has_the_block_that_stands_wants_all_that_it_had(place: Place, standing: OneNode) -> None:
    place.holding(branch(place.setting.genesis, SIGNED_AT - 1))
    other = branch(place.setting.genesis, FORKED_AT, FORKED_AT)
    place.knows(forked(standing, other), stands=standing)
    with pytest.raises(
        CannotRepair, match=f"no block comes after height {LAST}; {SIGNED_AT - 1} was durable"
    ):
        place.rebuild()
