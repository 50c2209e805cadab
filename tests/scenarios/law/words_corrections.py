"""Words of rules 19 and 19b: corrections, and amendments of lots.

Acme corrects the commission of pack-1          Acme corrects the packing of pack-1..2
Acme asks to correct the commission of pack-1 as P1    Corner asks to correct the end of pack-1 as P1 until 9
Acme amends pack lot L1 to 2027-01-31           Acme asks to amend pack lot L1 to 2028-01-31 as P1
Gov lets pack lot L1 expire on 2028-01-31 by P1
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from contracts.gs1.dates import parse_date
from contracts.records.agreement import proposal_id
from contracts.records.corrections import Correct, ErrorIn, ProposeCorrection
from contracts.records.head import Head
from contracts.records.lots import AmendLot, ConsentToAmendment, ProposeAmendment
from contracts.records.record import Record
from tests.scenarios.law.world import gtin

if TYPE_CHECKING:
    from tests.scenarios.law.language import Speaker

ERRORS = {"commission": ErrorIn.COMMISSION, "packing": ErrorIn.PACK, "end": ErrorIn.ENDING}
CORRECTION = re.compile(r"(corrects|asks to correct) the (\w+) of (.+?)(?: as (\w+))?(?: until (\d+))?")
AMENDMENT = re.compile(r"(amends|asks to amend) (\w+) lot (\S+) to (\S+)(?: as (\w+))?(?: until (\d+))?")
LETTING = re.compile(r"lets (\w+) lot (\S+) expire on (\S+) by (\w+)")


def record(speaker: "Speaker", sentence: str) -> Record | None:
    """Build the record of a sentence about an error or a lot's expiry; None for any other sentence."""
    from tests.scenarios.law.language import listed  # noqa: PLC0415 - the language hooks these words in

    said = sentence.partition(" ")[2]
    head = Head(speaker.ledger.time_ms, 60, b"")
    found = CORRECTION.fullmatch(said)
    if found:
        verb, error, items, _name, until = found.groups()
        if verb == "corrects":
            return Correct(head, ERRORS[error], listed(items))
        return ProposeCorrection(head, ERRORS[error], listed(items), int(until or 0))
    found = AMENDMENT.fullmatch(said)
    if found:
        verb, kind, lot, day, _name, until = found.groups()
        amended = (gtin(kind), lot.encode(), parse_date(day))
        if verb == "amends":
            return AmendLot(head, *amended)
        return ProposeAmendment(head, *amended, int(until or 0))
    found = LETTING.fullmatch(said)
    if found:
        kind, lot, day, name = found.groups()
        return ConsentToAmendment(head, speaker.shipment(name), gtin(kind), lot.encode(), parse_date(day))
    return None


def proposed(sentence: str, index: int) -> dict[str, tuple[Callable[[bytes, int], bytes], int]]:
    """Return the name that a sentence gives to a proposal, and how it gets its id."""
    said = sentence.partition(" ")[2]
    found, amended = CORRECTION.fullmatch(said), AMENDMENT.fullmatch(said)
    name = (found and found.group(4)) or (amended and amended.group(5))
    return {name: (proposal_id, index)} if name else {}
