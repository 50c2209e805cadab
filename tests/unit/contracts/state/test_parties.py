"""Holders are compared in one module."""

import re
from pathlib import Path

import pytest

import contracts
from contracts.records.custody import ShipPurpose
from contracts.state import parties
from contracts.state.rows import Role

PARTIES = r"(?:holder|owner|sender|receiver|carrier|signer|partner|introduced_by)"
COMPARISON = re.compile(rf"\.{PARTIES}\s*(?:==|!=|\bin\b|\bnot in\b)|(?:==|!=)\s*\w+\.{PARTIES}\b")


def test_no_other_module_compares_holders() -> None:
    folder = Path(contracts.__file__).parent
    for path in [*folder.glob("state/*.py"), *folder.glob("rules/*.py")]:
        if path.stem == "parties":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            found = COMPARISON.search(line)
            # Two names that a record itself states are texts of that record, not holders in state.
            assert found is None or "record." in line, f"{path.name}:{number}: {line.strip()}"


@pytest.mark.parametrize("purpose", ShipPurpose)
def test_only_an_authority_sends_goods_to_a_regulator(purpose: ShipPurpose) -> None:
    roles = parties.receiving_roles(purpose)
    assert bool(roles & Role.REGULATOR) == (purpose == ShipPurpose.AUTHORITY)
    assert not roles & (Role.CARRIER | Role.AGENT)
