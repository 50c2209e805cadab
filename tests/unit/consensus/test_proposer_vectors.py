"""The rotation is part of the protocol: it does not change between releases."""

import json
from math import gcd
from pathlib import Path

import pytest

from consensus.proposer import Rotation
from tests.unit.consensus.driver import validator_set

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "proposers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_who_proposes(case) -> None:
    signers = [bytes((number,)) * 32 for number in case["signers"]]
    rotation = Rotation(case["height"], validator_set(*case["powers"]), signers)
    rounds = range(len(case["proposers"]))
    assert [rotation.proposer(round_) for round_ in rounds] == case["proposers"]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_vectors_follow_from_the_text(case) -> None:
    """A second reading of SPEC.md, round by round."""
    powers, height = case["powers"], case["height"]
    present = sorted({number for number in case["signers"] if number < len(powers)})
    turn = present if present and height > 2 else list(range(len(powers)))
    first = turn[height % len(turn)]
    credit = [0] * len(powers)
    told = []
    for round_ in range(len(case["proposers"])):
        credit = [have + power for have, power in zip(credit, powers, strict=True)]
        best = max(credit)
        from_first = [(first + step) % len(powers) for step in range(len(powers))]
        begins = round_ % (sum(powers) // gcd(*powers)) == 0
        chosen = first if begins else next(index for index in from_first if credit[index] == best)
        credit[chosen] -= sum(powers)
        told.append(chosen)
    assert told == case["proposers"]
