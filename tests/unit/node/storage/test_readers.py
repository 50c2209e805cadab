"""Reader threads: one snapshot per question, bounds, and what is told of a damaged disk."""

import asyncio
import threading

import pytest

from contracts.primitives.encoding import MalformedBytes
from node.storage import readers as module
from node.storage.errors import StorageDamaged, StorageError
from node.storage.memory import MemoryStore
from node.storage.readers import Readers, ReadersBusy
from node.storage.store import Snapshot


async def test_a_question_is_answered_from_one_moment() -> None:
    store = MemoryStore()
    store.write([(b"a", b"1")], sync=True)
    readers = Readers(store, lambda _error: None)
    asked, answered = threading.Event(), threading.Event()

    def slow(snapshot: Snapshot) -> bytes | None:
        asked.set()
        assert answered.wait(10)
        return snapshot.get(b"a")

    asking = asyncio.create_task(readers.read(slow))
    assert await asyncio.to_thread(asked.wait, 10)
    store.write([(b"a", b"2")], sync=True)
    # A slow question does not stand in the way of the next.
    assert await readers.read(lambda snapshot: snapshot.get(b"a")) == b"2"
    assert readers.waiting == 1
    answered.set()
    assert await asking == b"1"
    assert readers.waiting == 0
    readers.close()
    store.close()


async def test_too_many_questions_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    readers = Readers(MemoryStore(), lambda _error: None)
    monkeypatch.setattr(module, "MAX_WAITING_READS", 0)
    with pytest.raises(ReadersBusy):
        await readers.read(lambda snapshot: snapshot.get(b"a"))
    readers.close()


async def test_damage_is_told_before_the_asker_hears_of_it() -> None:
    told: list[StorageError] = []
    store = MemoryStore()
    readers = Readers(store, told.append)

    def damaged(_snapshot: Snapshot) -> None:
        raise StorageDamaged("row", "its checksum is wrong")

    with pytest.raises(StorageDamaged):
        await readers.read(damaged)
    assert [error.where for error in told] == ["row"]
    readers.close()
    # Every snapshot was released.
    store.close()


async def test_a_wrong_question_is_the_askers_own() -> None:
    told: list[StorageError] = []
    readers = Readers(MemoryStore(), told.append)

    def wrong(_snapshot: Snapshot) -> None:
        raise KeyError("there is none")

    with pytest.raises(KeyError):
        await readers.read(wrong)
    assert told == []
    readers.close()


@pytest.mark.parametrize("error", [LookupError("no such row"), MalformedBytes("no such form")])
async def test_rows_that_contradict_themselves_are_damage(error: Exception) -> None:
    told: list[StorageError] = []
    readers = Readers(MemoryStore(), told.append)

    def contradicted(_snapshot: Snapshot) -> None:
        raise error

    with pytest.raises(StorageDamaged):
        await readers.read(contradicted)
    assert len(told) == 1
    readers.close()
