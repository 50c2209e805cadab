"""Products whose packs carry no serials, for tests of the gateway, and how files write so many of them."""

import msgspec

from contracts.chain.genesis import Product
from contracts.gs1.keys import check_digit, pack_gtin
from tests.support.gateway import Desk, one_node_genesis
from tests.support.parties import MAKER, PARTIES, PREFIX, START_MS, description
from tests.unit.node.epcis.files import Event


def gtin(item: int) -> str:
    body = f"0{PREFIX}{item:05d}"
    return f"{body}{check_digit(body)}"


SYRUP = pack_gtin(gtin(70))
"""Counted by lots."""
PLASTER = pack_gtin(gtin(71))
"""Counted without lots."""
SYRUP_S1 = f"urn:epc:class:lgtin:{PREFIX}.000070.S1"
SYRUP_S2 = f"urn:epc:class:lgtin:{PREFIX}.000070.S2"
PLASTERS = f"urn:epc:idpat:sgtin:{PREFIX}.000071.*"
ILMD = {"cbvmda:itemExpirationDate": "2030-03-27"}


def counting_desk() -> Desk:
    """A ledger with a product that is counted by lots, and one that has none."""
    base = description()
    more = (
        Product(gtin(70), MAKER.gln, "Syrup", ("DE",), serialisation="lot"),
        Product(gtin(71), MAKER.gln, "Plaster", ("DE",), serialisation="none"),
    )
    network = msgspec.structs.replace(base, products=(*base.products, *more))
    return Desk(one_node_genesis(network, PARTIES, START_MS), PARTIES)


def amounts(*entries: tuple[str, float | str | None] | tuple[str, float, str]) -> list[Event]:
    """A quantity list: class, how many, and a unit when it has one."""
    fields = ("epcClass", "quantity", "uom")
    return [dict(zip(fields, entry, strict=False)) for entry in entries]
