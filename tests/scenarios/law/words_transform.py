"""Words of rule 16: repacking.

Helper repacks pack-1..2 into duo-1 of lot R1 expiring 2027-01-31 on line 9 wasting 0 at Works
"""

from typing import TYPE_CHECKING

from contracts.gs1.dates import parse_date
from contracts.records.record import Record
from contracts.records.transformation import Transform
from tests.scenarios.law.world import gtin

if TYPE_CHECKING:
    from tests.scenarios.law.language import Speaker


def record(speaker: "Speaker", sentence: str) -> Record | None:
    """Build the record of a sentence about repacking; None for any other sentence."""
    if sentence.partition(" ")[2].partition(" ")[0] != "repacks":
        return None
    from tests.scenarios.law.language import listed  # noqa: PLC0415 - the language hooks these words in

    before, _wasting, after = sentence.partition(" wasting ")
    waste, _space, rest = after.partition(" ")
    _signer, words, options = speaker.parse(f"{before} {rest}".strip())
    outputs = listed(options["into"])
    return Transform(
        speaker.head(options),
        listed(" ".join(words[1:])),
        gtin(options["into"].partition("-")[0]),
        options["of lot"].encode(),
        parse_date(options.get("expiring", "2027-06-30")),
        options.get("on line", "").encode(),
        0,
        tuple(key[7:] for key in outputs),
        int(waste or "0"),
    )
