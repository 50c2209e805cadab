"""What the demonstration moves: packs in cases on a pallet, with serials that no run has used before.

Identifiers are of the manifest `demo.toml`; GS1 prefix 952 is set apart for examples.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from contracts.gs1.keys import check_digit

PREFIX: Final = "9521101"
"""The maker's company prefix."""
PACK_GTIN: Final = "09521101003215"
CASE_GTIN: Final = "19521101003212"
CASES: Final = 2
PACKS_PER_CASE: Final = 5
_SERIAL_BYTES: Final = 6
_SSCC_DIGITS: Final = 9


class Case(msgspec.Struct, frozen=True):
    """One case and what is in it."""

    serial: str
    """Its own serial."""
    packs: tuple[str, ...]
    """Serials of its packs."""


class Goods(msgspec.Struct, frozen=True):
    """Everything that is made."""

    lot: str
    """Lot of packs and cases."""
    expiry: str
    """YYYY-MM-DD."""
    cases: tuple[Case, ...]
    """In order."""
    pallet: str
    """SSCC-18."""


def draw_goods(draw: Callable[[int], bytes], expiry: str) -> Goods:
    """Return goods with serials drawn at random.

    Args:
        draw: Returns so many random bytes.
        expiry: YYYY-MM-DD.
    """
    cases = tuple(
        Case(_serial(draw), tuple(_serial(draw) for _ in range(PACKS_PER_CASE))) for _ in range(CASES)
    )
    number = int.from_bytes(draw(_SERIAL_BYTES)) % 10**_SSCC_DIGITS
    pallet = f"3{PREFIX}{number:0{_SSCC_DIGITS}d}"
    return Goods(f"M{draw(3).hex().upper()}", expiry, cases, f"{pallet}{check_digit(pallet)}")


def _serial(draw: Callable[[int], bytes]) -> str:
    return draw(_SERIAL_BYTES).hex().upper()


def pack_item(serial: str) -> str:
    """Return a pack as people write it."""
    return f"(01){PACK_GTIN}(21){serial}"


def case_item(case: Case) -> str:
    """Return a case as people write it."""
    return f"(01){CASE_GTIN}(21){case.serial}"


def sgtin_urn(gtin: str, serial: str) -> str:
    """Return an SGTIN as EPCIS writes it: the indicator digit moves behind the company prefix."""
    rest = gtin[1 + len(PREFIX) : -1]
    return f"urn:epc:id:sgtin:{PREFIX}.{gtin[0]}{rest}.{serial}"


def sscc_urn(sscc: str) -> str:
    """Return an SSCC as EPCIS writes it: the extension digit moves behind the company prefix."""
    return f"urn:epc:id:sscc:{PREFIX}.{sscc[0]}{sscc[1 + len(PREFIX) : -1]}"


def sgln_urn(gln: str) -> str:
    """Return a place or party as EPCIS writes it; the demonstration's prefixes all have seven digits."""
    return f"urn:epc:id:sgln:{gln[: len(PREFIX)]}.{gln[len(PREFIX) : -1]}.0"
