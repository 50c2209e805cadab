"""Everything that anyone may try on a component: every record of every partner on each item.

Records list one item at a time. That loses nothing: a list is judged item by item, what it does to one does
not depend on the others in it, and what a list does in one record can be done by one record after another.
Of holds by partners one at a time lies on an item: no guard asks more of holds than whether there are any,
and whether one is `for disposal`; a way out that needs none lifted is a way under any number of them.
"""

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Final

from contracts.gs1.keys import SGTIN_KIND, ItemKey
from contracts.records.agreement import Consent, OfferOwnership, proposal_id
from contracts.records.corrections import Correct, ErrorIn, ProposeCorrection
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, ShipPurpose, Void
from contracts.records.dispensing import Dispense, DispensePart
from contracts.records.endings import Found, Reinstate, UndoneEnding
from contracts.records.exempt import Exempt, ExemptReason
from contracts.records.head import Head
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
from contracts.records.late import Late, LateReason
from contracts.records.onboarding import AnswerClaim, ClaimAnswer
from contracts.records.outside import ReceiveFromOutside, ShipOutside
from contracts.records.overages import ClaimOverage, EndOverage, OverageEnd
from contracts.records.record import Record, plain
from contracts.records.supply import Commission, Decommission, Pack, Unpack
from contracts.records.verification import VerificationReason, VerificationResult, Verify
from contracts.state.layout import SHIPMENTS
from tests.modelcheck.cast import DOCUMENT_ID, EVIDENCE, HEAD, LOT, OUTSIDE, World
from tests.modelcheck.memory import Move
from tests.modelcheck.reduce import ALIKE, KIND_BYTES, SHIPMENT, Component
from tests.scenarios.law.world import ROLES, gln, item

PURPOSES: Final = ((ShipPurpose.SALE, 1), (ShipPurpose.DISPOSAL, 0))
"""Purposes with whether ownership passes: one for clean goods of one's own, one for goods under any hold."""
MORE_PURPOSES: Final = (
    (ShipPurpose.SALE, 0),
    (ShipPurpose.DISPOSAL, 1),
    (ShipPurpose.RETURN, 0),
    (ShipPurpose.EXPORT, 1),
    (ShipPurpose.AUTHORITY, 0),
)
"""Purposes of the family `purposes`; a return that points at no sale sends another's goods home."""
ABROAD: Final = {"Bulk": "Outpost", "Corner": "Counter"}
"""Places in a market whose profile exempts movements, by whose they are."""
PROPOSAL: Final = proposal_id(DOCUMENT_ID, 0)
DIVISIBLE: Final = item("duo-1")[:KIND_BYTES]
HOLDING: Final = ("PlaceHold", "Suspect")
"""Kinds of records that hold back."""

Tried = tuple[str, Record]


class Moves:
    """Moves by what a component consists of; each is made once, for it remembers the law's answers."""

    def __init__(self, world: World) -> None:
        """Prepare."""
        self._world = world
        self._bits = {name: 1 << at for at, name in enumerate(world.partners)}
        self._moves: dict[tuple[Tried, ...], Move] = {}
        self._of: dict[object, list[Move]] = {}

    def about(self, component: Component) -> tuple[object, list[Move]]:
        """Return what a component's moves depend on, and these: all that anyone may try, lawful or not."""
        named = tuple(
            at[1:] for at, _row in component.rows if at[:1] == SHIPMENTS.prefix and at[1:] != SHIPMENT
        )
        is_sent = any(at == SHIPMENTS.prefix + SHIPMENT for at, _row in component.rows)
        about = (component.items, named, is_sent)
        if about not in self._of:
            found = [self._move((one,)) for one in _tried(self._world, component, named, is_sent=is_sent)]
            if "transfer" in self._world.families:
                found += [self._move(acts) for acts in _transfers(self._world, component)]
            if "corrections" in self._world.families:
                found += [self._move(acts) for acts in _corrections(self._world, component)]
            self._of[about] = found
        return about, self._of[about]

    def joins(self, parent: ItemKey, child: ItemKey) -> list[Move]:
        """Return the moves that pack one item into another."""
        return [self._move(((signer, Pack(HEAD, parent, (child,))),)) for signer in self._world.partners]

    def _move(self, acts: tuple[Tried, ...]) -> Move:
        if acts not in self._moves:
            signers = 0
            for signer, _record in acts:
                signers |= self._bits[signer]
            kind = "+".join(type(record).__name__ for _signer, record in acts)
            late = [type(plain(record)).__name__ for _signer, record in acts if isinstance(record, Late)]
            self._moves[acts] = Move(acts, " ".join((kind, *late)), signers)
        return self._moves[acts]


def _tried(world: World, component: Component, sales: tuple[bytes, ...], *, is_sent: bool) -> Iterator[Tried]:
    for signer in world.partners:
        records = [*_of_shipment(world, component)] if is_sent else []
        for key in component.items:
            records += _about_item(world, component, key)
            records += _ships(world, signer, key, sales)
            for family, about in _FAMILIES.items():
                records += about(key) if family in world.families else ()
            if "overages" in world.families:
                records += [ClaimOverage(HEAD, sent, (key,)) for sent in world.received.values()]
            if "exempt" in world.families and signer in ABROAD:
                records += _exempt(world, signer, key)
        yield from ((signer, record) for record in records)


def _about_item(world: World, component: Component, key: ItemKey) -> Iterator[Record]:
    yield Dispense(HEAD, (key,))
    yield Verify(HEAD, (key,), b"", 0, VerificationResult.VERIFIED, VerificationReason.RELEASE)
    for reason in world.reasons:
        yield Decommission(HEAD, reason, (key,))
    yield Found(HEAD, (key,))
    for undone in UndoneEnding:
        yield Reinstate(HEAD, undone, 1, (key,))
    for other in component.items:
        if other != key and other[:KIND_BYTES] not in ALIKE:
            yield Pack(HEAD, other, (key,))
            yield Unpack(HEAD, other, (key,))
    if "late" in world.families:
        yield Late(LateReason.OUTAGE, Dispense(HEAD, (key,)))


def _about_holds(key: ItemKey) -> Iterator[Record]:
    for action in HoldAction:
        yield PlaceHold(HEAD, action, (key,))
        yield LiftHold(HEAD, action, (key,))
    yield Suspect(HEAD, SuspectGround.COUNTERFEIT, (key,))
    yield ConfirmIllegitimate(HEAD, (key,))
    yield Clear(HEAD, EVIDENCE, (key,))


def _about_outside(key: ItemKey) -> Iterator[Record]:
    yield ShipOutside(HEAD, (key,), OUTSIDE, EVIDENCE)
    yield ReceiveFromOutside(HEAD, (key,), OUTSIDE, EVIDENCE)


def _about_parts(key: ItemKey) -> Iterator[Record]:
    if key[:KIND_BYTES] == DIVISIBLE and key[:1] == SGTIN_KIND:
        yield DispensePart(HEAD, 1, (key,))


def _about_overages(key: ItemKey) -> Iterator[Record]:
    for end in OverageEnd:
        yield EndOverage(HEAD, end, (key,))


def _about_corrections(key: ItemKey) -> Iterator[Record]:
    yield Correct(HEAD, ErrorIn.COMMISSION, (key,))
    yield Correct(HEAD, ErrorIn.PACK, (key,))


def _about_claims(key: ItemKey) -> Iterator[Record]:
    for answer in ClaimAnswer:
        yield AnswerClaim(HEAD, answer, (key,))
    if key[:1] == SGTIN_KIND:
        for lot, expiry in (LOT, (LOT[0], LOT[1] + 1)):
            yield Commission(HEAD, key[1:KIND_BYTES], lot, expiry, b"", 0, (key[KIND_BYTES:],))


_FAMILIES: Final[dict[str, Callable[[ItemKey], Iterator[Record]]]] = {
    "holds": _about_holds,
    "outside": _about_outside,
    "parts": _about_parts,
    "overages": _about_overages,
    "corrections": _about_corrections,
    "onboarding": _about_claims,
}


def _ships(world: World, signer: str, key: ItemKey, sales: tuple[bytes, ...]) -> Iterator[Record]:
    carriers = (b"", *(gln(name) for name in world.partners if "carrier" in ROLES[name]))
    purposes = PURPOSES + (MORE_PURPOSES if "purposes" in world.families else ())
    for receiver in world.partners:
        if receiver == signer:
            continue
        to = gln(receiver)
        for carrier in carriers:
            for purpose, passes in purposes:
                yield Ship(HEAD, (key,), to, b"", purpose, passes, 0, carrier, ())
            for sale in sales:
                yield Ship(HEAD, (key,), to, b"", ShipPurpose.RETURN, 1, 0, carrier, (), sale)
        if "late" in world.families:
            sold = Ship(HEAD, (key,), to, b"", ShipPurpose.SALE, 1, 0, b"", ())
            yield Late(LateReason.OUTAGE, sold)


def _exempt(world: World, signer: str, key: ItemKey) -> Iterator[Record]:
    head = Head(HEAD.claimed_at_ms, 0, gln(ABROAD[signer]))
    for receiver in world.partners:
        if receiver != signer:
            sale = Ship(head, (key,), gln(receiver), b"", ShipPurpose.SALE, 1, 0, b"", ())
            yield Exempt(ExemptReason.EMERGENCY, EVIDENCE, sale)


def _of_shipment(world: World, component: Component) -> Iterator[Record]:
    if "holds" in world.families:
        yield DeclareOverdue(HEAD, SHIPMENT)
    yield Receive(HEAD, SHIPMENT, ReceiveMode.ALL, ())
    yield Refuse(HEAD, SHIPMENT, ())
    yield Void(HEAD, SHIPMENT, ())
    if "late" in world.families:
        yield Late(LateReason.OUTAGE, Receive(HEAD, SHIPMENT, ReceiveMode.ALL, ()))
    for key in component.items:
        yield Receive(HEAD, SHIPMENT, ReceiveMode.LISTED, (key,))
        yield Receive(HEAD, SHIPMENT, ReceiveMode.ALL_EXCEPT, (key,))
        yield Refuse(HEAD, SHIPMENT, (key,))
        yield Void(HEAD, SHIPMENT, (key,))


def _transfers(world: World, component: Component) -> Iterator[tuple[Tried, ...]]:
    """Yield offers with consent right after: a proposal changes nothing, all is judged anew at consent."""
    for owner in world.partners:
        for other in world.partners:
            if other != owner:
                for key in component.items:
                    offer = OfferOwnership(HEAD, (key,), gln(other), 0)
                    yield (owner, offer), (other, Consent(HEAD, PROPOSAL, (key,)))


def _corrections(world: World, component: Component) -> Iterator[tuple[Tried, ...]]:
    """Yield proposals to correct, with the consent of one other, or of two others one after the other."""
    for key in component.items:
        agreed = Consent(HEAD, PROPOSAL, (key,))
        for proposer, other in permutations(world.partners, 2):
            for error in ErrorIn:
                yield (proposer, ProposeCorrection(HEAD, error, (key,), 0)), (other, agreed)
        for proposer, other, third in permutations(world.partners, 3):
            first = ProposeCorrection(HEAD, ErrorIn.ENDING, (key,), 0)
            yield (proposer, first), (other, agreed), (third, agreed)
