"""The words of rule 25.

Bulk onboards pack-1..2 of lot L1 expiring 2027-06-30 for non member from outside at Hall
    (for stock, import, non member; from outside unless said otherwise; also: from nobody, without evidence)
Acme vouches for pack-1              Acme disowns pack-1
"""

from collections.abc import Callable

from contracts.gs1.dates import parse_date
from contracts.gs1.keys import pack_gln
from contracts.primitives.hashing import HASH_BYTES
from contracts.records.head import Head
from contracts.records.onboarding import AnswerClaim, ClaimAnswer, Onboard, OnboardGround
from contracts.records.record import Record
from contracts.state.claim_rows import ClaimStanding
from contracts.state.claims import answer_to, claim_of
from contracts.state.places import Position
from contracts.state.view import Overlay
from tests.scenarios.law.words_beyond import OUTSIDE
from tests.scenarios.law.world import ROLES, gln, gtin

Listed = Callable[[str], tuple[bytes, ...]]
EVIDENCE = b"\x25" * HASH_BYTES
NOBODY = b"nobody"
"""Six bytes that are no GLN."""
VERBS = {"onboards", "vouches", "disowns"}


def onboarding(verb: str, head: Head, what: str, options: dict[str, str], listed: Listed) -> Record:
    """Build the record of a sentence with one of `VERBS`."""
    if verb == "vouches":
        return AnswerClaim(head, ClaimAnswer.CONFIRMED, listed(options["for"]))
    if verb == "disowns":
        return AnswerClaim(head, ClaimAnswer.DENIED, listed(what))
    ground = OnboardGround[options.get("for", "non member").upper().replace(" ", "_")]
    named = options.get("from", "outside")
    sender = pack_gln(OUTSIDE) if named == "outside" else NOBODY if named == "nobody" else gln(named)
    expiry = parse_date(options.get("expiring", "2027-06-30"))
    what, _space, without = what.partition(" without ")
    evidence = b"" if without else EVIDENCE
    keys = listed(what)
    kind = what.partition("-")[0]
    lot = options["of lot"].encode()
    return Onboard(head, ground, sender, evidence, gtin(kind), lot, expiry, tuple(key[7:] for key in keys))


def see_claim(state: Overlay, position: Position) -> list[str]:
    """Describe what is claimed of an item, and what was said of that; nothing of what its maker entered."""
    claim = claim_of(state, position.row)
    if claim is None:
        return []
    answer = answer_to(state, position.key)
    said = "" if answer is None else f", {ClaimStanding(answer.standing).name.lower()}"
    return [f"claimed by {list(ROLES)[claim.claimant - 1]}{said}"]
