"""Records of products, places and who may make what: rule 24."""

from enum import IntEnum

import msgspec

from contracts.records.head import Head


class ProductFacts(msgspec.Struct, frozen=True, array_like=True):
    """What is stated of a trade item."""

    name: str
    """Name for people."""
    strength: str
    """Such as 10 mg; may be empty."""
    form: str
    """Pharmaceutical form, such as tablet; may be empty."""
    markets: tuple[str, ...]
    """Codes of the markets it is made for; the first decides when its expiry date ends."""
    serialisation: int
    """How its packs are told apart: 1 serial, 2 lot, 3 none."""
    units_per_pack: int
    """Smallest units in one pack."""
    contains_gtin: bytes
    """For a case: packed GTIN inside, else empty."""
    contains_count: int
    """For a case: how many of it, else 0."""
    national_numbers: tuple[str, ...]
    """NDC and other national numbers."""
    storage: str
    """Storage condition as the label says it; may be empty."""
    logger_required: int
    """1 when it travels with a temperature logger, else 0."""
    leaflet: str
    """Link to the leaflet; may be empty."""


class DescribeProduct(msgspec.Struct, frozen=True, array_like=True, tag=60):
    """Rule 24: a product is registered, or its marketing holder changes what is stated of it."""

    head: Head
    """When and where."""
    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    facts: ProductFacts
    """All that is stated of it from now on."""


class OfferProduct(msgspec.Struct, frozen=True, array_like=True, tag=61):
    """Rule 24: the marketing holder offers a product to another partner, or withdraws the offer."""

    head: Head
    """When and where."""
    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    partner: bytes
    """Packed party GLN of who may take it; empty to withdraw."""


class TakeProduct(msgspec.Struct, frozen=True, array_like=True, tag=62):
    """Rule 24: the partner that a product was offered to becomes its marketing holder."""

    head: Head
    """When and where."""
    gtin: bytes
    """Packed GTIN-14, 6 bytes."""


class DescribePremises(msgspec.Struct, frozen=True, array_like=True, tag=63):
    """Rule 24: a partner registers premises, or changes what is stated of its own."""

    head: Head
    """When; where it is signed need not be stated."""
    gln: bytes
    """Packed location GLN, 6 bytes."""
    name: str
    """Name for people."""
    address: str
    """Address for people; may be empty."""
    market: str
    """Code of the market it lies in."""
    kind: str
    """plant, warehouse, pharmacy, hospital, vehicle, office or other."""


class DelegationStep(IntEnum):
    """What happens to a delegation."""

    GIVEN = 1
    WITHDRAWN = 2


class Delegate(msgspec.Struct, frozen=True, array_like=True, tag=64):
    """Rule 24: the marketing holder lets a partner commission a product, or no more."""

    head: Head
    """When and where."""
    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    partner: bytes
    """Packed party GLN of the contract maker."""
    step: DelegationStep
    """Given or withdrawn."""
