"""What must hold when the story is told: the same on all six nodes, and provable with genesis alone."""

import http.client
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from cli.demo.story import Refusal
from cli.failures import CommandError, Exit
from cli.http import NodeClient, error_of, segment

_TRIES: Final = 150
_PAUSE_S: Final = 0.1

Pause = Callable[[float], None]


class NodeFact(msgspec.Struct, frozen=True):
    """Where one node's ledger stands."""

    name: str
    """The node."""
    role: str
    """Its role."""
    height: int
    """Its height."""
    app_hash: str
    """After that height, hex."""


def same_height(clients: Mapping[str, NodeClient], least: int, pause: Pause = time.sleep) -> list[NodeFact]:
    """Wait until all nodes stand at one height of at least `least`, and return where that is.

    Raises:
        CommandError: They do not meet, or their app hashes differ.
    """
    facts: list[NodeFact] = []
    for _ in range(_TRIES):
        facts = [_standing(client) for client in clients.values()]
        heights = {fact.height for fact in facts}
        if len(heights) == 1 and min(heights) >= least:
            break
        pause(_PAUSE_S)
    else:
        raise CommandError(Exit.FAILED, f"the nodes do not meet at one height: {facts}")
    if len({fact.app_hash for fact in facts}) != 1:
        raise CommandError(Exit.FAILED, f"at one height the nodes have different app hashes: {facts}")
    return facts


def _standing(client: NodeClient) -> NodeFact:
    found = client.get("/v1/status")
    return NodeFact(found["node"]["name"], found["node"]["role"], found["height"], found["app_hash"])


def check_recorded(clients: Mapping[str, NodeClient], refusals: Sequence[Refusal]) -> None:
    """Every node holds every refusal, at the same height, with the same receipt.

    Raises:
        CommandError: One does not.
    """
    for refusal in refusals:
        for name, client in clients.items():
            found = client.get(f"/v1/documents/{segment(refusal.document)}")
            seen = (found["height"], found["code"], found["accepted"])
            if seen != (refusal.height, refusal.code, False):
                raise CommandError(Exit.FAILED, f"{name} holds {seen} for {refusal}")


def prove(client: NodeClient, document: str, genesis: Any, pause: Pause = time.sleep) -> int:  # noqa: ANN401
    """Fetch the proof of a document and check it against genesis alone; return its height.

    Args:
        client: Whom to ask.
        document: Its id.
        genesis: A Genesis.
        pause: Waits for the block that certifies the receipt.

    Raises:
        CommandError: There is no proof, or it proves nothing.
    """
    from cli.light import Trust, Unproven, verify_proof
    from contracts.chain.genesis import encode_genesis

    path = f"/v1/documents/{segment(document)}/proof"
    answer = client.request("GET", path)
    for _ in range(_TRIES):
        if answer.status == http.client.OK:
            break
        pause(_PAUSE_S)
        answer = client.request("GET", path)
    else:
        raise error_of(answer)
    try:
        proven = verify_proof(Trust.from_genesis(encode_genesis(genesis)), answer.data)
    except Unproven as error:
        raise CommandError(Exit.FAILED, f"the proof of {document} proves nothing: {error}") from error
    if proven.document_id.hex() != document:
        raise CommandError(Exit.FAILED, f"the proof of {document} is of {proven.document_id.hex()}")
    return proven.block.height


def journey_of(client: NodeClient, item: str) -> list[dict[str, Any]]:
    """Return a pack's journey, as the demonstration's result keeps it."""
    steps = client.get(f"/v1/items/{segment(item)}/journey")["steps"]
    return [
        {
            "height": step["height"],
            "time": step["time"],
            "record": step["kind"],
            "partner": _name(step["partner"]),
            "place": _name(step.get("place")),
        }
        for step in steps
    ]


def _name(party: dict[str, Any] | None) -> str | None:
    return None if party is None else str(party.get("name") or party["gln"])
