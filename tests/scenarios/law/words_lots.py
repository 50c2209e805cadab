"""Words of rule 29: what lots are made of.

    Acme traces pack L1 to powder M1, foil F9            Acme traces pack L1 to powder M1 with 2 results

Materials have GTINs that nobody registered: powder and bulk under Acme's company prefix, foil under Rival's.
"""

from typing import TYPE_CHECKING, Final

from contracts.gs1 import keys
from contracts.records.head import Head
from contracts.records.lots import MaterialLot, TraceLot
from contracts.records.record import Record
from tests.scenarios.law.world import GTINS

if TYPE_CHECKING:
    from tests.scenarios.law.language import Speaker


def _gtin(body: str) -> str:
    return f"{body}{keys.check_digit(body)}"


MATERIALS: Final = {
    "powder": _gtin("0401234500061"),
    "bulk": _gtin("0401234500062"),
    "foil": _gtin("0409999900061"),
}
"""Kinds of materials."""


def record(speaker: "Speaker", sentence: str) -> Record | None:
    """Build the record of a sentence about a lot; None for any other sentence."""
    _signer, verb, rest = (*sentence.split(" ", 2), "")[:3]
    if verb != "traces":
        return None
    made, _to, of = rest.partition(" to ")
    of, _with, results = of.partition(" with ")
    hashes = tuple(number.to_bytes(32, "big") for number in range(int(results.split()[0]) if results else 0))
    lot = material(made)
    some = tuple(material(one) for one in of.split(",")) if of.strip() not in ("", "nothing") else ()
    return TraceLot(Head(speaker.ledger.time_ms, 60, b""), lot.gtin, lot.lot, some, hashes)


def material(text: str) -> MaterialLot:
    """Return the lot that `powder M1` names."""
    kind, lot = text.split()
    return MaterialLot(keys.pack_gtin({**GTINS, **MATERIALS}[kind]), lot.encode())
