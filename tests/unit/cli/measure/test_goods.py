"""Goods and documents: reproducible, dealt out evenly, and such as the node's readers and the law take."""

import msgspec
import pytest

from cli.measure.goods import (
    PARTNERS,
    Moment,
    commissions,
    draw_serials,
    receive,
    receiver_of,
    ships,
)
from cli.testnet import shipped
from contracts.gs1.keys import pack_gln, pack_gtin
from network.testnet.manifest import read_manifest
from node.api.promises import Secret
from node.api.record_forms import DocumentForm
from node.api.records_json import read_document

MOMENT = Moment("2026-11-21T22:00:00.000Z", "2028-11-20")


def read(job):
    return read_document(msgspec.json.decode(job.body, type=DocumentForm), Secret(b"s" * 32)).document


def test_the_manifest_names_the_same_partners():
    manifest = read_manifest(shipped("bench").read_bytes())
    premises = {place.partner: place.gln for place in manifest.premises}
    gtins = {product.holder: product.gtin for product in manifest.products}
    found = [
        (node.name, node.partner, premises[node.partner], gtins[node.partner]) for node in manifest.nodes
    ]
    assert found == [(entry.node, entry.gln, entry.premises, entry.gtin) for entry in PARTNERS]
    assert {node.role for node in manifest.nodes} == {"validator"}


def test_serials_are_the_same_for_the_same_seed_and_never_twice():
    drawn = draw_serials("a", 5_000)
    assert drawn == draw_serials("a", 5_000)
    assert {len(serial) for serial in drawn} == {16}
    assert len({*drawn, *draw_serials("b", 5_000)}) == 10_000


def test_commissions_go_to_the_makers_in_turn():
    made = list(commissions("seed", 5, 3, MOMENT))
    assert [job.node for job, _packs in made] == [0, 1, 2, 3, 0]
    assert [(job.records, job.serials) for job, _packs in made] == [(1, 3)] * 5
    job, packs = made[1]
    (record,) = read(job).records
    assert record.gtin == pack_gtin(PARTNERS[1].gtin)
    assert packs == [f"(01){PARTNERS[1].gtin}(21){serial.decode()}" for serial in record.serials]


def test_no_pack_is_shipped_twice():
    packs = [[f"(01){partner.gtin}(21)S{at}" for at in range(3)] for partner in PARTNERS]
    jobs = [*ships(packs, 0, 6, MOMENT), *ships(packs, 6, 6, MOMENT)]
    items = [read(job).records[0].items for job in jobs]
    assert len(set(items)) == 12
    with pytest.raises(ValueError, match="13 shipments of 12 packs"):
        ships(packs, 6, 7, MOMENT)


def test_each_maker_sells_to_the_next_one():
    packs = [[f"(01){partner.gtin}(21)S"] for partner in PARTNERS]
    for job in ships(packs, 0, 4, MOMENT):
        (record,) = read(job).records
        assert record.receiver == pack_gln(PARTNERS[receiver_of(job.node)].gln)
        assert record.head.premises == pack_gln(PARTNERS[job.node].premises)


def test_a_receipt_names_the_shipment():
    (record,) = read(receive(2, "ab" * 16, MOMENT)).records
    assert (record.shipment, record.items) == (b"\xab" * 16, ())
