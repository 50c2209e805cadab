"""The fixed network of the vectors: every field of genesis is used, and every key is made from a name."""

import hashlib
from typing import Final

from contracts.chain.genesis import (
    Delegation,
    Genesis,
    Market,
    Node,
    Partner,
    PartnerKey,
    Premises,
    Product,
    Profile,
)
from contracts.chain.parameters import Limits, Parameters, Tolerances
from contracts.gs1 import keys
from contracts.primitives import signing

CHAIN_ID: Final = "vectors-1"
START_MS: Final = 1_790_000_000_000
"""2026-09-21T13:33:20Z: genesis' time."""
EXPIRY: Final = 22_000
"""2030-03-27, in days since 1970-01-01."""


def seed(name: str) -> bytes:
    """Return the seed of a key: SHA-256 of its name."""
    return hashlib.sha256(name.encode()).digest()


def public_key(name: str) -> bytes:
    """Return the public key with a name."""
    return signing.public_key_of(seed(name))


def _checked(body: str) -> str:
    return f"{body}{keys.check_digit(body)}"


NAMES: Final = ("alder", "birch", "cedar", "dogwood", "elm")
"""Maker, wholesaler, carrier, pharmacy, regulator."""
PARTY: Final = {name: _checked(f"95060001000{at}") for at, name in enumerate(NAMES, start=1)}
"""Party GLNs."""
SITE: Final = {
    name: _checked(f"95060002000{at}")
    for at, name in enumerate(("plant", "depot", "hall", "hub", "shop"), start=1)
}
"""GLNs of premises."""
PACK_GTIN: Final = _checked("0950600010001")
CASE_GTIN: Final = _checked("1950600010001")
VALIDATORS: Final = {"node-a": 10, "node-b": 10, "node-c": 10, "node-d": 5}
"""Power by name."""


def party(name: str) -> bytes:
    """Return a party's packed GLN."""
    return keys.pack_gln(PARTY[name])


def site(name: str) -> bytes:
    """Return the packed GLN of premises."""
    return keys.pack_gln(SITE[name])


def pack(serial: str) -> bytes:
    """Return the item key of a pack."""
    return keys.sgtin(PACK_GTIN, serial)


def case(serial: str) -> bytes:
    """Return the item key of a case."""
    return keys.sgtin(CASE_GTIN, serial)


def pallet(number: int) -> bytes:
    """Return the item key of a logistic unit of the maker."""
    return keys.sscc(_checked(f"09506000{number:09d}"))


def _partner(name: str, role: str, market: str, prefixes: tuple[str, ...] = ()) -> Partner:
    lanes = (PartnerKey(public_key(f"lane of {name}")),)
    return Partner(PARTY[name], name.title(), (role,), market, "active", prefixes, lanes)


def _node(name: str, role: str, partner: str) -> Node:
    key = public_key(f"vote of {name}") if role == "validator" else b""
    certificate = f"certificate of {name}".encode()
    return Node(name, role, certificate, PARTY[partner], key, VALIDATORS.get(name, 0))


def vector_genesis() -> Genesis:
    """Return the genesis document."""
    partners = (
        _partner("alder", "maker", "EU", ("9506000",)),
        _partner("birch", "wholesaler", "EU"),
        _partner("cedar", "carrier", "EU"),
        _partner("dogwood", "dispenser", "US"),
        _partner("elm", "regulator", "US"),
    )
    owners = {"plant": "alder", "depot": "alder", "hall": "birch", "hub": "cedar", "shop": "dogwood"}
    premises = tuple(
        Premises(SITE[name], PARTY[owner], name.title(), "EU", f"1 {name.title()} Street")
        for name, owner in owners.items()
    )
    products = (
        Product(PACK_GTIN, PARTY["alder"], "Vectorol 5 mg", ("EU", "US"), national_numbers=("0001-0002-03",)),
        Product(
            *(CASE_GTIN, PARTY["alder"], "Vectorol 5 mg, case", ("EU",)),
            contains_gtin=PACK_GTIN,
            contains_count=4,
        ),
    )
    nodes = (
        _node("node-a", "validator", "alder"),
        _node("node-b", "validator", "birch"),
        _node("node-c", "validator", "cedar"),
        _node("node-d", "validator", "dogwood"),
        _node("watch", "observer", "elm"),
    )
    day_ms = 86_400_000
    return Genesis(
        version=1,
        chain_id=CHAIN_ID,
        kind="test",
        time_ms=START_MS,
        clock_offset_ms=-1_000,
        parameters=Parameters(
            limits=Limits(container_depth=4), tolerances=Tolerances(claimed_time_ms=60_000)
        ),
        profiles=(
            Profile("eu-fmd", 5 * day_ms, 3_600_000, 30 * day_ms, ("dispenser",), 365, 10 * day_ms, 1),
            Profile(
                "us-dscsa",
                4 * day_ms,
                3_600_000,
                60 * day_ms,
                ("dispenser", "wholesaler"),
                365,
                10 * day_ms,
                0,
                successor_lifts_holds=1,
            ),
        ),
        markets=(Market("EU", "eu-fmd", 60), Market("US", "us-dscsa", -300)),
        partners=partners,
        premises=premises,
        products=products,
        delegations=(Delegation(PACK_GTIN, PARTY["birch"]),),
        nodes=nodes,
    )
