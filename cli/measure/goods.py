"""What the measurement moves: packs of four makers, and the documents that say so, encoded before time runs.

The same seed gives the same serials. Packs are dealt out in the order in which they were drawn, and serials
are random, so wherever a document touches the state is random too.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

SERIAL_CHARACTERS: Final = 16
_SERIAL_BYTES: Final = 10
"""Random bytes in a serial: 16 characters of base 32."""


class Partner(msgspec.Struct, frozen=True):
    """One partner of the manifest `bench.toml`, and its node."""

    node: str
    """Name of its node."""
    gln: str
    """Party GLN."""
    premises: str
    """GLN of its plant."""
    gtin: str
    """What it makes."""


PARTNERS: Final = (
    Partner("node-1", "9521101000009", "9521101000016", "09521101003215"),
    Partner("node-2", "9521102000008", "9521102000015", "09521102003214"),
    Partner("node-3", "9521103000007", "9521103000014", "09521103003213"),
    Partner("node-4", "9521104000006", "9521104000013", "09521104003212"),
)


class Job(msgspec.Struct, frozen=True):
    """A document on its way to a node."""

    node: int
    """Position in `PARTNERS` of the node that takes it."""
    body: bytes
    """Its JSON, on one line."""
    records: int
    """How many records it has."""
    serials: int
    """How many serials it brings to life."""


class Moment(msgspec.Struct, frozen=True):
    """When everything is said to happen."""

    at: str
    """RFC 3339 time, by the network's clock; not in the future."""
    expiry: str
    """Last day of use of what is made, YYYY-MM-DD."""


def draw_serials(seed: str, count: int) -> list[str]:
    """Return random serials of 16 characters; the same for the same seed."""
    drawn = hashlib.shake_128(seed.encode()).digest(_SERIAL_BYTES * count)
    text = base64.b32encode(drawn).decode("ascii")
    return [text[at : at + SERIAL_CHARACTERS] for at in range(0, len(text), SERIAL_CHARACTERS)]


def commissions(seed: str, documents: int, serials: int, moment: Moment) -> Iterator[tuple[Job, list[str]]]:
    """Yield commissions, dealt out to the makers in turn, each with the packs that it brings to life.

    Args:
        seed: Of the serials.
        documents: How many documents.
        serials: How many serials in each.
        moment: When.
    """
    for at in range(documents):
        node = at % len(PARTNERS)
        maker = PARTNERS[node]
        drawn = draw_serials(f"{seed} {at}", serials)
        record = {
            "record": "commission",
            "at": moment.at,
            "premises": maker.premises,
            "gtin": maker.gtin,
            "lot": f"{seed[:8]}-{at // 1000}",
            "expiry": moment.expiry,
            "serials": drawn,
        }
        packs = [f"(01){maker.gtin}(21){serial}" for serial in drawn]
        yield Job(node, _document(record), 1, serials), packs


def ships(packs: Sequence[Sequence[str]], first: int, count: int, moment: Moment) -> list[Job]:
    """Return one shipment per pack: each maker sells to the next one, all makers in turn.

    Args:
        packs: Packs held by each partner.
        first: Documents that were made of these packs before.
        count: How many documents.
        moment: When.

    Raises:
        ValueError: There are not enough packs.
    """
    makers = len(PARTNERS)
    if (first + count + makers - 1) // makers > min(map(len, packs)):
        raise ValueError(f"{first + count} shipments of {sum(map(len, packs))} packs")
    return [
        _ship(at % makers, packs[at % makers][at // makers], moment) for at in range(first, first + count)
    ]


def sales(node: int, packs: Sequence[str], moment: Moment) -> Iterator[Job]:
    """Yield one shipment per pack of one maker, made when it is asked for.

    Args:
        node: Position of the maker.
        packs: What it holds.
        moment: When.
    """
    return (_ship(node, pack, moment) for pack in packs)


def _ship(node: int, pack: str, moment: Moment) -> Job:
    record = {
        "record": "ship",
        "at": moment.at,
        "premises": PARTNERS[node].premises,
        "items": [pack],
        "receiver": PARTNERS[receiver_of(node)].gln,
        "purpose": "sale",
        "ownership_passes": True,
    }
    return Job(node, _document(record), 1, 0)


def receiver_of(node: int) -> int:
    """Return who gets what the partner at this position ships."""
    return (node + 1) % len(PARTNERS)


def receive(node: int, shipment: str, moment: Moment) -> Job:
    """Return the receipt of a whole shipment.

    Args:
        node: Position of the receiver.
        shipment: Its id, hex.
        moment: When.
    """
    record = {
        "record": "receive",
        "at": moment.at,
        "premises": PARTNERS[node].premises,
        "shipment": shipment,
        "mode": "all",
    }
    return Job(node, _document(record), 1, 0)


def _document(record: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"records": [record]})
