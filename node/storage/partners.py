"""Everyone and every place that is registered, at the height of one snapshot."""

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from contracts.gs1.keys import unpack_gln
from contracts.state.layout import KEYS, PARTNERS, PREMISES, Table
from contracts.state.rows import Licence, PartnerRow, Role
from node.storage.store import STATE, Reader, Space
from node.storage.views import KeyView, PartnerView, PremisesView

RowT = TypeVar("RowT")

SCAN_ROWS: Final = 1_000
"""Directory rows read in one step."""


def all_partners(reader: Reader) -> tuple[PartnerView, ...]:
    """Return all partners with their places and keys, in the order of their registration.

    Raises:
        StorageDamaged: A row does not decode.
    """
    state = Space(reader, STATE)
    places, keys = _places_by_partner(state), _keys_by_partner(state)
    return tuple(
        _partner_view(row, places.get(number, ()), keys.get(number, ()))
        for number, row in _numbered(state, PARTNERS)
    )


def role_words(bits: int) -> tuple[str, ...]:
    """Return the names of role bits, in lower case."""
    return tuple((role.name or "").lower() for role in Role if role & bits)


def _places_by_partner(state: Space) -> dict[int, list[PremisesView]]:
    found: dict[int, list[PremisesView]] = {}
    for _number, row in _numbered(state, PREMISES):
        view = PremisesView(unpack_gln(row.gln), row.name, row.address, row.kind, row.market)
        found.setdefault(row.partner, []).append(view)
    return found


def _keys_by_partner(state: Space) -> dict[int, list[KeyView]]:
    found: dict[int, list[KeyView]] = {}
    for key, data in _rows(state, KEYS.prefix):
        row = KEYS.decode(data)
        found.setdefault(row.partner, []).append(KeyView(key.hex(), row.from_height, row.until_height))
    return found


def _partner_view(row: PartnerRow, premises: Iterable[PremisesView], keys: Iterable[KeyView]) -> PartnerView:
    return PartnerView(
        unpack_gln(row.gln),
        row.name,
        role_words(row.roles),
        Licence(row.licence).name.lower(),
        row.market,
        row.company_prefixes,
        tuple(premises),
        tuple(keys),
    )


def _numbered(state: Space, table: Table[RowT]) -> Iterator[tuple[int, RowT]]:
    for key, data in _rows(state, table.prefix):
        yield int.from_bytes(key, "big"), table.decode(data)


def _rows(state: Space, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
    start: bytes | None = None
    while True:
        page = state.scan(prefix, start=start, limit=SCAN_ROWS)
        yield from ((key[len(prefix) :], value) for key, value in page.rows)
        if page.resume is None:
            return
        start = page.resume
