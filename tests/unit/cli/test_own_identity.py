"""The doctor compares a home with what its network knows of it now: the ledger's state, else genesis."""

import shutil
from collections.abc import Callable

import msgspec
import pytest

from contracts.state.governance_rows import NodeRow
from contracts.state.layout import KEYS, NODES, text_key
from contracts.state.rows import KeyRow
from network.description import NodeRecord
from node.home import Home
from tests.support.elsewhere import opened_elsewhere
from tests.support.governed import overwrite
from tests.support.parties import MAKER, lane_key

Packtrail = Callable[..., tuple[int, str, str]]
OWN = text_key("node-0")
KEY = lane_key(MAKER).public_key


@pytest.fixture
def identity(home: Home, packtrail: Packtrail) -> Callable[[], tuple[bool, str]]:
    """Runs the doctor; returns whether it knows this home, and what it says about that."""

    def ask() -> tuple[bool, str]:
        rows = msgspec.json.decode(packtrail("doctor", "--home", home.root, "-o", "json")[1])
        (row,) = (row for row in rows if row["check"] == "identity")
        return row["ok"], row["detail"]

    return ask


Ask = Callable[[], tuple[bool, str]]


def test_a_home_is_what_its_ledger_says(home: Home, identity: Ask) -> None:
    ok, detail = identity()
    assert ok
    assert detail.startswith("node-0, validator, as the ledger at height ")
    overwrite(home, NODES, OWN, NodeRow("member", home.certificate.read_bytes(), b"", b"", 0))
    assert identity()[1].startswith("node-0, member, as the ledger at height ")


def test_what_governance_replaced_is_named(home: Home, identity: Ask) -> None:
    overwrite(home, NODES, OWN, NodeRow("validator", b"another", b"", bytes(32), 1))
    ok, detail = identity()
    assert not ok
    assert "the certificate is not the one that the ledger" in detail
    assert "the validator key is not the one that the ledger" in detail


def test_what_genesis_said_before_counts_no_more(home: Home, identity: Ask) -> None:
    """A key that governance put in place of that of genesis is the right one."""
    home.certificate.write_bytes(b"anew")
    assert not identity()[0]
    ledgers = NodeRow("member", b"anew", b"", b"", 0)
    overwrite(home, NODES, OWN, ledgers)
    assert identity()[0]


def test_a_removed_node_is_told_so(home: Home, identity: Ask) -> None:
    overwrite(home, NODES, OWN, None)
    ok, detail = identity()
    assert not ok
    assert "names no node 'node-0'" in detail


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (None, f"knows no partner with the key {MAKER.gln}: add_key names one"),
        (KeyRow(1, 0, 2), f"the key {MAKER.gln} acts from height 0 until 2, not at "),
        (KeyRow(1, 1_000, 0), f"the key {MAKER.gln} acts from height 1000 on, not at "),
        (KeyRow(1, 0, 0), ""),
    ],
)
def test_partner_keys_act_by_the_ledger(home: Home, identity: Ask, row: KeyRow | None, said: str) -> None:
    overwrite(home, KEYS, KEY, row)
    ok, detail = identity()
    assert ok is (not said)
    assert said in detail


def test_without_a_ledger_genesis_speaks(home: Home, identity: Ask) -> None:
    shutil.rmtree(home.database)
    assert identity() == (True, "node-0, validator, as genesis has it")
    home.certificate.write_bytes(b"anew")
    assert identity() == (False, "the certificate is not the one that genesis pins")


def test_a_database_that_was_hardly_begun_is_none(home: Home, identity: Ask) -> None:
    shutil.rmtree(home.database)
    home.database.mkdir()
    (home.database / "LOCK").touch()
    assert identity() == (True, "node-0, validator, as genesis has it")


@pytest.mark.parametrize(("recorded", "ok"), [(True, True), (False, False)])
def test_who_is_admitted_later_starts_from_genesis(
    home: Home, identity: Ask, recorded: bool, ok: bool
) -> None:
    shutil.rmtree(home.database)
    home.config.write_text(home.config.read_text().replace('"node-0"', '"newcomer"'))
    if recorded:
        record = NodeRecord("newcomer", "member", home.certificate.read_bytes())
        home.record.write_bytes(msgspec.json.encode(record))
    found = identity()
    assert found[0] is ok
    assert "genesis names no node 'newcomer'" in found[1]


def test_a_running_node_keeps_its_ledger_to_itself(home: Home, identity: Ask) -> None:
    with opened_elsewhere(home.database):
        assert identity() == (True, "not compared: the node runs, and has its ledger open")


def test_a_damaged_ledger_is_for_repair(home: Home, identity: Ask) -> None:
    (home.database / "CURRENT").unlink()
    ok, detail = identity()
    assert not ok
    assert "packtrail node repair" in detail
