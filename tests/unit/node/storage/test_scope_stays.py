"""What is in the scope of a recall stays in its books, whatever its maker says of the product afterwards."""

import msgspec
import pytest

from contracts.chain.genesis import Market
from contracts.gs1.keys import pack_gtin, sgtin
from contracts.records.catalogue import DescribeProduct, ProductFacts
from contracts.records.quantities import EndQuantity, Line, MakeQuantity, QuantityEnd
from contracts.records.recall import (
    CloseRecall,
    OpenRecall,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    ReleaseFromRecall,
    ReleaseLot,
    Scope,
    recall_id,
)
from contracts.records.record import Record
from contracts.state.rows import Serialisation
from node.storage.custody import Custody
from node.storage.recalls import BooksView, Recalls
from tests.support.ledger import OneNode
from tests.support.parties import (
    EXPIRY,
    LOT,
    MAKER,
    PACK,
    PACK_GTIN,
    REGULATOR,
    build_test_genesis,
)

PACK_OF_GTIN = Scope(PACK, 0, b"", b"", 0, 0, b"", "", (), b"", b"")
BY_MARKET = msgspec.structs.replace(PACK_OF_GTIN, market="FR")


def desk(*markets: str) -> OneNode:
    """Return a network whose one product is made for these markets."""
    genesis = build_test_genesis()
    products = (msgspec.structs.replace(genesis.products[0], markets=markets), *genesis.products[1:])
    known = (*genesis.markets, Market("FR", "eu-fmd", 60))
    return OneNode(msgspec.structs.replace(genesis, markets=known, products=products))


def do(node: OneNode, record: Record) -> bytes:
    receipt = node.record(MAKER, record)
    assert receipt.code == "accepted", receipt
    return receipt.document_id


def says(node: OneNode, markets: tuple[str, ...], serialisation: Serialisation) -> None:
    """State the product anew."""
    facts = ProductFacts("Testol", "", "", markets, int(serialisation), 1, b"", 0, (), "", 0, "")
    do(node, DescribeProduct(node.head(MAKER), pack_gtin(PACK_GTIN), facts))


def opens(node: OneNode, scope: Scope, drill: int = 0) -> bytes:
    record = OpenRecall(
        *(node.head(MAKER), RecallKind.RECALL, drill, RecallOrigin.VOLUNTARY, RecallClass.UNCLASSIFIED),
        *(RecallDepth.RETAIL, RecallReason.OTHER, (scope,), b"", b"", 0),
    )
    return recall_id(do(node, record), 0)


def books(node: OneNode, recall: bytes) -> BooksView:
    with node.store.snapshot() as snapshot:
        found = Recalls(snapshot, Custody(snapshot)).books(recall)
    assert found is not None
    assert found.balance == 0
    return found


def test_markets_that_are_taken_off_a_product_take_nothing_off_a_recall() -> None:
    node = desk("DE", "FR")
    do(node, node.commission(["A1", "A2"]))
    recall = opens(node, BY_MARKET)
    says(node, ("DE",), Serialisation.SERIAL)
    assert books(node, recall).made == 2


def test_a_market_that_is_added_adds_nothing_that_was_never_marked() -> None:
    node = desk("DE")
    do(node, node.commission(["A1", "A2"]))
    says(node, ("DE", "FR"), Serialisation.SERIAL)
    made = node.commission(["B1"])
    do(node, msgspec.structs.replace(made, lot=b"L-2"))
    assert books(node, opens(node, BY_MARKET)).made == 1


SERIALS_10_TO_19 = msgspec.structs.replace(PACK_OF_GTIN, first_serial=b"10", last_serial=b"19")


def closes(node: OneNode, recall: bytes) -> None:
    closed = node.record(REGULATOR, CloseRecall(node.head(REGULATOR), recall))
    assert closed.code == "accepted", closed


@pytest.mark.parametrize("drill", [0, 1])
@pytest.mark.parametrize("scope", [PACK_OF_GTIN, SERIALS_10_TO_19], ids=["product", "range"])
def test_what_is_made_when_a_recall_is_over_is_not_in_its_books(drill: int, scope: Scope) -> None:
    node = desk("DE")
    do(node, node.commission(["10"]))
    recall = opens(node, scope, drill)
    do(node, msgspec.structs.replace(node.commission(["11"]), lot=b"L-2"))
    assert books(node, recall).made == 2
    closes(node, recall)
    do(node, msgspec.structs.replace(node.commission(["12"]), lot=b"L-3"))
    assert books(node, recall).made == 2


def test_a_serial_that_was_released_stays_in_the_books() -> None:
    node = desk("DE")
    do(node, node.commission(["10", "11"]))
    recall = opens(node, SERIALS_10_TO_19)
    released = ReleaseFromRecall(node.head(REGULATOR), recall, (sgtin(PACK_GTIN, "10"),))
    assert node.record(REGULATOR, released).code == "accepted"
    assert books(node, recall).made == 2


def test_packs_that_are_counted_from_now_on_leave_serials_in_the_books() -> None:
    node = desk("DE")
    do(node, node.commission(["A1", "A2"]))
    says(node, ("DE",), Serialisation.LOT)
    do(node, MakeQuantity(node.head(MAKER), PACK, LOT, EXPIRY, b"", 0, 40))
    found = books(node, opens(node, PACK_OF_GTIN))
    assert (found.made, found.accounts["on_hand"]) == (2, 2)
    assert [(one.lot, one.made, one.accounts["on_hand"]) for one in found.counted] == [("L-1", 40, 40)]


def test_packs_of_a_product_without_lots_are_in_the_books_until_they_are_released_and_after() -> None:
    node = desk("DE")
    says(node, ("DE",), Serialisation.NONE)
    do(node, MakeQuantity(node.head(MAKER), PACK, b"", 0, b"", 0, 40))
    by_site = msgspec.structs.replace(PACK_OF_GTIN, gtin=b"", site=MAKER.place)
    recalls = [opens(node, scope) for scope in (PACK_OF_GTIN, by_site)]
    used = EndQuantity(node.head(MAKER), QuantityEnd.EXPORTED, (Line(PACK, b"", 3),), b"")
    assert node.record(MAKER, used).code == "recalled"
    for recall in recalls:
        released = ReleaseLot(node.head(REGULATOR), recall, PACK, b"")
        assert node.record(REGULATOR, released).code == "accepted"
    do(node, used)
    for recall in recalls:
        found = books(node, recall)
        (counted,) = found.counted
        assert (found.made, counted.lot, counted.made) == (0, "", 40)
        assert (counted.accounts["on_hand"], counted.accounts["exported"]) == (37, 3)
