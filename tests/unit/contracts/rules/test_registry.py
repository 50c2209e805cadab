"""Every kind of record has one rule, which takes records of that kind; and says what it lists."""

from typing import get_args, get_type_hints

import pytest

from contracts.records.record import _LISTINGS, RECORD_TAGS, Record
from contracts.rules.registry import RULES

KINDS = get_args(Record)


def test_every_kind_of_record_has_a_rule_and_says_what_it_lists() -> None:
    assert set(RULES) == set(_LISTINGS) == set(RECORD_TAGS.values()) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_takes_records_of_its_own_kind(kind: type) -> None:
    taken = get_type_hints(RULES[kind])["record"]
    assert taken is kind or kind in get_args(taken)
