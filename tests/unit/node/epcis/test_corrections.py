"""Error declarations: what they take back, and what they do not."""

import pytest

from contracts.records.corrections import Correct, ErrorIn
from contracts.state.rows import Life
from tests.support.gateway import Desk
from tests.support.ledger import pack_key
from tests.support.parties import MAKER, WHOLESALER
from tests.unit.node.epcis.desk import arrived, made, outcomes, post, recorded, records
from tests.unit.node.epcis.files import aggregated, case, commissioned, observed, pack, packs, pallet

ERROR = {"declarationTime": "2026-01-01T12:00:00Z", "reason": "did_not_occur"}


def life_of(desk: Desk, serial: str) -> str:
    return desk.custody().item(pack_key(serial)).life


async def test_serials_that_no_pack_carries_are_burned_and_said_once() -> None:
    desk = await made()
    await recorded(desk, MAKER, commissioned(packs(2, 90), 7))
    declared = commissioned(packs(2, 90), 7, errorDeclaration=ERROR)
    await recorded(desk, MAKER, declared)
    (corrected,) = records(desk)
    assert isinstance(corrected, Correct)
    assert (corrected.error, len(corrected.items)) == (ErrorIn.COMMISSION, 2)
    assert life_of(desk, "P90") == Life.BURNED.name.lower()
    assert outcomes(await post(desk, MAKER, declared)) == ["already_recorded"]
    # Posted by somebody else it says what is there, and nothing is signed.
    assert outcomes(await post(desk, WHOLESALER, declared)) == ["already_recorded"]


async def test_packs_that_never_were_in_a_case_come_out_of_it() -> None:
    desk = await made()
    declared = aggregated("ADD", case("C1"), [pack("P1")], 6, errorDeclaration=ERROR)
    await recorded(desk, MAKER, declared)
    (corrected,) = records(desk)
    assert isinstance(corrected, Correct)
    assert (corrected.error, corrected.items) == (ErrorIn.PACK, (pack_key("P1"),))
    assert desk.custody().item(pack_key("P1")).parent is None
    assert outcomes(await post(desk, MAKER, declared)) == ["already_recorded"]


async def test_what_others_relied_on_is_not_taken_back() -> None:
    desk = await arrived()
    declared = commissioned([pack("P1")], 0, errorDeclaration=ERROR)
    assert outcomes(await post(desk, MAKER, declared)) == ["not_holder"]


@pytest.mark.parametrize(
    "declared",
    [
        observed("shipping", [pallet(1)], 7, MAKER, errorDeclaration=ERROR),
        commissioned(packs(2, 90), 7, errorDeclaration=ERROR),
        observed("destroying", [pack("P1")], 7, MAKER, errorDeclaration=ERROR, disposition="destroyed"),
    ],
)
async def test_an_error_that_no_correction_takes_back_is_kept(declared: dict[str, object]) -> None:
    result = await post(await made(), MAKER, declared)
    assert outcomes(result) == ["attached"]
    assert "declares an error" in result.events[0].reason
