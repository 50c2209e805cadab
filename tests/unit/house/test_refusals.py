"""Refusals as their readers meet them: a pharmacist, a clerk at a dock, a quality manager; no programmer."""

import re

import pytest

from contracts.rules.codes import Code
from contracts.rules.explanations import EXPLANATIONS
from node.api.problems import PROBLEMS

#: What is wrong, and what to do about it, are read on a scanner's screen.
SENTENCE = range(15, 201)
REMEDY = range(12, 201)

#: Words of the law's text and of the code that nobody at a counter knows.
JARGON = re.compile(
    r"\b(signer|signers|block time|set 82|dirty|facets?|opaque|tuple|enum|null|malformed record|struct"
    r"|overlay|bytes? string|row|rows)\b",
    re.IGNORECASE,
)
SNAKE_CASE = re.compile(r"[a-z]+_[a-z]+")
QUOTED = re.compile(r"`([^`]*)`")

#: How one says what to do: an order, a condition before one, or that there is nothing to do.
TO_DO = re.compile(
    r"(Amend|Ask|Change|Check|Claim|Commission|Correct|Count|Declare|Destroy|Dispense|Do|Follow|Give|Have|If"
    r"|Keep|Leave|Let|Lift|List|Look|Make|Name|Nothing is left to do|Point|Propose|Put|Read|Recall|Receive"
    r"|Record|Refuse|Register|Reinstate|Rename|Repeat|Report|Respond|Return|Sell|Send|Set|Ship|Split|Spread"
    r"|State|Take|Tell|To|Transfer|Unpack|Use|Vote|Wait)\b"
)


@pytest.mark.parametrize("code", Code)
def test_a_refusal_is_a_short_plain_sentence(code: Code) -> None:
    text = EXPLANATIONS[code].sentence
    assert len(text) in SENTENCE
    assert text[0].isupper()
    assert not SNAKE_CASE.search(text), "a name from the code"
    assert not QUOTED.search(text), "a name from the code"
    assert not JARGON.search(text)


@pytest.mark.parametrize("code", Code)
def test_a_refusal_says_what_to_do(code: Code) -> None:
    text = EXPLANATIONS[code].remedy
    assert len(text) in REMEDY
    assert TO_DO.match(text), "begin with what to do: a verb, If …, Nothing is left to do"
    assert not SNAKE_CASE.search(text), "a name from the code"
    assert not JARGON.search(text)
    assert all(quoted.startswith("packtrail ") for quoted in QUOTED.findall(text)), "quote commands only"


def test_no_two_refusals_read_alike() -> None:
    texts = [(text.sentence, text.remedy) for text in EXPLANATIONS.values()]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_problem_of_the_interface_says_what_to_do(code: str) -> None:
    kind = PROBLEMS[code]
    assert len(kind.title) in range(10, 101)
    assert kind.title[0].isupper()
    assert not kind.title.endswith(".")
    assert len(kind.what_to_do) in REMEDY
    assert not JARGON.search(f"{kind.title} {kind.what_to_do}")
    assert not SNAKE_CASE.search(QUOTED.sub("", f"{kind.title} {kind.what_to_do}"))
