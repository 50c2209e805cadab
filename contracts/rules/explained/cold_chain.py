"""Rule 18: the cold chain."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import NOT_FOR_REDISTRIBUTION, Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.COLD_CHAIN_HOLD: Explanation(
        "18",
        "The goods were too warm, too cold or unwatched for longer than their maker allows.",
        "Keep them apart and ask the marketing holder to judge them: it clears them, or they are destroyed.",
        gs1_answer=NOT_FOR_REDISTRIBUTION,
    ),
    Code.READINGS_MISSING: Explanation(
        "18",
        "A logger that watched the goods was not read out to the end.",
        "Read it out; whoever put it on or took it off may, too. What cannot be read, the maker may clear.",
        gs1_answer=NOT_FOR_REDISTRIBUTION,
    ),
    Code.STORAGE_PROFILE_INVALID: Explanation(
        "18",
        "Range, allowance, budget or gap make no sense.",
        "State low up to high in hundredths of a degree, allowance up to budget and a gap above 0 s.",
    ),
    Code.LOGGER_INVALID: Explanation(
        "18",
        "The logger has no valid GIAI, GRAI, or id behind a GLN.",
        "State (8004)GIAI, (8003)GRAI or (414)GLN(254)id.",
    ),
    Code.LOGGER_IN_USE: Explanation(
        "18",
        "The logger is on another item, or on this one already.",
        "Take it off there first, or use another logger.",
    ),
    Code.LOGGER_TIME_INVALID: Explanation(
        "18",
        "The logger would begin before its last use ended, or end before its last reading.",
        "Check the time that was stated.",
    ),
    Code.LOGGER_UNKNOWN: Explanation(
        "18", "The logger was never put on anything.", "Check its id, or put it on first."
    ),
    Code.LOGGER_NOT_ON: Explanation(
        "18",
        "The logger is on nothing.",
        "Nothing is left to do; put it on first if it is to measure.",
    ),
    Code.NOT_WITH_LOGGER: Explanation(
        "18",
        "This partner neither has what the logger is on, nor put it on or took it off.",
        "Ask the holder.",
    ),
    Code.READINGS_INVALID: Explanation(
        "18",
        "Readings are none, too many, not ascending in time, impossible, or from the future.",
        "Send at most 2000 at once, oldest first, in seconds and hundredths of a degree Celsius.",
    ),
    Code.READINGS_OUT_OF_ORDER: Explanation(
        "18",
        "Readings lie before the last known one, or outside the logger's stay on the item.",
        "Send only what is new, up to when it was taken off.",
    ),
    Code.SESSION_UNKNOWN: Explanation(
        "18",
        "No logger's stay on goods has this number.",
        "Look the number up at the item.",
    ),
    Code.NOT_IN_SESSION: Explanation(
        "18",
        "The product was not watched during that stay of the logger.",
        "Check product and number.",
    ),
    Code.NOTHING_TO_CLEAR: Explanation(
        "18",
        "What the logger saw says nothing against the product.",
        "Nothing is left to do.",
    ),
}
