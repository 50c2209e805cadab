"""Two items to a fixed point, and that the check finds what it looks for. See README.md."""

from collections.abc import Sequence

import pytest

from contracts.records.custody import Void
from contracts.records.supply import Decommission, DecommissionReason
from contracts.rules import registry
from contracts.rules.codes import Code
from contracts.rules.verdict import Verdict
from contracts.state import containers
from contracts.state.layout import SHIPMENTS
from contracts.state.parties import HANDLING
from contracts.state.places import Position
from contracts.state.rows import Life
from contracts.state.view import Overlay
from tests.modelcheck.__main__ import explore, main
from tests.modelcheck.cast import World
from tests.modelcheck.explore import Found, Risen
from tests.modelcheck.traps import FINAL, GONE, traps

PARTNERS = ["Acme", "Corner", "Fleet", "Gov"]
MOST = ("transfer", "outside", "parts", "late")
FEW = {
    "overages": {"ClaimOverage", "EndOverage"},
    "corrections": {"Correct", "ProposeCorrection+Consent", "ProposeCorrection+Consent+Consent"},
    "exempt": {"Exempt"},
    "onboarding": {"AnswerClaim", "Commission"},
}
"""Families that are explored by themselves, with what is done then."""


@pytest.fixture(scope="module")
def two_items() -> tuple[World, Found]:
    return explore(["pack-1", "case-1"], PARTNERS)


def test_a_pack_and_a_case_are_never_trapped(two_items: tuple[World, Found]) -> None:
    _world, found = two_items
    assert list(traps(found, FINAL)) == []


def test_a_pack_by_itself_is_never_trapped_however_it_left() -> None:
    _world, found = explore(["pack-1"], PARTNERS, tuple(DecommissionReason))
    assert list(traps(found, FINAL)) == []
    assert {"Found", "Reinstate"} <= {*found.kinds}


def test_a_pack_is_never_trapped_whatever_else_partners_do_with_it() -> None:
    _world, found = explore(["duo-1"], PARTNERS, families=MOST)
    assert list(traps(found, FINAL)) == []
    done = {"DispensePart", "OfferOwnership+Consent", "ShipOutside", "ReceiveFromOutside", "Verify"}
    assert done | {"Late Ship", "Late Receive", "Late Dispense"} <= {*found.kinds}


@pytest.mark.parametrize("family", FEW)
def test_a_pack_is_never_trapped_by_what_is_rare(family: str) -> None:
    _world, found = explore(["pack-1"], PARTNERS, families=[family])
    assert list(traps(found, FINAL)) == []
    assert FEW[family] <= {*found.kinds}


def test_goods_that_a_regulator_came_to_own_would_be_trapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """So ownership passes to none that does not trade: where it has goods and is silent, the owner speaks."""
    monkeypatch.setattr("contracts.rules.shipping.TRADING", HANDLING)
    _world, found = explore(["pack-1"], PARTNERS, families=["exempt"])
    assert {trap.silent for trap in traps(found, FINAL)} == {"Gov"}


def test_who_revives_needs_maker_and_regulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.rules.agreeing.needs_regulator", lambda _act, _row: False)
    with pytest.raises(Risen):
        explore(["pack-1"], PARTNERS, families=["corrections"])


def test_the_command_prints_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--items", "pack-1", "--reasons", "destroyed,stolen"]
    assert main(few) == 0
    assert '"traps":0' in capsys.readouterr().out
    assert main([*few, "--partners", "Acme,Corner"]) == 1
    assert "while Acme is silent" in capsys.readouterr().out


def test_every_record_is_lawful_somewhere(two_items: tuple[World, Found]) -> None:
    _world, found = two_items
    assert {"Decommission", "Dispense", "Pack", "Receive", "Refuse", "Ship", "Unpack", "Void", "time"} <= {
        *found.kinds
    }


def test_without_an_authority_goods_of_a_silent_owner_stay() -> None:
    """The check finds traps: nobody but a regulator can say that a silent owner's own goods are gone."""
    _world, found = explore(["pack-1"], ["Acme", "Bulk", "Corner"])
    assert {trap.silent for trap in traps(found, FINAL)} == {"Acme", "Bulk", "Corner"}


def test_what_is_on_its_way_comes_out_without_a_report_of_theft() -> None:
    """A silent sender, receiver or carrier traps nothing that is on its way: only what it holds itself."""
    _world, found = explore(["pack-1"], PARTNERS)
    for trap in traps(found, GONE):
        assert trap.silent in {"Acme", "Corner"}


def test_a_shipment_that_nobody_may_take_back_is_a_trap(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = registry.RULES
    monkeypatch.setitem(rules, Void, lambda _act, record: Verdict(Code.NOT_SENDER, record.shipment))
    monkeypatch.setitem(rules, Decommission, lambda _act, _record: Verdict(Code.NOTHING_LISTED, b""))
    _world, found = explore(["pack-1"], PARTNERS)
    trapped = list(traps(found, FINAL))
    assert any(at[:1] == SHIPMENTS.prefix for trap in trapped for at, _value in trap.component.rows)


def test_a_pack_that_rises_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = containers.take_out

    def forgetful(state: Overlay, time_ms: int, children: Sequence[Position]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(containers, "effective_life", lambda _position: Life.ACTIVE)
            original(state, time_ms, children)

    monkeypatch.setattr("contracts.rules.packing.take_out", forgetful)
    monkeypatch.setattr("contracts.rules.implied.take_out", forgetful)
    monkeypatch.setattr("contracts.rules.receiving.take_out", forgetful)
    with pytest.raises(Risen):
        explore(["pack-1", "case-1"], PARTNERS)
