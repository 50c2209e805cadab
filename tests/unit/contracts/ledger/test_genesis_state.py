"""Genesis as rows, and every reference in it that may be wrong."""

from collections.abc import Callable

import msgspec
import pytest

from contracts.chain.genesis import Delegation, Genesis, InvalidGenesis, Market, Node, PartnerKey
from contracts.chain.parameters import ConsensusTiming, Limits, Parameters, Tolerances
from contracts.ledger.execute import GENESIS_PREVIOUS, next_app_hash
from contracts.ledger.genesis_state import genesis_writes
from contracts.state.directory import find_partner, find_premises, limits, market, profile
from contracts.state.layout import DELEGATIONS, KEYS, PREFIX_OWNERS, PRODUCTS, delegation_key, text_key
from contracts.state.rows import KeyRow, Licence, Role, Serialisation
from contracts.state.view import Overlay
from tests.scenarios.law.world import GTINS, PARTY_GLN, PLACE_GLN, gln, gtin, lane_of, small_genesis

GENESIS = small_genesis()
WRONG_GLN = "4200000100012"


def replace(value: object, **changes: object) -> object:
    return msgspec.structs.replace(value, **changes)


def first(field: str, **changes: object) -> Genesis:
    """Return the genesis with the first row of a table changed."""
    head, *rest = getattr(GENESIS, field)
    return replace(GENESIS, **{field: (replace(head, **changes), *rest)})


def doubled(field: str) -> Genesis:
    """Return the genesis with the first row of a table standing there twice."""
    rows = getattr(GENESIS, field)
    return replace(GENESIS, **{field: (*rows, rows[0])})


def prefixes(*several: str) -> Genesis:
    return first("partners", company_prefixes=several)


def key(public_key: bytes, from_height: int = 1, until_height: int = 0) -> Genesis:
    return first("partners", keys=(PartnerKey(public_key, from_height, until_height),))


def case(**changes: object) -> Genesis:
    pack, second, *rest = GENESIS.products
    return replace(GENESIS, products=(pack, replace(second, **changes), *rest))


BAD: tuple[tuple[str, Callable[[], Genesis]], ...] = (
    ("parameters.limits.container_sources", lambda: small_genesis(Limits(container_sources=0))),
    ("parameters.limits.container_depth", lambda: small_genesis(Limits(container_depth=65))),
    ("parameters.limits.bundle_bytes", lambda: small_genesis(Limits(bundle_bytes=512 * 1024))),
    (
        "parameters.limits.bundle_bytes",
        lambda: small_genesis(Limits(bundle_bytes=32 << 20, block_bytes=1 << 30)),
    ),
    ("parameters.limits.bundle_weight", lambda: small_genesis(Limits(bundle_weight=19_999))),
    ("parameters.limits.block_bytes", lambda: small_genesis(Limits(block_bytes=1 << 19))),
    ("parameters.limits.block_weight", lambda: small_genesis(Limits(block_weight=19_999))),
    ("parameters.limits.block_bundles", lambda: small_genesis(Limits(block_bundles=100_000))),
    (
        "parameters.timing.delta_ms",
        lambda: replace(GENESIS, parameters=Parameters(timing=ConsensusTiming(delta_ms=-1))),
    ),
    (
        "parameters.tolerances.claimed_time_ms",
        lambda: replace(GENESIS, parameters=Parameters(tolerances=Tolerances(claimed_time_ms=0))),
    ),
    (
        "parameters.tolerances.bundle_lifetime_ms",
        lambda: replace(GENESIS, parameters=Parameters(tolerances=Tolerances(bundle_lifetime_ms=9_999))),
    ),
    (
        "parameters.timing.cap_ms",
        lambda: replace(GENESIS, parameters=Parameters(timing=ConsensusTiming(cap_ms=3_600_001))),
    ),
    ("parameters.limits.document_records", lambda: small_genesis(Limits(document_records=65_536))),
    (
        "parameters.limits.document_weight",
        lambda: replace(small_genesis(Limits(document_weight=5_000)), kind="production"),
    ),
    ("profiles: ", lambda: doubled("profiles")),
    ("profiles.eu-fmd.ship_deadline", lambda: first("profiles", ship_deadline_min_ms=-1)),
    ("profiles.eu-fmd.ship_deadline", lambda: first("profiles", ship_deadline_max_ms=1)),
    ("profiles.eu-fmd.sscc_reuse_days", lambda: first("profiles", sscc_reuse_days=-1)),
    ("profiles.eu-fmd.dispense_roles", lambda: first("profiles", dispense_roles=("witch",))),
    ("profiles.eu-fmd.onboard_items", lambda: first("profiles", onboard_items=-1)),
    ("profiles.eu-fmd.exempt_reasons", lambda: first("profiles", exempt_reasons=("whim",))),
    ("markets: ", lambda: replace(GENESIS, markets=())),
    ("markets: ", lambda: doubled("markets")),
    ("markets.DE.profile", lambda: first("markets", profile="none")),
    ("markets.DE.utc_offset_minutes", lambda: first("markets", utc_offset_minutes=841)),
    ("partners: ", lambda: doubled("partners")),
    (f"partners.{WRONG_GLN}.gln", lambda: first("partners", gln=WRONG_GLN)),
    (".market", lambda: first("partners", market="YY")),
    (".roles", lambda: first("partners", roles=())),
    (".roles", lambda: first("partners", roles=("maker", "witch"))),
    (".licence", lambda: first("partners", licence="lost")),
    (".keys", lambda: key(bytes(32))),
    (".keys", lambda: key(lane_of("Bulk"))),
    (".keys", lambda: key(lane_of("Acme"), 0)),
    (".keys", lambda: key(lane_of("Acme"), 5, 5)),
    (".company_prefixes", lambda: prefixes("123")),
    (".company_prefixes", lambda: prefixes("12x4")),
    (".company_prefixes", lambda: prefixes("4012345", "40123456")),
    (".company_prefixes", lambda: prefixes("4054")),
    ("premises: ", lambda: doubled("premises")),
    (f"premises.{WRONG_GLN}.gln", lambda: first("premises", gln=WRONG_GLN)),
    (".partner", lambda: first("premises", partner=PLACE_GLN["Hall"])),
    (".market", lambda: first("premises", market="YY")),
    (".kind", lambda: first("premises", kind="castle")),
    ("products: ", lambda: doubled("products")),
    (".gtin", lambda: first("products", gtin="04012345000018")),
    (".holder", lambda: first("products", holder=PLACE_GLN["Hall"])),
    (".markets", lambda: first("products", markets=())),
    (".markets", lambda: first("products", markets=("DE", "YY"))),
    (".serialisation", lambda: first("products", serialisation="some")),
    (".units_per_pack", lambda: first("products", units_per_pack=0)),
    (".contains_gtin", lambda: case(contains_gtin=GTINS["case"])),
    (".contains_gtin", lambda: case(contains_gtin="04012345000095")),
    (".contains_count", lambda: case(contains_count=0)),
    (".contains_count", lambda: case(contains_gtin="")),
    ("delegations", lambda: doubled("delegations")),
    (".gtin", lambda: replace(GENESIS, delegations=(Delegation("04012345000095", PARTY_GLN["Bulk"]),))),
    (".partner", lambda: replace(GENESIS, delegations=(Delegation(GTINS["pack"], PLACE_GLN["Hall"]),))),
    ("nodes.n1.partner", lambda: replace(GENESIS, nodes=(Node("n1", "member", b"c", PLACE_GLN["Hall"]),))),
)


@pytest.mark.parametrize(
    ("field", "build"), BAD, ids=[f"{at}-{name}" for at, (name, _build) in enumerate(BAD)]
)
def test_a_wrong_reference_is_refused_and_named(field: str, build: Callable[[], Genesis]) -> None:
    with pytest.raises(InvalidGenesis) as refused:
        genesis_writes(build())
    assert field in str(refused.value)


def test_every_table_of_genesis_becomes_rows() -> None:
    state = Overlay(dict(genesis_writes(GENESIS)))
    found = find_partner(state, gln("Idle"))
    assert found is not None
    number, row = found
    assert (number, row.name, row.licence) == (8, "Idle", Licence.SUSPENDED)
    assert row.roles == Role.MAKER | Role.WHOLESALER
    place = find_premises(state, gln("Annex"))
    assert place is not None
    assert (place[0], place[1].name, place[1].partner) == (4, "Annex", 2)
    assert find_partner(state, gln("Annex")) is None
    assert find_premises(state, gln("Idle")) is None
    assert state.read(KEYS, lane_of("Acme")) == KeyRow(1, 1, 0)
    assert state.read(PREFIX_OWNERS, text_key("4054321")) == 2
    assert state.read(DELEGATIONS, delegation_key(gtin("pack"), 7)) == 1
    product = state.require(PRODUCTS, gtin("case"))
    assert (product.holder, product.contains_gtin, product.contains_count) == (1, gtin("pack"), 4)
    assert state.require(PRODUCTS, gtin("syrup")).serialisation == Serialisation.LOT
    assert market(state, "XX").profile == "strict"
    assert profile(state, "DE").dispense_roles == Role.DISPENSER
    assert limits(state).container_depth == 8


def test_a_gtin_may_lie_outside_its_holders_prefix() -> None:
    assert genesis_writes(first("products", holder=PARTY_GLN["Bulk"]))


def test_writes_are_in_key_order_and_the_hash_is_that_of_a_previous_of_zeros() -> None:
    writes = genesis_writes(GENESIS)
    assert list(writes) == sorted(writes)
    assert all(value for _key, value in writes)
    assert next_app_hash(GENESIS_PREVIOUS, writes) != next_app_hash(
        GENESIS_PREVIOUS,
        genesis_writes(replace(GENESIS, markets=(*GENESIS.markets, Market("ZZ", "strict", 0)))),
    )
