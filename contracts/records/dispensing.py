"""Records of packs reaching patients: rule 11a."""

import msgspec

from contracts.records.head import Head


class Dispense(msgspec.Struct, frozen=True, array_like=True, tag=20):
    """Rule 11a: whole packs are supplied to patients."""

    head: Head
    """When and where."""
    items: tuple[bytes, ...]
    """Item keys."""
