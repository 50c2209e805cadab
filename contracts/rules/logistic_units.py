"""Logistic units: how an SSCC comes to life, and when its number may be given again (rule 1).

An SSCC carries no lot. It is commissioned by the owner of its company prefix, or introduced by the first pack
into it. An emptied one rests for the profile's days before its number may stand for a new unit, a new
generation; until then only the partner that introduced it may fill it again, as the same unit.
"""

from typing import Final

from contracts.gs1.dates import MS_PER_DAY
from contracts.gs1.keys import SSCC_KIND, is_valid_item_key
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.verdict import Verdict
from contracts.state.containers import find_contents, new_container
from contracts.state.directory import prefix_owner
from contracts.state.layout import ITEMS
from contracts.state.places import Position, locate
from contracts.state.rows import ItemRow, Life

_NO_SOURCE: Final = 0

NEVER: Final = 0
"""Time of something that did not happen."""


def is_logistic_unit(key: bytes) -> bool:
    """Tell whether an item key is a valid SSCC's."""
    return key[:1] == SSCC_KIND and is_valid_item_key(key)


def prefix_owner_of(act: Act, key: bytes) -> int:
    """Return the number of the partner that owns a valid SSCC's company prefix; 0 for none registered."""
    return prefix_owner(act.state, _digits(key)[1:])


def has_own_prefix(act: Act, key: bytes) -> bool:
    """Tell whether a valid SSCC begins with a company prefix of the signer (behind the extension digit)."""
    return _digits(key)[1:].startswith(act.partner.company_prefixes)


def life_of_unit_fault(act: Act, key: bytes, reuse_days: int) -> Verdict | None:
    """Ask whether an SSCC may come to life: never seen, or emptied long enough ago."""
    position = locate(act.state, key)
    if position is None:
        return None
    emptied_at_ms = resting_since(act, position)
    if emptied_at_ms == NEVER:
        return Verdict(Code.ALREADY_COMMISSIONED, key)
    if act.time_ms < emptied_at_ms + reuse_days * MS_PER_DAY:
        return Verdict(Code.SSCC_RESTING, key)
    return None


def resting_since(act: Act, position: Position) -> int:
    """Return since when a unit stands emptied, by itself, active, under no hold; `NEVER` when it does not."""
    row = position.row
    contents = find_contents(act.state, position.key, row)
    if contents is None or row.life != Life.ACTIVE or row.holds or position.above or position.shipment:
        return NEVER
    return contents.emptied_at_ms


def bring_to_life(act: Act, key: bytes, owner: int, premises: int) -> None:
    """Write a logistic unit in the signer's hands."""
    born = (act.height, act.document_index)
    row = ItemRow(_NO_SOURCE, Life.ACTIVE, (), b"", (), *born, 1, act.signer, owner, premises, b"")
    act.state.write(ITEMS, key, row)
    new_container(act.state, key, act.signer)


def _digits(key: bytes) -> str:
    """Return the 18 digits of a valid SSCC key."""
    return f"{int.from_bytes(key[1:], 'big'):018d}"
