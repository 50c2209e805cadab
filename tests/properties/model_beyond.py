"""Rules 9 and 10 of contracts/LAW.md on the model: goods that go back."""

from tests.properties.facts import ROLES
from tests.properties.model import Guard
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.said import Said

TAKING_BACK = {"maker", "repackager", "returns_processor"}


def sale_of_return(judge: Judge, said: Said) -> Verdicts:
    """Ask whether only a return points at a sale, that at one to the signer, and who takes the goods."""
    if not said.sale:
        return
    yield {"sale_not_expected"} if said.purpose != "return" else set()
    sale = judge.model.shipments.get(said.sale)
    is_sale = sale is not None and sale.purpose == "sale" and sale.receiver == judge.signer
    yield set() if is_sale else {"sale_unknown"}
    takes = _sold(judge, said) or bool(ROLES[said.receiver] & TAKING_BACK)
    yield set() if takes else {"return_receiver"}


def _sold(judge: Judge, said: Said) -> bool:
    return judge.model.shipments[said.sale].sender == said.receiver


def own_returns(judge: Judge, said: Said) -> list[Guard]:
    """Ask whether own goods came with the sale named; and whether what is for disposal goes nowhere else."""
    model = judge.model

    def is_own(item: str) -> bool:
        return said.purpose == "return" and model.owner(item) == judge.signer

    return [
        ("sale_missing", lambda item: is_own(item) and not said.sale),
        ("not_of_that_sale", lambda item: is_own(item) and model.items[item].title != said.sale),
        (
            "for_disposal_only",
            lambda item: said.purpose != "disposal" and "for_disposal" in model.holds(item),
        ),
    ]


def held_on_receipt(judge: Judge, said: Said) -> str:
    """Return how the law holds what will be received."""
    if said.purpose == "disposal":
        return "for_disposal"
    if said.purpose != "return":
        return ""
    return "for_disposal" if said.sale and not _sold(judge, said) else "returned"
