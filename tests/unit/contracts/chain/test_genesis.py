"""Genesis documents that no network may start from, each refused with the field's name."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts.chain import genesis as chain
from contracts.chain.genesis import InvalidGenesis, decode_genesis, encode_genesis, genesis_hash
from contracts.chain.parameters import as_rows
from tests.vectors.curve import TORSION, pack
from tests.vectors.network import vector_genesis

DOCUMENT = encode_genesis(vector_genesis())
SMALL_ORDER = base64.b64encode(pack(TORSION)).decode()
Json = Any


def changed(change: Callable[[Json], object]) -> bytes:
    """Return the document after a change of its JSON."""
    document = json.loads(DOCUMENT)
    change(document)
    return json.dumps(document).encode()


def set_at(*path: Any, to: Any) -> Callable[[Json], object]:
    """Return a change that sets what stands at a path."""

    def change(document: Json) -> None:
        *way, last = path
        for step in way:
            document = document[step]
        document[last] = to

    return change


def again(document: Json, **fields: Any) -> None:
    """Let the first node stand there twice, the second time with other fields."""
    document["nodes"].append({**document["nodes"][0], **fields})


BAD: tuple[tuple[str, Callable[[Json], object]], ...] = (
    ("version: 2", set_at("version", to=2)),
    ("chain_id: ''", set_at("chain_id", to="")),
    ("chain_id: 'Upper'", set_at("chain_id", to="Upper")),
    ("chain_id", set_at("chain_id", to="a" * 51)),
    ("kind: 'staging'", set_at("kind", to="staging")),
    ("clock_offset_ms", set_at("kind", to="production")),
    ("nodes: a name stands there twice", lambda document: again(document, certificate="AAAA")),
    ("nodes: a certificate stands there twice", lambda document: again(document, name="other")),
    ("nodes: the name ''", set_at("nodes", 0, "name", to="")),
    ("nodes: the name '../up'", set_at("nodes", 0, "name", to="../up")),
    ("nodes: the name 'a/b'", set_at("nodes", 0, "name", to="a/b")),
    ("nodes.node-a.role: 'king'", set_at("nodes", 0, "role", to="king")),
    ("nodes.node-a: a validator, and only", set_at("nodes", 0, "power", to=0)),
    ("nodes.node-a: a validator, and only", set_at("nodes", 0, "validator_key", to="")),
    ("nodes.node-a: a validator, and only", set_at("nodes", 0, "role", to="member")),
    ("nodes.node-a.validator_key", set_at("nodes", 0, "validator_key", to=SMALL_ORDER)),
    ("nodes.node-a.validator_key", set_at("nodes", 0, "validator_key", to="AAAA")),
    (
        "a validator key stands in the set twice",
        lambda document: again(document, name="x", certificate="AAAA"),
    ),
    ("total power", set_at("nodes", 0, "power", to=1 << 41)),
    ("1 to 128 validators", set_at("nodes", to=[])),
    ("genesis.time_ms: ", set_at("time_ms", to=1 << 53)),
    ("genesis.time_ms: ", set_at("time_ms", to=10**30)),
    ("genesis.clock_offset_ms: ", set_at("clock_offset_ms", to=-(1 << 53))),
    ("genesis.profiles[1].ship_deadline_max_ms", set_at("profiles", 1, "ship_deadline_max_ms", to=1 << 64)),
    ("unknown field", set_at("colour", to="red")),
    ("unknown field", set_at("nodes", 0, "colour", to="red")),
    ("missing required field", lambda document: document.pop("products")),
    ("Expected `int`", set_at("time_ms", to=1.5)),
    ("Expected `int`", set_at("time_ms", to=True)),
    ("Expected `str`", set_at("chain_id", to=None)),
)


@pytest.mark.parametrize(("message", "change"), BAD, ids=[message for message, _change in BAD])
def test_a_bad_document_is_refused_with_its_field(message: str, change: Callable[[Json], object]) -> None:
    with pytest.raises(InvalidGenesis) as caught:
        decode_genesis(changed(change))
    assert message in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, DOCUMENT + b"{}"])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidGenesis):
        decode_genesis(data)


def test_a_document_longer_than_the_cap_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "MAX_GENESIS_BYTES", len(DOCUMENT) - 1)
    with pytest.raises(InvalidGenesis, match="at most"):
        decode_genesis(DOCUMENT)


def test_white_space_and_the_order_of_keys_do_not_change_the_hash() -> None:
    compact = json.dumps(json.loads(DOCUMENT), sort_keys=True, separators=(",", ":")).encode()
    assert genesis_hash(decode_genesis(compact)) == genesis_hash(vector_genesis())


def test_every_field_changes_the_hash() -> None:
    """Each leaf of the document, changed alone, names another network."""
    seen = {genesis_hash(vector_genesis())}
    rows = as_rows(vector_genesis())
    for path in _leaves(rows):
        assert isinstance(rows, list)
        seen.add(chain.GENESIS.hash(chain.encode(_with_another_leaf(rows, path))))
    assert len(seen) == 1 + len(_leaves(rows))


def _leaves(value: object, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    if isinstance(value, list):
        return [found for at, entry in enumerate(value) for found in _leaves(entry, (*path, at))]
    return [path]


def _with_another_leaf(value: Any, path: tuple[int, ...]) -> Any:
    if not path:
        return (
            value + 1
            if isinstance(value, int)
            else value + type(value)(b"x" if isinstance(value, bytes) else "x")
        )
    return [_with_another_leaf(entry, path[1:]) if at == path[0] else entry for at, entry in enumerate(value)]


def test_a_production_network_runs_on_real_time() -> None:
    document = changed(lambda found: found.update(kind="production", clock_offset_ms=0))
    assert decode_genesis(document).kind == "production"
