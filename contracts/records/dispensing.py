"""Records of packs reaching patients: rule 11a."""

from enum import IntEnum

import msgspec

from contracts.records.head import Head


class SupplyTo(IntEnum):
    """Whom packs are supplied to."""

    PATIENT = 1
    """Dispensed to patients."""
    RETAIL = 2
    """Sold to the public without dispensing."""
    INSTITUTION = 3
    """Supplied to persons and institutions that supply patients (FMD Article 23)."""


class Dispense(msgspec.Struct, frozen=True, array_like=True, tag=20):
    """Rule 11a: whole packs, or what is left in opened ones, are supplied."""

    head: Head
    """When and where."""
    items: tuple[bytes, ...]
    """Item keys."""
    to: SupplyTo = SupplyTo.PATIENT
    """To whom."""


class DispensePart(msgspec.Struct, frozen=True, array_like=True, tag=21):
    """Rule 11a: a part of each listed pack is dispensed to patients."""

    head: Head
    """When and where."""
    quantity: int
    """Smallest units of the product taken out of each pack, at least 1."""
    items: tuple[bytes, ...]
    """Item keys."""
