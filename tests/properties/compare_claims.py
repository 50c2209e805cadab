"""Claims of the law against the model's (rule 25): whose they are, what was said of them, how many."""

from contracts.records.onboarding import OnboardGround
from contracts.state.claim_rows import ClaimRow, ClaimStanding
from contracts.state.claims import answer_to
from contracts.state.layout import CLAIM_COUNTS, open_claims_key
from contracts.state.view import Overlay
from tests.properties.differ import require
from tests.properties.facts import PARTNER_NAMES, gln, item_key, kind_of
from tests.properties.mirror import Mirror
from tests.properties.model import Model
from tests.properties.model_onboarding import is_claim, open_claims


def answer_of(state: Overlay, key: bytes) -> tuple[str, bool]:
    """Return what was said of an item that was onboarded, and whether by a commission."""
    row = answer_to(state, key)
    return ("", False) if row is None else (ClaimStanding(row.standing).name.lower(), row.commissioned == 1)


def claimed_make(make: tuple[str, str, str], expiry: int, claim: ClaimRow) -> tuple[object, ...]:
    """Return a claimed source as the model says it: it has no line, hour or site."""
    kind, called, line = make
    sender = {gln(name): name for name in PARTNER_NAMES.values()}.get(claim.sender, "")
    ground = OnboardGround(claim.ground).name.lower()
    return (kind, f"{called}/{expiry}", line, 0, "", PARTNER_NAMES[claim.claimant], ground, sender)


def compare_claims(mirror: Mirror, model: Model) -> None:
    """Ask that the counts of open claims are those of the items themselves."""
    numbers = {name: number for number, name in PARTNER_NAMES.items()}
    claimed = {
        (thing.source[5], kind_of(item)) for item, thing in model.items.items() if is_claim(thing.source)
    }
    expected = {
        open_claims_key(numbers[claimant], item_key(f"{kind}-1")[1:7]): open_claims(model, claimant, kind)
        for claimant, kind in claimed
    }
    found = mirror.rows(CLAIM_COUNTS)
    require(found == expected, "open claims", law=found, model=expected)
