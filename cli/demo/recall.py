"""The demonstration's recall: the lot is called back, partners answer, the books balance, and it is closed.

The city pharmacy has dispensed a pack already, and does not find another; the village pharmacy tries to
dispense one that is called back.
"""

import http.client
from typing import Any

from cli.demo.goods import PACK_GTIN, Goods, pack_item
from cli.demo.story import MAKER, PHARMACY, REGULATOR, VILLAGE, Story
from cli.failures import CommandError, Exit
from cli.http import NodeClient, segment


def run_recall(story: Story, goods: Goods) -> dict[str, Any]:
    """Call the lot back and see it through; return what happened.

    Raises:
        CommandError: Something went otherwise than it must.
    """
    scope = {"gtin": PACK_GTIN, "lot": goods.lot}
    terms = {"origin": "voluntary", "recall_class": "class_ii", "depth": "consumer", "reason": "labelling"}
    opening = story.record(MAKER, "open_recall", **terms, scope=[scope])
    opened = story.act(MAKER, f"calls lot {goods.lot} back", opening)
    recall = _opened(story.client(MAKER), opened)
    refused = _refused_dispensing(story, goods)
    _answer(story, recall)
    story.await_seen(REGULATOR)
    found = {
        "recall": recall,
        "lot": goods.lot,
        "dispensing_afterwards": refused,
        **_standing(story.client(REGULATOR), recall),
    }
    story.act(MAKER, "closes the recall", story.record(MAKER, "close_recall", recall=recall))
    story.await_seen(REGULATOR)
    found["standing"] = story.client(REGULATOR).get(f"/v1/recalls/{segment(recall)}")["standing"]
    _check(found)
    return found


def _opened(client: NodeClient, document: str) -> str:
    """Return the id of the recall that a document opened."""
    for recall in client.get("/v1/recalls")["recalls"]:
        if recall["standing"] == "open":
            full = client.get(f"/v1/recalls/{segment(recall['recall'])}")
            if full["document"] == document:
                return str(recall["recall"])
    raise CommandError(Exit.FAILED, f"the node knows no recall that document {document} opened")


def _refused_dispensing(story: Story, goods: Goods) -> str:
    """Try to dispense a pack that is called back; return why that is refused."""
    pack = pack_item(goods.cases[1].packs[0])
    answer = story.submit(VILLAGE, story.record(VILLAGE, "dispense", items=[pack]), record_refusal=False)
    code = answer.problem().code
    if answer.status != http.client.CONFLICT or code != "recalled":
        raise CommandError(
            Exit.FAILED, f"dispensing a recalled pack: {answer.status} {code}, expected recalled"
        )
    story.tell(f"{VILLAGE.node}: dispenses a pack that is called back: refused, {code}")
    return code


def _answer(story: Story, recall: str) -> None:
    """Let both pharmacies say what they found."""
    story.act(VILLAGE, "has read the notice", story.record(VILLAGE, "acknowledge_recall", recall=recall))
    counts = {PHARMACY: {"set_aside": 3, "dispensed": 1, "missing": 1}, VILLAGE: {"set_aside": 5}}
    for pharmacy, found in counts.items():
        answer = story.record(pharmacy, "respond_to_recall", recall=recall, **found)
        said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found.items())
        story.act(pharmacy, f"answers the recall: {said}", answer)


def _standing(client: NodeClient, recall: str) -> dict[str, Any]:
    """Return who was told, who answered, and the books."""
    books = client.get(f"/v1/recalls/{segment(recall)}/books")
    partners = client.get(f"/v1/recalls/{segment(recall)}/partners")
    return {
        "made": books["made"],
        "accounts": {name: count for name, count in books["accounts"].items() if count},
        "balance": books["balance"],
        "told": [line["partner"]["name"] for line in partners["partners"] if line["must_answer"]],
        "answered_percent": partners["responded_percent"],
        "overdue": partners["overdue"],
    }


def _check(found: dict[str, Any]) -> None:
    """Ask whether the recall went as it must.

    Raises:
        CommandError: It did not.
    """
    accounts = {"on_hand": 8, "dispensed": 1, "unaccounted": 1}
    seen = (found["accounts"], found["made"], found["balance"], found["answered_percent"], found["standing"])
    if seen != (accounts, 10, 0, 100, "closed"):
        raise CommandError(Exit.FAILED, f"the recall ended otherwise than it must: {found}")
