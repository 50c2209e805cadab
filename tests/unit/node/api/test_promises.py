"""Promises to clients: keys, how long they last, and what is drawn from a secret."""

import asyncio

import pytest

from node.api import promises as module
from node.api.promises import KEPT_MS, KeyReused, Promises, Secret
from node.storage.errors import StorageDamaged
from node.storage.memory import MemoryStore
from node.storage.references import KeptReference, find_references, reference_entries, reference_hash
from node.storage.store import LOCAL
from tests.support.workers import InlineWorker

ONE, OTHER = b"\1" * 32, b"\2" * 32


class Kept:
    """Promises over a store, with secrets that count up."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.drawn = 0
        worker = InlineWorker(asyncio.get_running_loop().call_soon)
        self.promises = Promises(self.store, worker, self.draw)

    def draw(self, count: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(count, "big")

    def rows(self) -> int:
        return len(self.store.scan(LOCAL, limit=1_000).rows)


async def test_a_key_has_one_secret() -> None:
    kept = Kept()
    first = await kept.promises.secret_for("token", "k", ONE, 0)
    again = await Kept(kept.store).promises.secret_for("token", "k", ONE, KEPT_MS - 1)
    assert first.draw(16, 1) == again.draw(16, 1)
    other = await kept.promises.secret_for("token", "k2", ONE, 0)
    elsewhere = await kept.promises.secret_for("token2", "k", ONE, 0)
    assert len({secret.draw(16, 1) for secret in (first, other, elsewhere)}) == 3


async def test_a_key_means_one_request() -> None:
    kept = Kept()
    await kept.promises.secret_for("token", "k", ONE, 0)
    with pytest.raises(KeyReused):
        await kept.promises.secret_for("token", "k", OTHER, 0)


async def test_two_at_once_get_the_same() -> None:
    kept = Kept()
    first, second = await asyncio.gather(
        kept.promises.secret_for("token", "k", ONE, 0), kept.promises.secret_for("token", "k", ONE, 0)
    )
    assert first.draw(16, 1) == second.draw(16, 1)


async def test_keys_are_forgotten_after_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FORGOTTEN_AT_ONCE", 2)
    kept = Kept()
    old = await kept.promises.secret_for("token", "k0", ONE, 0)
    for number in range(1, 6):
        await kept.promises.secret_for("token", f"k{number}", ONE, number)
    assert kept.rows() == 12
    new = await kept.promises.secret_for("token", "k0", OTHER, KEPT_MS + 10)
    assert new.draw(16, 1) != old.draw(16, 1)
    for number in range(10, 14):
        await kept.promises.secret_for("token", f"k{number}", ONE, KEPT_MS + number)
    # What is left: k0 anew and the four later ones.
    assert kept.rows() == 10


async def test_a_damaged_promise_is_noticed() -> None:
    kept = Kept()
    await kept.promises.secret_for("token", "k", ONE, 0)
    ((key, _row),) = kept.store.scan(LOCAL + b"k").rows
    kept.store.write([(key, b"\xc1")], sync=True)
    with pytest.raises(StorageDamaged):
        await kept.promises.secret_for("token", "k", ONE, 0)


def test_references_are_kept_under_their_hash() -> None:
    store = MemoryStore()
    one, two = KeptReference("po", "4711", bytes(16)), KeptReference("po", "4711", b"\1" * 16)
    assert reference_hash(one) != reference_hash(two)
    store.write(reference_entries([one, two]), sync=True)
    found = find_references(store, [reference_hash(two), bytes(32), reference_hash(one)])
    assert found == [two, None, one]
    ((key, _row), _other) = store.scan(LOCAL + b"r").rows
    store.write([(key, b"\xc1")], sync=True)
    with pytest.raises(StorageDamaged):
        find_references(store, [reference_hash(one), reference_hash(two)])


async def test_a_client_that_is_gone_does_not_matter() -> None:
    kept = Kept()
    asking = asyncio.ensure_future(kept.promises.secret_for("token", "k", ONE, 0))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait({asking})
    assert await kept.promises.secret_for("token", "k", ONE, 0)


def test_what_is_drawn_from_a_secret() -> None:
    secret = Secret(bytes(32))
    drawn = [secret.draw(16, 1), secret.draw(16, 2), secret.draw(16, 2, 0), secret.child(0).draw(16, 1)]
    assert len(set(drawn)) == 4
    assert secret.draw(16, 1) == Secret(bytes(32)).draw(16, 1)
    assert secret.child(1).draw(16, 1) != secret.child(2).draw(16, 1)
