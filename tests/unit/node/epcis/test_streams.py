"""Random but plausible streams of events: every refusal is complete, and a file posted again adds nothing."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Final

import pytest

from node.epcis.capture import ErrorBehaviour
from node.epcis.outcome import FileResult
from tests.support.gateway import Desk
from tests.support.parties import MAKER, PHARMACY, PREFIX, WHOLESALER, Party
from tests.unit.node.epcis.counted import ILMD, PLASTERS, SYRUP_S1, amounts, counting_desk
from tests.unit.node.epcis.files import (
    Event,
    aggregated,
    case,
    commissioned,
    event,
    file,
    observed,
    pack,
    packs,
    pallet,
    production,
    received,
    route,
    shipped,
)

LOGGER: Final = "urn:epc:id:giai:0614141.LOG-7"
STRANGER: Final = [{"type": "possessing_party", "destination": "urn:epc:id:pgln:9521234.00000"}]
PARTIES: Final = (MAKER, WHOLESALER, PHARMACY)
API: Final = f"urn:epc:class:lgtin:{PREFIX}.000099.API7"
EVENTS: Final = 60
SETTLED: Final = {"records", "already_recorded"}

Made = tuple[Party, Event]


class Stream:
    """Makes one event after the other, about goods that may be there."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.minute = 7
        self._things = [*packs(4), case("C1"), pallet(1), pallet(2)]
        self._kinds: tuple[Callable[[Party], Made], ...] = (
            self._born,
            self._counted,
            self._brewed,
            self._repacked,
            self._packed,
            self._shipped,
            self._received,
            *[self._apart] * 4,
            self._ended,
            self._logger,
            self._read,
        )

    def next(self) -> Made:
        self.minute += self.random.randint(0, 1)
        return self.random.choice(self._kinds)(self.random.choice((MAKER, *PARTIES)))

    def _some(self, most: int = 2) -> list[str]:
        return self.random.sample(self._things, self.random.randint(1, most))

    def _new(self) -> list[str]:
        made = [pack(f"N{len(self._things)}"), pack(f"M{len(self._things)}")]
        self._things += made
        return made

    def _quantities(self) -> list[Event]:
        entry = self.random.choice([(SYRUP_S1, 2), (PLASTERS, 1), (PLASTERS, 3)])
        return amounts(entry) if self.random.random() < 0.4 else []

    def _readings(self) -> list[Event]:
        if self.random.random() < 0.6:
            return []
        report = {"type": "gs1:Temperature", "value": self.random.randint(-5, 30), "uom": "CEL"}
        return [{"sensorMetadata": {"deviceID": LOGGER}, "sensorReport": [report]}]

    def _born(self, _party: Party) -> Made:
        return MAKER, commissioned(self._new(), self.minute, quantityList=amounts((PLASTERS, 4)))

    def _counted(self, party: Party) -> Made:
        step = self.random.choice(["shipping", "receiving", "void_shipping", "dispensing", "destroying"])
        told = {"action": "OBSERVE", "bizStep": step, "quantityList": amounts((SYRUP_S1, 1), (PLASTERS, 2))}
        if self.random.random() < 0.3:
            made = {"action": "ADD", "bizStep": "commissioning", "quantityList": amounts((SYRUP_S1, 9))}
            return MAKER, event("ObjectEvent", self.minute, MAKER, ilmd=ILMD, **made)
        ends = route(party, self.random.choice(PARTIES)) if step == "shipping" else {}
        return party, event("ObjectEvent", self.minute, party, **told, **ends)

    def _brewed(self, _party: Party) -> Made:
        made = commissioned(self._new(), self.minute)
        told = {"inputQuantityList": amounts((API, 25, "KGM")), "outputEPCList": made["epcList"]}
        return MAKER, event("TransformationEvent", self.minute, MAKER, ilmd=made["ilmd"], **told)

    def _repacked(self, _party: Party) -> Made:
        lot = {"cbvmda:lotNumber": "R-1", "cbvmda:itemExpirationDate": "2030-03-27"}
        told = {"inputEPCList": self._some(), "outputEPCList": self._new()}
        return MAKER, event("TransformationEvent", self.minute, MAKER, ilmd=lot, **told)

    def _packed(self, party: Party) -> Made:
        action = self.random.choice(["ADD", "ADD", "DELETE"])
        parent = self.random.choice([case("C1"), pallet(1), pallet(2)])
        return party, aggregated(action, parent, self._some(), self.minute, party)

    def _shipped(self, party: Party) -> Made:
        told: Event = {"quantityList": self._quantities(), "sensorElementList": self._readings()}
        if self.random.random() < 0.2:
            told |= self.random.choice([{"disposition": "returned"}, {"destinationList": STRANGER}])
        return party, shipped(self._some(), party, self.random.choice(PARTIES), self.minute, **told)

    def _received(self, party: Party) -> Made:
        told: Event = {"quantityList": self._quantities(), "sensorElementList": self._readings()}
        if self.random.random() < 0.3:
            told["disposition"] = "damaged"
        return party, received(self._some(), party, self.minute, **told)

    def _apart(self, party: Party) -> Made:
        step = self.random.choice(["holding", "inspecting", "inspecting", "storing", "void_shipping"])
        told = self.random.choice([{"set": ["damaged"]}, {"unset": ["damaged"]}])
        return party, observed(step, self._some(), self.minute, party, persistentDisposition=told)

    def _ended(self, party: Party) -> Made:
        step, word = self.random.choice([("dispensing", "dispensed"), ("other", "stolen")])
        return party, observed(step, self._some(1), self.minute, party, disposition=word)

    def _logger(self, party: Party) -> Made:
        action, step = self.random.choice([("ADD", "installing"), ("DELETE", "removing")])
        told = {"action": action, "bizStep": step, "parentID": self._some(1)[0], "childEPCs": [LOGGER]}
        sensed = {"sensorElementList": self._readings()}
        return party, event("AssociationEvent", self.minute, party, **told, **sensed)

    def _read(self, party: Party) -> Made:
        sensed = {"sensorElementList": self._readings()}
        return party, observed("sensor_reporting", self._some(1), self.minute, party, **sensed)


def check_refusals(result: FileResult, data: bytes) -> None:
    for entry in result.events:
        is_complete = all((entry.code, entry.field, entry.reason, entry.what_to_do))
        assert entry.outcome != "refused" or is_complete, (entry, json.loads(data))


async def check_again(desk: Desk, posted: Sequence[tuple[bytes, Party, ErrorBehaviour]]) -> None:
    for data, party, behaviour in posted:
        height = desk.node.chain.tip.height
        again = await desk.post(data, party, behaviour)
        outcomes = {entry.outcome for entry in again.events}
        assert (outcomes, desk.node.chain.tip.height) == ({"already_recorded"}, height), json.loads(data)


@pytest.mark.parametrize("seed", [3, 4, 6, 12])
async def test_a_stream(seed):
    desk, stream = counting_desk(), Stream(seed)
    await desk.post(file(*production(4)), MAKER)
    posted: list[tuple[bytes, Party, ErrorBehaviour]] = []
    for _ in range(EVENTS):
        party, told = stream.next()
        data = file({name: value for name, value in told.items() if value})
        behaviour: ErrorBehaviour = stream.random.choice(("rollback", "proceed"))
        result = await desk.post(data, party, behaviour)
        check_refusals(result, data)
        assert {document.receipt.code for document in result.documents} <= {"accepted"}
        if {entry.outcome for entry in result.events} <= SETTLED:
            posted.append((data, party, behaviour))
    assert posted
    await check_again(desk, posted)
