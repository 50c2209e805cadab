"""Keys on which libraries could disagree are never registered: genesis refuses each, and names the field."""

from typing import Any

import msgspec
import pytest

from contracts.chain.genesis import Genesis, InvalidGenesis, PartnerKey, check_genesis
from contracts.ledger.genesis_state import genesis_writes
from contracts.records.changes import AddKey, PutNode
from contracts.rules.changing_nodes import node_form_fault
from contracts.rules.changing_parties import party_form_fault
from contracts.rules.codes import Code
from contracts.rules.verdict import Verdict
from contracts.state.layout import text_key
from tests.vectors.network import party, vector_genesis
from tests.vectors.notation import from_json, load

KEYS = load("ed25519.json")["keys"]
BAD = [case for case in KEYS if not case["registrable"]]
GOOD = [case for case in KEYS if case["registrable"]]
change = msgspec.structs.replace


def _name(case: dict[str, Any]) -> str:
    return case["name"]


def with_validator(key: bytes) -> Genesis:
    genesis = vector_genesis()
    return change(genesis, nodes=(change(genesis.nodes[0], validator_key=key), *genesis.nodes[1:]))


def with_lane(key: bytes) -> Genesis:
    genesis = vector_genesis()
    return change(
        genesis, partners=(change(genesis.partners[0], keys=(PartnerKey(key),)), *genesis.partners[1:])
    )


@pytest.mark.parametrize("case", BAD, ids=_name)
def test_a_bad_key_has_no_place_in_genesis(case: Any) -> None:
    key = from_json(case["public_key"])
    with pytest.raises(InvalidGenesis, match="validator_key"):
        check_genesis(with_validator(key))
    with pytest.raises(InvalidGenesis, match="valid Ed25519 public keys"):
        genesis_writes(with_lane(key))


@pytest.mark.parametrize("case", GOOD, ids=_name)
def test_a_good_key_has(case: Any) -> None:
    key = from_json(case["public_key"])
    check_genesis(with_validator(key))
    assert any(name.endswith(key) for name in dict(genesis_writes(with_lane(key))))


@pytest.mark.parametrize("case", BAD, ids=_name)
def test_a_bad_key_cannot_be_proposed(case: Any) -> None:
    """Neither as a partner's key nor as a validator's (rule 22)."""
    key = from_json(case["public_key"])
    assert party_form_fault(AddKey(party("alder"), key, 0), 10) == Verdict(Code.KEY_INVALID, key)
    node = PutNode("node-e", "validator", b"certificate", party("alder"), key, 1)
    assert node_form_fault(node) == Verdict(Code.NODE_INVALID, text_key("node-e"))
    # The same with a good key is well formed.
    good = from_json(GOOD[0]["public_key"])
    assert party_form_fault(AddKey(party("alder"), good, 0), 10) is None
    assert node_form_fault(msgspec.structs.replace(node, validator_key=good)) is None
