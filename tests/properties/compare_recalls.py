"""Whether a node's books of recalls say of every item in scope what the model does, and balance."""

from contracts.gs1.keys import pack_gtin, unpack_gln
from node.storage.recalls import BooksView
from tests.properties.compare_makes import KINDS
from tests.properties.differ import require
from tests.properties.facts import PARTNER_NAMES, gln
from tests.properties.kept import Kept
from tests.properties.model import Model
from tests.properties.model_books import Books, books

NAMES = {unpack_gln(gln(name)): name for name in PARTNER_NAMES.values()}
"""Partners by their GLNs."""


def compare_recalls(kept: Kept, model: Model, names: dict[bytes, str], recall_ids: dict[str, bytes]) -> None:
    """Ask of every recall, open or closed, what its books say: item by item, partner by partner.

    Args:
        kept: What a node has.
        model: The model.
        names: What the steps call the items.
        recall_ids: The recalls' ids by their names.

    Raises:
        Divergence: They disagree, or something that was made is in no account.
    """
    if not model.recalls:
        return
    recalls = kept.recalls()
    for name, found in model.recalls.items():
        identifier = recall_ids[name]
        expected = books(model, found)
        items = frozenset(names[one.key] for one in recalls.located(identifier))
        require(
            items == expected.items,
            f"in scope of {name}",
            law=items - expected.items,
            model=expected.items - items,
        )
        view, lines = recalls.books(identifier), recalls.partners(identifier)
        assert view is not None
        assert lines is not None
        accounts = {line.partner.gln: line.accounts for line in lines.partners if line.accounts}
        law = {NAMES[one]: counts for one, counts in accounts.items()}
        require(law == expected.accounts, f"accounts of {name}", law=law, model=expected.accounts)
        _compare_sums(name, view, expected)


def _compare_sums(name: str, view: BooksView, expected: Books) -> None:
    require(view.balance == 0, f"balance of {name}", law=view, model=0)
    require(
        sum(view.made_by.values()) == view.made == len(expected.items), f"made in {name}", law=view, model=0
    )
    sums = {account: count for account, count in view.accounts.items() if count}
    totals: dict[str, int] = {}
    for counts in expected.accounts.values():
        for account, count in counts.items():
            totals[account] = totals.get(account, 0) + count
    require(sums == totals, f"sums of {name}", law=sums, model=totals)
    despite = view.dispensed_despite_hold
    require(despite == expected.despite, f"despite in {name}", law=despite, model=expected.despite)
    counted = {(KINDS[pack_gtin(one.gtin)], one.lot): one for one in view.counted}
    found = {}
    for lot, one in counted.items():
        entered = {**one.accounts, "made": one.made}
        entered["on_hand"] += entered.pop("unaccounted")
        found[lot] = {account: count for account, count in entered.items() if count}
    require(found == expected.counted, f"counted in {name}", law=found, model=expected.counted)
    not_found = sum(one.accounts["unaccounted"] for one in view.counted)
    require(not_found == expected.not_found, f"not found in {name}", law=not_found, model=expected.not_found)
