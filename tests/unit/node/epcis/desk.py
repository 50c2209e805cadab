"""What tests of the gateway do again and again: post events, and read what became of them."""

from typing import Final

from contracts.records.head import Head
from contracts.records.mandates import Mandate
from contracts.records.record import RECORD_TAGS, Record
from node.epcis.capture import ErrorBehaviour
from node.epcis.outcome import FileResult
from tests.support.gateway import Desk
from tests.support.parties import CARRIER, MAKER, PHARMACY, WHOLESALER, Party
from tests.unit.node.epcis.files import Event, file, pallet, production, received, shipped

AGENT: Final = CARRIER
"""Whom others let sign for them."""
FOREVER: Final = 1_000_000
"""A height that no test reaches."""


def outcomes(result: FileResult) -> list[str]:
    """Return each event's outcome; of a refused one, why."""
    return [entry.code or entry.outcome for entry in result.events]


def records(desk: Desk) -> list[Record]:
    """Return the records of the last block that has any."""
    bundles = next(applied.bundles for applied in reversed(desk.node.applied) if applied.bundles)
    return [record for bundle in bundles for document in bundle.documents for record in document.records]


async def post(
    desk: Desk, party: Party, *events: Event, behaviour: ErrorBehaviour = "rollback"
) -> FileResult:
    """Post events as one file."""
    return await desk.post(file(*events), party, behaviour)


async def recorded(desk: Desk, party: Party, *events: Event) -> None:
    """Post events that must all be recorded."""
    result = await post(desk, party, *events)
    assert set(outcomes(result)) == {"records"}, result.events


async def made(count: int = 4) -> Desk:
    """The maker has a pallet with a case of so many packs."""
    desk = Desk()
    await recorded(desk, MAKER, *production(count))
    return desk


async def sold(count: int = 4) -> Desk:
    """The pallet is on its way to the wholesaler."""
    desk = await made(count)
    await recorded(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER))
    return desk


async def arrived(count: int = 4) -> Desk:
    """The pallet has arrived at the wholesaler's."""
    desk = await sold(count)
    await recorded(desk, WHOLESALER, received([pallet(1)], WHOLESALER))
    return desk


async def at_pharmacy(count: int = 4) -> Desk:
    """The pallet has arrived at the pharmacy's."""
    desk = await arrived(count)
    await recorded(desk, WHOLESALER, shipped([pallet(1)], WHOLESALER, PHARMACY, 30))
    await recorded(desk, PHARMACY, received([pallet(1)], PHARMACY, 40))
    return desk


async def let(
    desk: Desk, principal: Party, *kinds: type[Record], premises: tuple[bytes, ...] = (), until: int = FOREVER
) -> None:
    """A partner lets the agent sign for it."""
    tags = tuple(sorted(tag for tag, kind in RECORD_TAGS.items() if kind in kinds))
    head = Head(desk.node.wall.ms, 60, b"")
    await desk.record(principal, Mandate(head, AGENT.packed, tags, premises, until))
