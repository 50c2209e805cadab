"""Questions from users, answered by threads of their own on pinned snapshots.

A slow question must not stand behind a block, nor a block behind it. Each question gets a snapshot
of its own, so everything in one answer is of one height. What waits is bounded.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from contracts.primitives.encoding import MalformedBytes
from node.storage.errors import StorageDamaged, StorageError
from node.storage.store import KeyValueStore, Snapshot

T = TypeVar("T")

READER_THREADS: Final = 2
MAX_WAITING_READS: Final = 512
"""Questions asked and not yet answered; more are turned away."""


class ReadersBusy(Exception):
    """More questions wait than this node answers in a reasonable time; ask again later."""


class Readers:
    """The reader threads of one store. Used on the event loop.

    Attributes:
        waiting: Questions asked and not yet answered.
    """

    def __init__(
        self, store: KeyValueStore, on_damage: Callable[[StorageError], None], threads: int = READER_THREADS
    ) -> None:
        """Prepare; threads start with the first questions.

        Args:
            store: What is read.
            on_damage: Told on the event loop when the store failed or was found damaged, before the asker is.
            threads: How many questions are answered at once.
        """
        self._store = store
        self._on_damage = on_damage
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self.waiting = 0

    async def read(self, question: Callable[[Snapshot], T]) -> T:
        """Return what `question` answers from a fresh snapshot; it runs on a reader thread.

        Raises:
            ReadersBusy: Too many questions wait.
            StorageDamaged: What is stored fails its checksum, does not decode, or contradicts itself.
            StorageFailed: The disk refused.
        """
        if self.waiting >= MAX_WAITING_READS:
            raise ReadersBusy
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)
        except StorageError as error:
            self._on_damage(error)
            raise
        finally:
            self.waiting -= 1

    def _answer(self, question: Callable[[Snapshot], T]) -> T:
        with self._store.snapshot() as snapshot:
            try:
                return question(snapshot)
            except MalformedBytes as error:
                raise StorageDamaged("stored row", str(error)) from error
            except (KeyError, IndexError):
                raise
            except LookupError as error:
                # The law's way to say that the state contradicts itself: a row names one that is not there.
                raise StorageDamaged("state", str(error)) from error

    def close(self) -> None:
        """Drop what waits, finish what runs, stop the threads. The store may be closed afterwards."""
        self._threads.shutdown(wait=True, cancel_futures=True)
