"""In whose hands: the only module that compares holders, owners and the parties of a shipment.

A holder in state is "a key with a role", today a partner's number. Later it may be a certified one-time key
that competitors can check but not read (LAW, Who may see what); then this module changes and no rule does. It
also says which roles a record asks of its signer.
"""

from typing import Final

from contracts.gs1.keys import GTIN_BYTES, SGTIN_KIND
from contracts.records.custody import ShipPurpose
from contracts.state.layout import PRODUCTS
from contracts.state.places import Position
from contracts.state.rows import ItemRow, Licence, Life, PartnerRow, Role, ShipmentRow
from contracts.state.view import Overlay

MAKING: Final = int(Role.MAKER | Role.REPACKAGER)
"""Roles that may bring packs to life."""
MARKETING: Final = MAKING | int(Role.PARALLEL_DISTRIBUTOR | Role.IMPORTER)
"""Roles that may be a product's marketing holder."""
TRADING: Final = int(
    Role.MAKER
    | Role.REPACKAGER
    | Role.WHOLESALER
    | Role.PARALLEL_DISTRIBUTOR
    | Role.IMPORTER
    | Role.DISPENSER
    | Role.RETURNS_PROCESSOR
)
"""Roles that may own goods, send them and be sent them."""
HANDLING: Final = TRADING | int(Role.CARRIER | Role.REGULATOR)
"""Roles that may have goods in hand; a regulator has them for examination."""

UNSALEABLE_RETURNS: Final = int(Role.MAKER | Role.REPACKAGER | Role.RETURNS_PROCESSOR)
"""Roles that may take goods back that they never sold: nobody sells those any more."""


ANYONE: Final = HANDLING | int(Role.AGENT)
"""Every role."""


def has_role(partner: PartnerRow, roles: int) -> bool:
    """Tell whether a partner has one of these roles."""
    return partner.roles & roles != 0


def is_licensed(partner: PartnerRow) -> bool:
    """Tell whether a partner's licence is active."""
    return partner.licence == Licence.ACTIVE


def holder_of(position: Position) -> int:
    """Return who holds an item: while it travels the sender, or the carrier that took it into custody."""
    shipment = position.shipment
    return shipment.carrier if shipment is not None and shipment.custody else position.top.holder


def is_holder(party: int, position: Position) -> bool:
    """Tell whether a party holds an item."""
    return holder_of(position) == party


def is_in_hand(party: int, position: Position) -> bool:
    """Tell whether a party holds an item that stands still."""
    return position.shipment is None and is_holder(party, position)


def is_owner(party: int, position: Position) -> bool:
    """Tell whether a party owns an item."""
    return position.top.owner == party


def is_maker(state: Overlay, party: int, position: Position) -> bool:
    """Tell whether a party is the marketing holder of an item's product; a logistic unit has none."""
    if position.key[:1] != SGTIN_KIND:
        return False
    return state.require(PRODUCTS, position.key[1 : 1 + GTIN_BYTES]).holder == party


def has_same_owner(one: ItemRow, other: ItemRow) -> bool:
    """Tell whether two items that stand by themselves belong to one party."""
    return one.owner == other.owner


def is_receiver(party: int, shipment: ShipmentRow) -> bool:
    """Tell whether a party is a shipment's named receiver."""
    return shipment.receiver == party


def is_carrier(party: int, shipment: ShipmentRow) -> bool:
    """Tell whether a party is a shipment's named carrier."""
    return shipment.carrier == party


def is_sender(party: int, shipment: ShipmentRow) -> bool:
    """Tell whether a party sent a shipment."""
    return shipment.sender == party


def is_party(party: int, other: int) -> bool:
    """Tell whether two numbers that a record names are one party."""
    return party == other


def is_among(party: int, parties: tuple[int, ...]) -> bool:
    """Tell whether a party is one of several that a row names."""
    return party in parties


def receiving_roles(purpose: ShipPurpose) -> int:
    """Return the roles that goods may be sent to for a purpose; carriers and agents only pass them on."""
    return TRADING | int(Role.REGULATOR) if purpose == ShipPurpose.AUTHORITY else TRADING


def stakeholders(position: Position) -> tuple[int, ...]:
    """Return everyone with a stake in an item: holder, owner, and the parties of its shipment."""
    own = (holder_of(position), position.top.owner)
    if position.shipment is None:
        return own
    return (*own, *parties_of(position.shipment))


def parties_of(shipment: ShipmentRow) -> tuple[int, int, int]:
    """Return sender, receiver and carrier (0 for none) of a shipment."""
    return shipment.sender, shipment.receiver, shipment.carrier


_SENT_ON: Final = frozenset({ShipPurpose.RETURN, ShipPurpose.DISPOSAL, ShipPurpose.AUTHORITY})
"""Purposes for which a regulator sends on what it received for examination."""


def sending_roles(purpose: ShipPurpose) -> int:
    """Return the roles that may send goods for a purpose: who trades; a regulator sends home and away."""
    return TRADING | int(Role.REGULATOR) if purpose in _SENT_ON else TRADING


_MAY_TRAVEL: Final = {
    Life.EXPORTED: frozenset({ShipPurpose.EXPORT}),
    Life.SAMPLE: frozenset({ShipPurpose.AUTHORITY}),
    Life.PARTLY_DISPENSED: frozenset({ShipPurpose.DISPOSAL, ShipPurpose.AUTHORITY}),
}


_SENT: Final = {
    purpose: frozenset(life for life, purposes in _MAY_TRAVEL.items() if purpose in purposes)
    for purpose in ShipPurpose
}


def lives_sent(purpose: ShipPurpose) -> frozenset[Life]:
    """Return the lives, beside active, of what may be sent: exports abroad, opened packs away, samples."""
    return _SENT[purpose]


_FOR_THE_OWNER: Final = frozenset({ShipPurpose.OWN_PREMISES, ShipPurpose.DISPOSAL, ShipPurpose.AUTHORITY})
_TO_THE_OWNER: Final = frozenset({ShipPurpose.RETURN, ShipPurpose.SALE})


def may_ship_for_owner(purpose: ShipPurpose, receiver: int, position: Position) -> bool:
    """Tell whether a holder may send what is another's without that owner's mandate.

    Between its own premises, to be destroyed, to an authority, or to the owner, who may have bought them in
    place: so that goods left with a holder never get stuck, and it can sell none of them.
    """
    is_to_owner = purpose in _TO_THE_OWNER and is_owner(receiver, position)
    return purpose in _FOR_THE_OWNER or is_to_owner


def may_ship_quantity_for_owner(purpose: ShipPurpose, receiver: int, owner: int) -> bool:
    """Tell the same of packs without serials (`may_ship_for_owner`)."""
    return purpose in _FOR_THE_OWNER or (purpose == ShipPurpose.RETURN and is_party(receiver, owner))
