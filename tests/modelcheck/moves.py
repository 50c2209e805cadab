"""Everything that anyone may try on a component: every record of every partner on each item."""

from collections.abc import Iterator
from typing import Final

from contracts.gs1.keys import ItemKey
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, ShipPurpose, Void
from contracts.records.dispensing import Dispense
from contracts.records.endings import Found, Reinstate, UndoneEnding
from contracts.records.holds import (
    Clear,
    ConfirmIllegitimate,
    DeclareOverdue,
    HoldAction,
    LiftHold,
    PlaceHold,
    Suspect,
    SuspectGround,
)
from contracts.records.record import Record
from contracts.records.supply import Decommission, Pack, Unpack
from contracts.records.verification import VerificationReason, VerificationResult, Verify
from contracts.state.layout import ITEMS, SHIPMENTS
from tests.modelcheck.cast import HEAD, Component, World
from tests.scenarios.law.world import ROLES, gln

PURPOSES: Final = ((ShipPurpose.SALE, 1), (ShipPurpose.DISPOSAL, 0))
"""Purposes with whether ownership passes: one for clean goods of the owner's, one for goods under any hold.
The others differ in whom they may be sent to, not in what becomes of the goods."""

Move = tuple[str, Record]


def moves(world: World, component: Component) -> Iterator[Move]:
    """Yield every record that any partner may try on what is in one component, lawful or not."""
    shipments = tuple(at[1:] for at, _row in component.rows if at[:1] == SHIPMENTS.prefix)
    for signer in world.partners:
        for key in component.items:
            yield from ((signer, record) for record in _about_item(world, component, key))
            yield from ((signer, record) for record in _ships(world, signer, key))
            yield from ((signer, record) for record in _about_holds(world, component, key))
        for shipment in shipments:
            yield from ((signer, record) for record in _about_shipment(world, component, shipment))


def joins(world: World, component: Component, other: Component) -> Iterator[Move]:
    """Yield every record that packs what another component is into something of a component."""
    for signer in world.partners:
        for parent in component.items:
            for child in other.items:
                yield signer, Pack(HEAD, parent, (child,))


def _about_holds(world: World, component: Component, key: ItemKey) -> Iterator[Record]:
    """Hold back what carries no hold itself: one at a time stands for several. Let go whatever there is."""
    if not world.has_holds:
        return
    row = ITEMS.decode(dict(component.rows)[ITEMS.prefix + key])
    if not row.holds:
        for action in HoldAction:
            yield PlaceHold(HEAD, action, (key,))
        yield Suspect(HEAD, SuspectGround.COUNTERFEIT, (key,))
    for action in HoldAction:
        yield LiftHold(HEAD, action, (key,))
    yield ConfirmIllegitimate(HEAD, (key,))
    yield Clear(HEAD, bytes(32), (key,))
    yield Verify(HEAD, (key,), b"", 0, VerificationResult.VERIFIED, VerificationReason.RELEASE)


def _about_item(world: World, component: Component, key: ItemKey) -> Iterator[Record]:
    yield Dispense(HEAD, (key,))
    for reason in world.reasons:
        yield Decommission(HEAD, reason, (key,))
    yield Found(HEAD, (key,))
    for undone in UndoneEnding:
        yield Reinstate(HEAD, undone, 1, (key,))
    for other in component.items:
        if other != key:
            yield Pack(HEAD, other, (key,))
            yield Unpack(HEAD, other, (key,))


def _ships(world: World, signer: str, key: ItemKey) -> Iterator[Record]:
    carriers = (b"", *(gln(name) for name in world.partners if "carrier" in ROLES[name]))
    for receiver in world.partners:
        if receiver == signer:
            continue
        for purpose, passes in PURPOSES:
            for carrier in carriers:
                yield Ship(HEAD, (key,), gln(receiver), b"", purpose, passes, 0, carrier, ())


def _about_shipment(world: World, component: Component, shipment: bytes) -> Iterator[Record]:
    if world.has_holds:
        yield DeclareOverdue(HEAD, shipment)
    yield Receive(HEAD, shipment, ReceiveMode.ALL, ())
    yield Refuse(HEAD, shipment, ())
    yield Void(HEAD, shipment, ())
    for key in component.items:
        yield Receive(HEAD, shipment, ReceiveMode.LISTED, (key,))
        yield Receive(HEAD, shipment, ReceiveMode.ALL_EXCEPT, (key,))
        yield Refuse(HEAD, shipment, (key,))
        yield Void(HEAD, shipment, (key,))
