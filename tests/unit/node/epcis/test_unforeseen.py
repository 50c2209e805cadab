"""What nobody foresaw in a file ends its request, and the node goes on; a failed disk ends the node."""

import asyncio

import pytest

from node.epcis import capture
from node.epcis.trial import Trial
from node.storage.errors import StorageDamaged
from tests.support.gateway import Desk
from tests.support.parties import MAKER
from tests.unit.node.epcis.desk import outcomes, post
from tests.unit.node.epcis.files import commissioned, packs


def raising(error):
    def fail(*_arguments):
        raise error

    return fail


async def test_a_file_that_the_reader_trips_over(monkeypatch):
    desk = Desk()
    with monkeypatch.context() as patch:
        patch.setattr(capture, "read_document", raising(RecursionError("too deep")))
        with pytest.raises(RecursionError):
            await post(desk, MAKER, commissioned(packs(2)))
    assert outcomes(await post(desk, MAKER, commissioned(packs(2)))) == ["records"]


@pytest.mark.parametrize("error", [TypeError("argument"), KeyError("row")])
async def test_a_file_that_the_translation_trips_over(monkeypatch, error):
    desk = Desk()
    with monkeypatch.context() as patch:
        patch.setattr(Trial, "run", raising(error))
        with pytest.raises(type(error)):
            await post(desk, MAKER, commissioned(packs(2)))
    assert outcomes(await post(desk, MAKER, commissioned(packs(2)))) == ["records"]


async def test_a_damaged_disk_is_the_nodes_own_end(monkeypatch):
    """It leaves the worker's thread as it came: there the supervisor hears of it."""
    desk = Desk()
    told = []
    monkeypatch.setattr(Trial, "run", raising(StorageDamaged("000005.ldb", "checksum")))
    inquiries = desk.parts.submissions.inquiries
    monkeypatch.setattr(inquiries, "ask", remembering(inquiries.ask, told))
    with pytest.raises(StorageDamaged):
        await post(desk, MAKER, commissioned(packs(2)))
    assert told == []


def remembering(inquire, told):
    def ask(question, answer, _failed, is_wanted):
        inquire(question, answer, told.append, is_wanted)

    return ask


async def test_a_trial_whose_request_has_ended_goes_no_further():
    desk, slices = Desk(), []

    def question(_state, _context):
        while True:
            slices.append(len(slices))
            yield

    async def some_turns_of_the_loop():
        for _ in range(10):
            await asyncio.sleep(0)

    asked = desk.parts.inquire(question)
    await some_turns_of_the_loop()
    asked.cancel()
    await some_turns_of_the_loop()
    done = len(slices)
    await some_turns_of_the_loop()
    assert len(slices) == done > 1
