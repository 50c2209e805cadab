"""What tests of the gateway do again and again: post events, and read what became of them."""

from contracts.records.record import Record
from node.epcis.capture import ErrorBehaviour
from node.epcis.outcome import FileResult
from tests.support.gateway import Desk
from tests.support.parties import MAKER, PHARMACY, WHOLESALER, Party
from tests.unit.node.epcis.files import Event, file, pallet, production, received, shipped


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
