"""What a node keeps for its clients beside the ledger: idempotency keys.

A client that gives a key with a request may send it again, after a lost answer or a crash on either side:
the secret that was drawn for the key is durable before the document exists, and everything random in the
document follows from it (`Secret`), so the same request makes the same document with the same id, and the
ledger holds it once.

Rows in the LOCAL space:
    k  hash of scope and key           [created, fingerprint, secret]
    t  created (8 bytes), that hash    nothing: the age of keys, for forgetting them
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.primitives.hashing import Domain
from node.host.worker import Worker
from node.storage.errors import StorageDamaged
from node.storage.store import LOCAL, KeyValueStore, Space, Write, delete, put

T = TypeVar("T")

KEPT_MS: Final = 24 * 3_600_000
"""How long a key is remembered."""
SECRET_BYTES: Final = 32
MAX_FORGOTTEN_AT_ONCE: Final = 100
"""Old keys dropped with each new one."""

_KEYS: Final = b"k"
_AGES: Final = b"t"
_AGE_BYTES: Final = 8

_KEY = Domain("packtrail/idempotency-key/1")
_DRAW = Domain("packtrail/drawn-from-secret/1")


class KeyReused(Exception):
    """The key came before, with another request."""


class _KeyRow(msgspec.Struct, frozen=True, array_like=True):
    created_ms: int
    fingerprint: bytes
    secret: bytes


_KEY_ROWS: Decoder[_KeyRow] = Decoder(_KeyRow)


class Secret:
    """Thirty-two random bytes, and everything that is drawn from them in a fixed way."""

    __slots__ = ("_seed",)

    def __init__(self, seed: bytes) -> None:
        """Draw from `seed`, 32 bytes that nobody else knows."""
        self._seed = seed

    def draw(self, count: int, *path: int) -> bytes:
        """Return `count` (at most 32) bytes for one use, named by numbers; they tell nothing about others."""
        return _DRAW.hash(encode((self._seed, *path)))[:count]

    def child(self, number: int) -> "Secret":
        """Return the secret for one of many things made under this one."""
        return Secret(self.draw(SECRET_BYTES, 0, number))


class Promises:
    """Writes what is kept. Used on the event loop."""

    def __init__(self, store: KeyValueStore, worker: Worker, draw: Callable[[int], bytes]) -> None:
        """Join the parts.

        Args:
            store: Where it is kept.
            worker: The one thread that writes here; so two requests with one key are one after the other.
            draw: Returns so many random bytes that nobody can foresee.
        """
        self._store = store
        self._space = Space(store, LOCAL)
        self._worker = worker
        self._draw = draw

    def fresh(self) -> Secret:
        """Return a secret for a request without a key."""
        return Secret(self._draw(SECRET_BYTES))

    async def secret_for(self, scope: str, key: str, fingerprint: bytes, now_ms: int) -> Secret:
        """Return the secret that belongs to a client's key; it is durable.

        Args:
            scope: Whose key it is: keys of two tokens never meet.
            key: As the client gave it.
            fingerprint: Hash of the request, the same for the same request.
            now_ms: Wall clock.

        Raises:
            KeyReused: The key came with another fingerprint in the last 24 hours.
        """
        name = _KEY.hash(encode((scope, key)))
        row = await self._ask(lambda: self._promise(name, fingerprint, now_ms))
        if row.fingerprint != fingerprint:
            raise KeyReused
        return Secret(row.secret)

    def _promise(self, name: bytes, fingerprint: bytes, now_ms: int) -> _KeyRow:
        data = self._space.get(_KEYS + name)
        batch: list[Write] = []
        if data is not None:
            known = _decode(_KEY_ROWS, data)
            if known.created_ms > now_ms - KEPT_MS:
                return known
            batch.append(delete(LOCAL, _age_key(known.created_ms, name)))
        row = _KeyRow(now_ms, fingerprint, self._draw(SECRET_BYTES))
        batch += self._forget_old(now_ms)
        batch += (put(LOCAL, _KEYS + name, encode(row)), put(LOCAL, _age_key(now_ms, name), b""))
        self._store.write(batch, sync=True)
        return row

    def _forget_old(self, now_ms: int) -> list[Write]:
        dropped: list[Write] = []
        for age, _value in self._space.scan(_AGES, limit=MAX_FORGOTTEN_AT_ONCE).rows:
            created_ms = int.from_bytes(age[1 : 1 + _AGE_BYTES], "big")
            if created_ms > now_ms - KEPT_MS:
                break
            dropped += (delete(LOCAL, age), delete(LOCAL, _KEYS + age[1 + _AGE_BYTES :]))
        return dropped

    def _ask(self, job: Callable[[], T]) -> "asyncio.Future[T]":
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def then(result: T) -> None:
            if not answer.done():
                answer.set_result(result)

        self._worker.submit(job, then)
        return answer


def _age_key(created_ms: int, name: bytes) -> bytes:
    return _AGES + created_ms.to_bytes(_AGE_BYTES, "big") + name


def _decode(decoder: Decoder[T], data: bytes) -> T:
    try:
        return decoder.decode(data)
    except MalformedBytes as error:
        raise StorageDamaged("row kept for a client", str(error)) from error
