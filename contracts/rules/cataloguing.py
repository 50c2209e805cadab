"""Rule 24: products, who may make them, and premises: registered and changed by those whose they are."""

from typing import Final, assert_never

import msgspec

from contracts.gs1.keys import is_valid_gln, is_valid_gtin, unpack_gln, unpack_gtin
from contracts.records.catalogue import (
    Delegate,
    DelegationStep,
    DescribePremises,
    DescribeProduct,
    OfferProduct,
    ProductFacts,
    TakeProduct,
)
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import signer_fault
from contracts.rules.verdict import Verdict
from contracts.state.directory import (
    add_premises,
    find_partner,
    find_premises,
    prefix_owner,
)
from contracts.state.layout import (
    AWAITED_GLNS,
    DELEGATIONS,
    MARKETS,
    PREMISES,
    PRODUCT_OFFERS,
    PRODUCTS,
    delegation_key,
    number_key,
    text_key,
)
from contracts.state.parties import HANDLING, MARKETING, is_party
from contracts.state.rows import NOBODY, PREMISES_KINDS, PremisesRow, ProductRow, Serialisation, TradeLane
from contracts.state.view import Overlay

MAX_TEXT: Final = 200
"""Longest name, address, condition or link, characters."""
MAX_NAMES: Final = 32
"""Most markets or national numbers of one product."""

_GIVEN: Final = 1


def describe_product(act: Act, record: DescribeProduct) -> Verdict | None:
    """Rule 24: the owner of the company prefix registers a product; its marketing holder changes it."""
    fault = signer_fault(act, record.head, MARKETING)
    if fault:
        return fault
    if not is_valid_gtin(record.gtin):
        return Verdict(Code.GTIN_INVALID, record.gtin)
    known = act.state.read(PRODUCTS, record.gtin)
    if known is None and not is_own_gtin(act, record.gtin):
        return Verdict(Code.PREFIX_NOT_OWN, record.gtin)
    if known is not None and not is_party(known.holder, act.signer):
        return Verdict(Code.NOT_PRODUCT_HOLDER, record.gtin)
    fault = facts_fault(act.state, record.gtin, record.facts) or _change_fault(known, record)
    if fault:
        return fault
    # After this point it must succeed.
    lanes = () if known is None else known.lanes
    act.state.write(PRODUCTS, record.gtin, product_row(act.signer, record.facts, lanes))
    return None


def is_own_gtin(act: Act, gtin: bytes) -> bool:
    """Tell whether a GTIN begins with a company prefix of the signer (behind the indicator digit)."""
    return is_party(prefix_owner(act.state, unpack_gtin(gtin)[1:]), act.signer)


def facts_fault(state: Overlay, gtin: bytes, facts: ProductFacts) -> Verdict | None:
    """Ask whether what is stated of a product makes sense: texts, markets, and what a pack or case holds."""
    texts = (facts.strength, facts.form, facts.storage, facts.leaflet, *facts.national_numbers)
    if not 0 < len(facts.name) <= MAX_TEXT or any(len(text) > MAX_TEXT for text in texts):
        return Verdict(Code.TEXT_INVALID, gtin)
    if max(len(facts.markets), len(facts.national_numbers)) > MAX_NAMES:
        return Verdict(Code.TEXT_INVALID, gtin)
    is_known = all(state.read(MARKETS, text_key(code)) is not None for code in facts.markets)
    if not facts.markets or len(set(facts.markets)) < len(facts.markets) or not is_known:
        return Verdict(Code.MARKET_UNKNOWN, gtin)
    is_case = facts.contains_gtin != b""
    if (
        facts.serialisation not in set(Serialisation)
        or facts.logger_required not in {0, 1}
        or facts.units_per_pack < 1
        or facts.contains_gtin == gtin
        or (facts.contains_count < 1 if is_case else facts.contains_count != 0)
    ):
        return Verdict(Code.CONTENTS_INVALID, gtin)
    if is_case and state.read(PRODUCTS, facts.contains_gtin) is None:
        return Verdict(Code.PRODUCT_UNKNOWN, facts.contains_gtin)
    return None


def _change_fault(known: ProductRow | None, record: DescribeProduct) -> Verdict | None:
    """Ask whether what a GTIN stands for stays: other contents need another GTIN."""
    facts = record.facts
    stated = (facts.units_per_pack, facts.contains_gtin, facts.contains_count)
    if known is not None and stated != (known.units_per_pack, known.contains_gtin, known.contains_count):
        return Verdict(Code.CONTENTS_FIXED, record.gtin)
    return None


def product_row(holder: int, facts: ProductFacts, lanes: tuple[TradeLane, ...]) -> ProductRow:
    """Return a product's row with these facts and trade lanes."""
    return ProductRow(
        holder,
        facts.markets,
        facts.serialisation,
        facts.units_per_pack,
        facts.contains_gtin,
        facts.contains_count,
        facts.name,
        facts.national_numbers,
        facts.strength,
        facts.form,
        facts.storage,
        facts.logger_required,
        facts.leaflet,
        lanes,
    )


def offer_product(act: Act, record: OfferProduct) -> Verdict | None:
    """Rule 24: a product is offered to another partner; it changes hands when that one takes it."""
    fault = signer_fault(act, record.head, MARKETING) or holder_fault(act, record.gtin)
    if fault:
        return fault
    if not record.partner:
        if act.state.read(PRODUCT_OFFERS, record.gtin) is None:
            return Verdict(Code.NOT_OFFERED, record.gtin)
        act.state.delete(PRODUCT_OFFERS, record.gtin)
        return None
    partner = find_other(act, record.partner)
    if isinstance(partner, Verdict):
        return partner
    # After this point it must succeed.
    act.state.write(PRODUCT_OFFERS, record.gtin, partner)
    act.tell(EventKind.PRODUCT_OFFERED, (), record.gtin, (partner,))
    return None


def holder_fault(act: Act, gtin: bytes) -> Verdict | None:
    """Ask whether a product is registered, and the signer its marketing holder."""
    product = act.state.read(PRODUCTS, gtin)
    if product is None:
        return Verdict(Code.PRODUCT_UNKNOWN, gtin)
    return None if is_party(product.holder, act.signer) else Verdict(Code.NOT_PRODUCT_HOLDER, gtin)


def find_other(act: Act, gln: bytes) -> int | Verdict:
    """Find a named partner that is not the signer."""
    found = find_partner(act.state, gln)
    if found is None:
        return Verdict(Code.PARTNER_UNKNOWN, gln)
    if is_party(found[0], act.signer):
        return Verdict(Code.PARTNER_IS_SIGNER, gln)
    return found[0]


def take_product(act: Act, record: TakeProduct) -> Verdict | None:
    """Rule 24: whom a product was offered to becomes its marketing holder; delegations and lots stay."""
    fault = signer_fault(act, record.head, MARKETING)
    if fault:
        return fault
    product = act.state.read(PRODUCTS, record.gtin)
    if product is None:
        return Verdict(Code.PRODUCT_UNKNOWN, record.gtin)
    offered_to = act.state.read(PRODUCT_OFFERS, record.gtin) or NOBODY
    if not is_party(offered_to, act.signer):
        return Verdict(Code.NOT_OFFERED, record.gtin)
    # After this point it must succeed.
    act.state.delete(PRODUCT_OFFERS, record.gtin)
    act.state.write(PRODUCTS, record.gtin, msgspec.structs.replace(product, holder=act.signer))
    act.tell(EventKind.PRODUCT_TAKEN, (), record.gtin, (product.holder,))
    return None


def delegate(act: Act, record: Delegate) -> Verdict | None:
    """Rule 24: the marketing holder lets a contract maker commission a product, or no more."""
    is_given = record.step == DelegationStep.GIVEN
    fault = signer_fault(act, record.head, MARKETING, licensed=is_given) or holder_fault(act, record.gtin)
    if fault:
        return fault
    partner = find_other(act, record.partner)
    if isinstance(partner, Verdict):
        return partner
    key = delegation_key(record.gtin, partner)
    is_known = act.state.read(DELEGATIONS, key) is not None
    match record.step:
        case DelegationStep.GIVEN:
            if is_known:
                return Verdict(Code.ALREADY_DELEGATED, record.partner)
            # After this point it must succeed.
            act.state.write(DELEGATIONS, key, _GIVEN)
            act.tell(EventKind.DELEGATION_GIVEN, (), record.gtin, (partner,))
        case DelegationStep.WITHDRAWN:
            if not is_known:
                return Verdict(Code.NOT_DELEGATED, record.partner)
            # After this point it must succeed.
            act.state.delete(DELEGATIONS, key)
            act.tell(EventKind.DELEGATION_WITHDRAWN, (), record.gtin, (partner,))
        case _:
            assert_never(record.step)
    return None


def describe_premises(act: Act, record: DescribePremises) -> Verdict | None:
    """Rule 24: a partner registers premises, or changes name, address or kind of its own."""
    fault = signer_fault(act, record.head, HANDLING)
    if fault:
        return fault
    if not is_valid_gln(record.gln):
        return Verdict(Code.GLN_INVALID, record.gln)
    fault = _gln_fault(act, record.gln)
    if fault:
        return fault
    texts = (record.name, record.address)
    if not record.name or any(len(text) > MAX_TEXT for text in texts) or record.kind not in PREMISES_KINDS:
        return Verdict(Code.TEXT_INVALID, record.gln)
    if act.state.read(MARKETS, text_key(record.market)) is None:
        return Verdict(Code.MARKET_UNKNOWN, record.gln)
    found = find_premises(act.state, record.gln)
    if found is not None and found[1].market != record.market:
        return Verdict(Code.MARKET_FIXED, record.gln)
    # After this point it must succeed.
    row = PremisesRow(record.gln, act.signer, record.market, record.name, record.address, record.kind)
    if found is None:
        add_premises(act.state, row)
    else:
        act.state.write(PREMISES, number_key(found[0]), row)
    return None


def _gln_fault(act: Act, gln: bytes) -> Verdict | None:
    """Ask whether a GLN is free or the signer's: nobody registers another's place, or under its prefix.

    Nor what is to be another's: the party GLN of a partner whose admission is decided (rule 22).
    """
    party, place = find_partner(act.state, gln), find_premises(act.state, gln)
    owners = [party[0]] if party is not None else []
    owners += [place[1].partner] if place is not None else []
    if not all(is_party(owner, act.signer) for owner in owners):
        return Verdict(Code.GLN_TAKEN, gln)
    if place is None and act.state.read(AWAITED_GLNS, gln) is not None:
        return Verdict(Code.GLN_AWAITED, gln)
    owner = prefix_owner(act.state, unpack_gln(gln))
    if place is None and owner != NOBODY and not is_party(owner, act.signer):
        return Verdict(Code.PREFIX_NOT_OWN, gln)
    return None
