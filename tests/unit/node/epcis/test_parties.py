"""Rules b and c: who acts, and who receives."""

import pytest

from tests.support.parties import CARRIER, MAKER, PHARMACY, WHOLESALER
from tests.unit.node.epcis.desk import made, outcomes, post, recorded, records
from tests.unit.node.epcis.files import file, observed, pallet, sgln, shipped

STRANGE = "urn:epc:id:sgln:9521234.00001.0"
PGLN = "urn:epc:id:pgln:0614141.02000"
LINK = "https://id.gs1.org/414/0614141020010/254/DOCK-7"
BARE = "0614141020010"


def to(**parties: str) -> list[dict[str, str]]:
    """Return a destination list."""
    return [{"type": kind, "destination": place} for kind, place in parties.items()]


def of(**parties: str) -> list[dict[str, str]]:
    """Return a source list."""
    return [{"type": kind, "source": place} for kind, place in parties.items()]


OWN = sgln(MAKER.gln)
BUYER, BUYERS_PLACE = sgln(WHOLESALER.gln), sgln(WHOLESALER.premises)
KEEPER, KEEPERS_PLACE = sgln(PHARMACY.gln), sgln(PHARMACY.premises)

RECEIVED = [
    ("the possessor", to(possessing_party=BUYER), WHOLESALER, b"", 0),
    ("and its place", to(possessing_party=BUYER, location=BUYERS_PLACE), WHOLESALER, WHOLESALER.place, 0),
    ("who runs the place", to(location=BUYERS_PLACE), WHOLESALER, WHOLESALER.place, 0),
    ("within the place", to(location=LINK), WHOLESALER, WHOLESALER.place, 0),
    ("the new owner", to(owning_party=BUYER), WHOLESALER, b"", 1),
    ("the new owner, as PGLN", to(owning_party=PGLN), WHOLESALER, b"", 1),
    ("an owner named by its place", to(owning_party=BUYERS_PLACE), WHOLESALER, b"", 1),
    ("a place nobody runs", to(owning_party=BUYER, location=STRANGE), WHOLESALER, b"", 1),
    ("a party as place", to(owning_party=BUYER, location=BUYER), WHOLESALER, b"", 1),
]


@pytest.mark.parametrize(
    ("destinations", "receiver", "place", "passes"),
    [row[1:] for row in RECEIVED],
    ids=[row[0] for row in RECEIVED],
)
async def test_the_receiver(destinations, receiver, place, passes):
    desk = await made()
    sale = shipped(
        [pallet(1)], MAKER, WHOLESALER, destinationList=destinations, sourceList=of(owning_party=OWN)
    )
    await recorded(desk, MAKER, sale)
    (ship,) = records(desk)
    assert (ship.receiver, ship.destination, ship.ownership_passes) == (receiver.packed, place, passes)


@pytest.mark.parametrize(
    ("sources", "destinations", "passes"),
    [
        (of(owning_party=OWN), to(owning_party=BUYER), 1),
        ([], to(owning_party=BUYER), 1),
        (of(owning_party=STRANGE), to(owning_party=BUYER), 1),
        (of(owning_party=OWN), to(owning_party=OWN, possessing_party=BUYER), 0),
        (of(owning_party=sgln(MAKER.premises)), to(owning_party=OWN, possessing_party=BUYER), 0),
        (of(owning_party=STRANGE), to(owning_party=STRANGE, possessing_party=BUYER), 0),
        (of(owning_party=OWN), to(possessing_party=BUYER), 0),
    ],
)
async def test_ownership_passes_when_the_owners_differ(sources, destinations, passes):
    desk = await made()
    sale = shipped([pallet(1)], MAKER, WHOLESALER, destinationList=destinations, sourceList=sources)
    await recorded(desk, MAKER, sale)
    assert records(desk)[0].ownership_passes == passes


@pytest.mark.parametrize(
    ("destinations", "code", "named"),
    [
        (
            to(possessing_party=BUYER, location=KEEPERS_PLACE),
            "receiver_conflict",
            (WHOLESALER.gln, PHARMACY.gln),
        ),
        (to(owning_party=BUYER, location=KEEPERS_PLACE), "receiver_conflict", (BUYER, PHARMACY.gln)),
        (to(owning_party=BUYER) + to(owning_party=KEEPER), "receiver_conflict", (BUYER, KEEPER)),
        (to(possessing_party=STRANGE, location=BUYERS_PLACE), "receiver_not_found", (STRANGE,)),
        (to(location=STRANGE), "receiver_not_found", (STRANGE,)),
        (
            to(owning_party="https://partner.example/we"),
            "receiver_not_found",
            ("https://partner.example/we",),
        ),
        ([], "receiver_not_found", ("no destination",)),
    ],
)
async def test_a_receiver_that_cannot_be_known_is_refused(destinations, code, named):
    desk = await made()
    result = await post(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER, destinationList=destinations))
    (found,) = result.events
    assert (found.code, found.field) == (code, "destinationList")
    assert all(name in found.reason for name in named)


SBDH = {
    "epcisHeader": {"epcisMasterData": {}},
    "sender": OWN,
    "receiver": BUYER,
    "instanceIdentifier": "F-1",
}


async def test_without_any_destination_the_file_is_for_its_receiver():
    desk = await made()
    sale = shipped([pallet(1)], MAKER, WHOLESALER, destinationList=[])
    result = await desk.post(file(sale, **SBDH), MAKER)
    assert outcomes(result) == ["records"]
    (ship,) = records(desk)
    assert (ship.receiver, ship.ownership_passes) == (WHOLESALER.packed, 0)
    result = await desk.post(file(sale, **(SBDH | {"receiver": STRANGE})), MAKER)
    assert outcomes(result) == ["receiver_not_found"]
    assert STRANGE in result.events[0].reason


SENT = [
    ("the possessor before the owner", of(possessing_party=OWN, owning_party=BUYER)),
    ("the place before the owner", of(location=sgln(MAKER.premises), owning_party=BUYER)),
    ("the owner before the read point", of(owning_party=OWN)),
    ("the read point when no source is known", of(owning_party=STRANGE)),
]


@pytest.mark.parametrize("sources", [row[1] for row in SENT], ids=[row[0] for row in SENT])
async def test_the_sender(sources):
    desk = await made()
    read_point = STRANGE if sources[0]["source"] == OWN else sgln(MAKER.premises)
    sale = shipped([pallet(1)], MAKER, WHOLESALER, sourceList=sources, readPoint={"id": read_point})
    await recorded(desk, MAKER, sale)


async def test_who_sent_the_file_acts_where_the_event_names_no_place():
    desk = await made()
    seen = observed("storing", [pallet(1)], 7, MAKER, readPoint=None, bizLocation={"id": STRANGE})
    assert outcomes(await desk.post(file(seen, **SBDH), MAKER)) == ["attached"]
    seen = observed(
        "storing", [pallet(1)], 7, MAKER, readPoint={"id": STRANGE}, bizLocation={"id": sgln(MAKER.premises)}
    )
    await recorded(desk, MAKER, seen)
    assert records(desk)[0].head.premises == MAKER.place


async def test_whose_act_it_is_must_be_known():
    desk = await made()
    result = await post(desk, MAKER, observed("storing", [pallet(1)], 7, MAKER, readPoint={"id": STRANGE}))
    (found,) = result.events
    assert (found.code, found.field) == ("actor_unknown", "readPoint")
    assert STRANGE in found.reason
    result = await post(
        desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER, sourceList=of(location=STRANGE), readPoint=None)
    )
    assert (result.events[0].code, result.events[0].field) == ("actor_unknown", "sourceList")
    result = await post(desk, CARRIER, observed("storing", [pallet(1)], 7, MAKER, readPoint=None))
    assert "names nothing" in result.events[0].reason
