"""Genesis as state: every row that it writes, after every reference between its tables was checked."""

from collections.abc import Iterable
from typing import Final

from contracts.chain.genesis import (
    TEST,
    Genesis,
    InvalidGenesis,
    Market,
    Partner,
    Premises,
    Product,
    Profile,
)
from contracts.gs1.dates import MAX_OFFSET_MINUTES
from contracts.gs1.keys import InvalidKey, pack_gln, pack_gtin
from contracts.primitives import signing
from contracts.records.exempt import ExemptReason
from contracts.records.record import HEAVIEST_PRICE
from contracts.state.concerned import add_regulator
from contracts.state.directory import PREFIX_DIGITS, add_partner, add_prefix, add_premises, overlaps_prefix
from contracts.state.evidence import write_first_window
from contracts.state.governance_rows import GovernanceRow, NodeRow, SetsRow, Validators
from contracts.state.governing import FIRST_RULES, put_node, sets, with_node
from contracts.state.layout import (
    DELEGATIONS,
    GOVERNANCE,
    KEYS,
    MARKETS,
    PRODUCTS,
    PROFILES,
    SOLE_KEY,
    VALIDATORS,
    delegation_key,
    text_key,
)
from contracts.state.parameters import parameters_faults, profile_faults, write_parameters
from contracts.state.rows import (
    PREMISES_KINDS,
    KeyRow,
    Licence,
    MarketRow,
    PartnerRow,
    PremisesRow,
    ProductRow,
    ProfileRow,
    Role,
    Serialisation,
)
from contracts.state.view import Overlay, Writes

ROLES: Final = {role.name.lower(): role for role in Role if role.name}
"""Roles by the names that genesis uses."""
EXEMPTIONS: Final = {reason.name.lower(): reason for reason in ExemptReason}
"""Exemptions by name."""
LICENCES: Final = {licence.name.lower(): licence for licence in Licence}
"""Licence standings by name."""
SERIALISATIONS: Final = {kind.name.lower(): kind for kind in Serialisation}
"""Kinds of serialisation by name."""


class _Nothing:
    """The state before genesis."""

    def get(self, key: bytes) -> bytes | None:  # noqa: ARG002 - a reader with nothing in it
        """Return None."""
        return None


def genesis_writes(genesis: Genesis) -> Writes:
    """Return the rows of genesis, in key order.

    Raises:
        InvalidGenesis: A reference, number or name is wrong; the message names the field and what is
        expected.
    """
    state = Overlay(_Nothing())
    _write_parameters(state, genesis)
    profiles = _write_profiles(state, genesis.profiles)
    markets = _write_markets(state, genesis.markets, profiles)
    partners = _write_partners(state, genesis.partners, markets)
    _write_premises(state, genesis.premises, partners, markets)
    _write_products(state, genesis.products, partners, markets)
    _write_delegations(state, genesis, partners)
    _write_nodes(state, genesis, partners)
    write_first_window(state, genesis.time_ms, sets(state).current)
    state.write(GOVERNANCE, SOLE_KEY, GovernanceRow(FIRST_RULES, ()))
    return state.changes()


def _require(condition: bool, field: str, expected: str) -> None:  # noqa: FBT001 - a guard, read aloud
    if not condition:
        raise InvalidGenesis(f"{field}: expected {expected}")


def _unique(names: Iterable[str], field: str) -> set[str]:
    """Return names as a set after asking that none stands there twice."""
    seen: set[str] = set()
    for name in names:
        _require(name not in seen, field, f"each name once, but {name!r} stands there twice")
        seen.add(name)
    return seen


def _gln(text: str, field: str) -> bytes:
    try:
        return pack_gln(text)
    except InvalidKey as error:
        raise InvalidGenesis(f"{field}: {error}") from error


def _gtin(text: str, field: str) -> bytes:
    try:
        return pack_gtin(text)
    except InvalidKey as error:
        raise InvalidGenesis(f"{field}: {error}") from error


def _write_parameters(state: Overlay, genesis: Genesis) -> None:
    for field, expected in parameters_faults(genesis.parameters):
        raise InvalidGenesis(f"parameters.{field}: expected {expected}")
    # A test network may do without recalls; nobody else can.
    is_roomy = genesis.kind == TEST or genesis.parameters.limits.document_weight > HEAVIEST_PRICE
    _require(
        is_roomy, "parameters.limits.document_weight", f"more than {HEAVIEST_PRICE}: a recall weighs that"
    )
    write_parameters(state, genesis.parameters)


def _write_profiles(state: Overlay, profiles: tuple[Profile, ...]) -> set[str]:
    names = _unique((profile.name for profile in profiles), "profiles")
    for profile in profiles:
        field = f"profiles.{profile.name}"
        row = ProfileRow(
            profile.ship_deadline_default_ms,
            profile.ship_deadline_min_ms,
            profile.ship_deadline_max_ms,
            _roles(profile.dispense_roles, f"{field}.dispense_roles"),
            profile.sscc_reuse_days,
            profile.reinstate_window_ms,
            profile.reinstate_exported,
            profile.recall_response_ms,
            profile.recall_closed_by_opener,
            profile.recall_released_by_opener,
            profile.successor_lifts_holds,
            _roles(profile.retail_roles, f"{field}.retail_roles"),
            _roles(profile.institution_roles, f"{field}.institution_roles"),
            profile.opening_supplies,
            profile.lanes_block,
            profile.onboard_until_ms,
            profile.onboard_items,
            _exemptions(profile.exempt_reasons, f"{field}.exempt_reasons"),
            profile.overage_items,
            profile.overage_claim_ms,
            profile.overage_answer_ms,
        )
        for name, expected in profile_faults(row):
            raise InvalidGenesis(f"{field}.{name}: expected {expected}")
        state.write(PROFILES, text_key(profile.name), row)
    return names


def _exemptions(names: tuple[str, ...], field: str) -> int:
    """Return the bits of named exemptions."""
    bits = 0
    for name in names:
        _require(name in EXEMPTIONS, field, f"exemptions out of {', '.join(EXEMPTIONS)}; got {name!r}")
        bits |= 1 << EXEMPTIONS[name]
    return bits


def _roles(names: tuple[str, ...], field: str) -> int:
    """Return the bits of named roles."""
    bits = Role(0)
    for name in names:
        _require(name in ROLES, field, f"roles out of {', '.join(ROLES)}; got {name!r}")
        bits |= ROLES[name]
    return int(bits)


def _write_markets(state: Overlay, markets: tuple[Market, ...], profiles: set[str]) -> set[str]:
    _require(bool(markets), "markets", "at least one")
    codes = _unique((market.code for market in markets), "markets")
    for market in markets:
        field = f"markets.{market.code}"
        _require(market.profile in profiles, f"{field}.profile", "the name of a profile")
        is_offset = abs(market.utc_offset_minutes) <= MAX_OFFSET_MINUTES
        _require(is_offset, f"{field}.utc_offset_minutes", f"-{MAX_OFFSET_MINUTES} to {MAX_OFFSET_MINUTES}")
        state.write(MARKETS, text_key(market.code), MarketRow(market.profile, market.utc_offset_minutes))
    return codes


def _write_partners(state: Overlay, partners: tuple[Partner, ...], markets: set[str]) -> dict[str, int]:
    _unique((partner.gln for partner in partners), "partners")
    numbers: dict[str, int] = {}
    for partner in partners:
        field = f"partners.{partner.gln}"
        gln = _gln(partner.gln, f"{field}.gln")
        _require(partner.market in markets, f"{field}.market", "the code of a market")
        _require(bool(partner.roles), f"{field}.roles", "at least one")
        _require(partner.licence in LICENCES, f"{field}.licence", f"one of {', '.join(LICENCES)}")
        row = PartnerRow(
            gln,
            partner.name,
            _roles(partner.roles, f"{field}.roles"),
            LICENCES[partner.licence],
            partner.market,
            partner.company_prefixes,
        )
        number = add_partner(state, row)
        _write_keys(state, partner, number)
        _write_prefixes(state, partner, number)
        numbers[partner.gln] = number
        if Role.REGULATOR & row.roles:
            add_regulator(state, number)
    return numbers


def _write_keys(state: Overlay, partner: Partner, number: int) -> None:
    for key in partner.keys:
        field = f"partners.{partner.gln}.keys"
        _require(signing.is_valid_public_key(key.public_key), field, "valid Ed25519 public keys")
        _require(state.read(KEYS, key.public_key) is None, field, "keys that are registered once")
        is_span = key.from_height > 0 and (key.until_height == 0 or key.from_height < key.until_height)
        _require(is_span, field, "0 < from_height < until_height, or until_height 0")
        state.write(KEYS, key.public_key, KeyRow(number, key.from_height, key.until_height))


def _write_prefixes(state: Overlay, partner: Partner, number: int) -> None:
    field = f"partners.{partner.gln}.company_prefixes"
    for prefix in partner.company_prefixes:
        is_number = prefix.isascii() and prefix.isdigit() and len(prefix) in PREFIX_DIGITS
        _require(is_number, field, f"4 to 12 digits; got {prefix!r}")
        _require(not overlaps_prefix(state, prefix), field, f"prefixes that begin no other; got {prefix}")
        add_prefix(state, prefix, number)


def _write_premises(
    state: Overlay, premises: tuple[Premises, ...], partners: dict[str, int], markets: set[str]
) -> None:
    _unique((place.gln for place in premises), "premises")
    for place in premises:
        field = f"premises.{place.gln}"
        gln = _gln(place.gln, f"{field}.gln")
        _require(place.partner in partners, f"{field}.partner", "a partner's GLN")
        _require(place.market in markets, f"{field}.market", "the code of a market")
        _require(place.kind in PREMISES_KINDS, f"{field}.kind", f"one of {', '.join(PREMISES_KINDS)}")
        row = PremisesRow(gln, partners[place.partner], place.market, place.name, place.address, place.kind)
        add_premises(state, row)


def _write_products(
    state: Overlay, products: tuple[Product, ...], partners: dict[str, int], markets: set[str]
) -> None:
    gtins = _unique((product.gtin for product in products), "products")
    for product in products:
        field = f"products.{product.gtin}"
        gtin = _gtin(product.gtin, f"{field}.gtin")
        _require(product.holder in partners, f"{field}.holder", "a partner's GLN")
        _require(bool(product.markets), f"{field}.markets", "at least one")
        _require(set(product.markets) <= markets, f"{field}.markets", "codes of markets")
        _require(product.serialisation in SERIALISATIONS, f"{field}.serialisation", "serial, lot or none")
        _require(product.units_per_pack > 0, f"{field}.units_per_pack", "more than 0")
        _require(product.logger_required in {0, 1}, f"{field}.logger_required", "0 or 1")
        _check_contents(product, gtins, field)
        row = ProductRow(
            partners[product.holder],
            product.markets,
            SERIALISATIONS[product.serialisation],
            product.units_per_pack,
            _gtin(product.contains_gtin, f"{field}.contains_gtin") if product.contains_gtin else b"",
            product.contains_count,
            product.name,
            product.national_numbers,
            product.strength,
            product.form,
            product.storage,
            product.logger_required,
            product.leaflet,
            (),
        )
        state.write(PRODUCTS, gtin, row)


def _check_contents(product: Product, gtins: set[str], field: str) -> None:
    """Ask whether a case says both what and how many it contains, and that is another product."""
    inside = product.contains_gtin
    _require(
        not inside or inside in gtins - {product.gtin}, f"{field}.contains_gtin", "another product's GTIN"
    )
    is_count = product.contains_count > 0 if inside else product.contains_count == 0
    _require(is_count, f"{field}.contains_count", "more than 0 with contains_gtin, else 0")


def _write_delegations(state: Overlay, genesis: Genesis, partners: dict[str, int]) -> None:
    products = {product.gtin for product in genesis.products}
    for delegation in genesis.delegations:
        field = f"delegations.{delegation.gtin}"
        _require(delegation.gtin in products, f"{field}.gtin", "a product's GTIN")
        _require(delegation.partner in partners, f"{field}.partner", "a partner's GLN")
        key = delegation_key(_gtin(delegation.gtin, field), partners[delegation.partner])
        _require(state.read(DELEGATIONS, key) is None, field, "each delegation once")
        state.write(DELEGATIONS, key, 1)


def _write_nodes(state: Overlay, genesis: Genesis, partners: dict[str, int]) -> None:
    voters: Validators = ()
    for node in genesis.nodes:
        _require(
            not node.partner or node.partner in partners, f"nodes.{node.name}.partner", "a partner's GLN"
        )
        partner = pack_gln(node.partner) if node.partner else b""
        row = NodeRow(node.role, node.certificate, partner, node.validator_key, node.power)
        put_node(state, node.name, row)
        voters = with_node(voters, node.name, row)
    state.write(VALIDATORS, SOLE_KEY, SetsRow(voters, voters, voters))
