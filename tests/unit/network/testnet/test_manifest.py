"""Manifests: those that come with Packtrail are whole, and what is wrong in one is said."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.gs1.keys import check_digit
from contracts.ledger.genesis_state import genesis_writes
from contracts.primitives import signing
from network.description import NodeRecord, PartnerRecord, add_node, build_genesis
from network.testnet import manifest as module
from network.testnet.manifest import InvalidManifest, Manifest, description_of, read_manifest
from tests.support.parties import seed_of

MANIFESTS = sorted((Path(module.__file__).parent / "manifests").glob("*.toml"))


def load(name: str) -> Manifest:
    (path,) = (path for path in MANIFESTS if path.stem == name)
    return read_manifest(path.read_bytes())


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_a_shipped_manifest_gives_a_genesis_that_the_law_takes(path):
    manifest = read_manifest(path.read_bytes())
    assert manifest.name == path.stem
    genesis = build_genesis(description_of(manifest), manifest.name, time_ms=1, is_test=True)
    for node in manifest.nodes:
        key = signing.public_key_of(seed_of(node.name))
        holds = (PartnerRecord(node.partner, key),) if node.role != "observer" else ()
        votes = key if node.role == "validator" else b""
        genesis = add_node(
            genesis, NodeRecord(node.name, node.role, node.name.encode(), node.partner, votes, holds)
        )
    assert genesis_writes(genesis)
    assert sum(node.role == "validator" for node in genesis.nodes) in (4, 7)


def with_digit(body: str) -> str:
    return f"{body}{check_digit(body)}"


def test_the_direct_purchase_has_the_parties_and_products_of_its_file():
    manifest = load("us-pharma")
    assert manifest.clock_start == datetime(2023, 4, 1, 9, tzinfo=UTC)
    assert (manifest.markets[0].profile, manifest.markets[0].utc_offset_minutes) == ("us-dscsa", -300)
    owner = {place.gln: place.partner for place in manifest.premises}
    maker, wholesaler = "0300011111116", "0399999999991"
    assert owner[with_digit("030001111111")] == maker
    assert owner[with_digit("030001111121")] == maker
    assert owner[with_digit("039999999999")] == wholesaler
    assert owner[with_digit("039999345678")] == wholesaler
    pack, case = manifest.products
    assert (pack.gtin, pack.serialisation) == (with_digit("0030001012345"), "serial")
    assert (case.gtin, case.contains_gtin, case.contains_count) == (with_digit("1030001012345"), pack.gtin, 4)
    assert {product.holder for product in manifest.products} == {maker}


def test_the_demonstration_has_four_validators_a_member_and_an_observer():
    roles = [node.role for node in load("demo").nodes]
    assert roles == ["validator"] * 4 + ["member", "observer"]


GOOD = """
name = "net"
[[markets]]
code = "NL"
profile = "eu-fmd"
utc_offset_minutes = 60
[[partners]]
gln = "9521101000009"
name = "Maker"
roles = ["maker"]
market = "NL"
[[nodes]]
name = "a"
role = "validator"
partner = "9521101000009"
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "net"', "", "name"),
        ('name = "net"', 'name = "Net"', "a-z, 0-9 and hyphen"),
        ('name = "net"', 'name = "net"\nnames = 1', "names"),
        ('name = "net"', 'name = "net"\nclock_start = 2023-04-01T09:00:00', "offset"),
        ('name = "net"', 'name = "net"\nports = { base = 80 }', "ports.base"),
        ('name = "net"', 'name = "net"\nports = { base = 65535 }', "ports.base"),
        ('role = "validator"', 'role = "member"', "none is a validator"),
        ('role = "validator"', 'role = "king"', "king"),
        ('role = "validator"', 'role = "validator"\npower = 0', "power"),
        ('name = "a"', 'name = "../a"', "nodes.name"),
        ('partner = "9521101000009"', 'partner = "9521104000006"', "nodes.a: no partner"),
        ('partner = "9521101000009"', 'also_for = ["9521104000006"]', "nodes.a: no partner"),
        ("[[nodes]]", '[[perturbations]]\naction = "kill"\nnode = "b"\n[[nodes]]', "perturbations[0].node"),
        ("[[nodes]]", '[[perturbations]]\naction = "kill"\nnode = "a"\nseconds = 0\n[[nodes]]', "seconds"),
        ("[[nodes]]", '[[perturbations]]\naction = "cut"\nnode = "a"\n[[nodes]]', "relays = true"),
        ("[[nodes]]", '[[perturbations]]\naction = "melt"\nnode = "a"\n[[nodes]]', "melt"),
        ("[[nodes]]", "[[nodes]", "line"),
        ("[[nodes]]", '[[nodes]]\nname = "a"\nrole = "member"\n[[nodes]]', "twice"),
    ],
)
def test_what_is_wrong_is_said(old, new, message):
    assert read_manifest(GOOD.encode()).nodes[0].name == "a"
    with pytest.raises(InvalidManifest) as error:
        read_manifest(GOOD.replace(old, new).encode())
    assert message in str(error.value)


def test_a_manifest_that_is_no_text():
    with pytest.raises(InvalidManifest):
        read_manifest(b"\xff")
