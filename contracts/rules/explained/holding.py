"""Rules 14 and 15: holds, suspicion, and how both end."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.ALREADY_HELD: Explanation(
        "14",
        "This partner holds it, or a container around it, back in this way already.",
        "Nothing is left to do.",
        eu_code="PCK_19",
    ),
    Code.NOT_ON_HOLD: Explanation(
        "14",
        "It carries no such hold itself.",
        "Lift the hold where it lies: on a container around it, or under its own kind.",
        eu_code="PCK_19",
    ),
    Code.NEEDS_VERIFICATION: Explanation(
        "14",
        "The law itself quarantined it: it came back late, was in dispute, or its end was taken back.",
        "Let the partner that has it in hand check it and record that it is verified.",
    ),
    Code.REGULATORS_HOLD: Explanation(
        "14", "A regulator placed the hold.", "Ask a regulator to lift it.", eu_code="PCK_21"
    ),
    Code.NOT_SETTER: Explanation(
        "14",
        "Another partner placed the hold, and it is not for this partner to lift it.",
        "Ask that partner to lift it; if it is gone, ask the network's governance.",
        eu_code="PCK_21",
    ),
    Code.NOT_SUSPECT: Explanation(
        "15",
        "The item does not carry a suspicion itself.",
        "Name the item that does: maybe a container around it.",
    ),
    Code.NOT_MAKER_OR_REGULATOR: Explanation(
        "15",
        "Only the maker of everything in it, or a regulator, confirms that an item is illegitimate.",
        "Tell its maker, and keep the item apart.",
    ),
    Code.INVESTIGATION_INVALID: Explanation(
        "15",
        "The investigation is not named by a hash of 32 bytes.",
        "Name the report by its SHA-256 hash.",
    ),
    Code.REGULATOR_NEEDED: Explanation(
        "15",
        "The item was confirmed to be illegitimate.",
        "Ask a regulator; else it can only be destroyed.",
        gs1_answer="illegitimate",
    ),
}
