"""Spellings of the Core Business Vocabulary."""

import pytest

from node.epcis.vocabulary import (
    BIZ_STEP,
    DISPOSITION,
    ERROR_REASON,
    PARTY_TYPE,
    TRANSACTION_TYPE,
    Vocabulary,
    bare_word,
    is_known_or_private,
)


@pytest.mark.parametrize(
    ("vocabulary", "text", "word"),
    [
        (BIZ_STEP, "shipping", "shipping"),
        (BIZ_STEP, "Shipping", "shipping"),
        (BIZ_STEP, " urn:epcglobal:cbv:bizstep:shipping\n", "shipping"),
        (BIZ_STEP, "https://ref.gs1.org/cbv/BizStep-shipping", "shipping"),
        (BIZ_STEP, "http://ns.gs1.org/cbv/bizstep-void_shipping", "void_shipping"),
        (BIZ_STEP, "https://gs1.org/voc/Bizstep-packing", "packing"),
        (BIZ_STEP, "cbv:BizStep-packing", "packing"),
        (BIZ_STEP, "decomissioning", "decommissioning"),
        (BIZ_STEP, "urn:epcglobal:cbv:bizstep:decomissioning", "decommissioning"),
        (DISPOSITION, "urn:epcglobal:cbv:disp:in_transit", "in_transit"),
        (DISPOSITION, "https://ref.gs1.org/cbv/Disp-retail_sold", "retail_sold"),
        (DISPOSITION, "urn:epcglobal:cbv:disp:non_sellable_expired", "expired"),
        (TRANSACTION_TYPE, "urn:epcglobal:cbv:btt:desadv", "desadv"),
        (TRANSACTION_TYPE, "cbv:BTT-po", "po"),
        (PARTY_TYPE, "https://ref.gs1.org/cbv/SDT-owning_party", "owning_party"),
        (ERROR_REASON, "urn:epcglobal:cbv:er:did_not_occur", "did_not_occur"),
    ],
)
def test_every_spelling_becomes_the_bare_word(vocabulary: Vocabulary, text: str, word: str) -> None:
    assert bare_word(vocabulary, text) == word
    assert is_known_or_private(vocabulary, word)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("http://partner.example/steps/gift_wrapping", True),
        ("urn:epcglobal:cbv:bizstep:gift_wrapping", True),
        ("urn:epcglobal:cbv:disp:shipping", True),
        ("gift_wrapping", False),
        ("", False),
    ],
)
def test_other_words_are_kept_as_written(text: str, allowed: bool) -> None:
    assert bare_word(BIZ_STEP, text) == text
    assert is_known_or_private(BIZ_STEP, text) == allowed


def test_the_lists_are_those_of_cbv_2() -> None:
    sizes = [len(one.words) for one in (BIZ_STEP, DISPOSITION, TRANSACTION_TYPE, PARTY_TYPE, ERROR_REASON)]
    assert sizes == [41, 33, 13, 3, 2]
