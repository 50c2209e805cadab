"""The Core Business Vocabulary in all its spellings, brought to the bare word.

Follows CBV 2.0 chapters 7.1 to 7.5, with the words that CBV 1.x deprecated. A word that the vocabulary does
not have is kept as it was written: partners may use URIs of their own.
"""

import re
from typing import Final

import msgspec

from node.epcis.text import clean

_STEPS: Final = (
    "accepting arriving assembling collecting commissioning consigning creating_class_instance "
    "cycle_counting decommissioning departing destroying disassembling dispensing encoding entering_exiting "
    "holding inspecting installing killing loading other packing picking receiving removing repackaging "
    "repairing replacing reserving retail_selling sampling sensor_reporting shipping staging_outbound "
    "stock_taking stocking storing transporting unloading unpacking void_shipping"
)
_DISPOSITIONS: Final = (
    "active available completeness_inferred completeness_verified conformant container_closed container_open "
    "damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class "
    "mismatch_instance mismatch_quantity needs_replacement no_pedigree_match non_conformant "
    "non_sellable_other partially_dispensed recalled reserved retail_sold returned sellable_accessible "
    "sellable_not_accessible stolen unavailable unknown"
)
_TRANSACTIONS: Final = "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"
_PARTIES: Final = "location owning_party possessing_party"
_REASONS: Final = "did_not_occur incorrect_data"

_SPELLINGS: Final = {
    "decomissioning": "decommissioning",
    "non_sellable_damaged": "damaged",
    "non_sellable_disposed": "disposed",
    "non_sellable_expired": "expired",
    "non_sellable_no_pedigree_match": "no_pedigree_match",
    "non_sellable_recalled": "recalled",
}
"""A misspelling found in partners' files, and the dispositions that CBV 1.1 renamed."""


class Vocabulary(msgspec.Struct, frozen=True):
    """One list of words and the prefixes they are written with."""

    name: str
    """What people call it."""
    words: frozenset[str]
    """Bare words of CBV 2.0."""
    prefix: re.Pattern[str]
    """Matches every prefix that means this vocabulary."""


def _vocabulary(name: str, words: str, urn: str, web: str) -> Vocabulary:
    """Build one vocabulary; `urn` and `web` are how the two CBV URI forms name it."""
    hosts = r"https?://(?:www\.)?(?:ref\.gs1\.org|ns\.gs1\.org|gs1\.org)/(?:cbv|voc)/"
    pattern = rf"(?:urn:epcglobal:cbv:{urn}:|(?:{hosts}|cbv:){web}-)"
    return Vocabulary(name, frozenset(words.split()), re.compile(pattern, re.IGNORECASE))


BIZ_STEP: Final = _vocabulary("business step", _STEPS, "bizstep", "bizstep")
DISPOSITION: Final = _vocabulary("disposition", _DISPOSITIONS, "disp", "disp")
TRANSACTION_TYPE: Final = _vocabulary("business transaction type", _TRANSACTIONS, "btt", "btt")
PARTY_TYPE: Final = _vocabulary("source or destination type", _PARTIES, "sdt", "sdt")
ERROR_REASON: Final = _vocabulary("error reason", _REASONS, "er", "er")


def bare_word(vocabulary: Vocabulary, text: str) -> str:
    """Return the bare CBV word that `text` means, or `text` without white space when it means none.

    Understands `urn:epcglobal:cbv:bizstep:shipping`, `https://ref.gs1.org/cbv/BizStep-shipping` (also on
    ns.gs1.org and gs1.org/voc), the CURIE `cbv:BizStep-shipping` and the bare word, in any case of letters.
    """
    written = clean(text)
    found = vocabulary.prefix.match(written)
    word = (written[found.end() :] if found else written).lower()
    word = _SPELLINGS.get(word, word)
    return word if word in vocabulary.words else written


def is_known_or_private(vocabulary: Vocabulary, word: str) -> bool:
    """Tell whether a result of `bare_word` may stand in an event: a CBV word, or a URI of the partner's own.

    A bare word that is neither is a typing error: the standard reserves bare words to the CBV.
    """
    return word in vocabulary.words or ":" in word
