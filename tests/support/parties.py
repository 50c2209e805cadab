"""A small network for tests: six partners, two products, and a genesis with keys made from names."""

import hashlib
from typing import Final, NamedTuple

from contracts.chain.genesis import Genesis, Market, Partner, Premises, Product
from contracts.chain.parameters import Parameters
from contracts.gs1.keys import check_digit, pack_gln, pack_gtin
from contracts.primitives import signing
from network.description import Description, NodeRecord, PartnerRecord, add_node, build_genesis
from node.pool.bundler import LaneKey

START_MS: Final = 1_790_000_000_000
"""2026-09-21T14:13:20Z: genesis' time."""
CHAIN_ID: Final = "test-net"
PREFIX: Final = "0614141"
"""The maker's company prefix."""


class Party(NamedTuple):
    """A partner of the test network."""

    name: str
    gln: str
    premises: str
    roles: tuple[str, ...]
    prefixes: tuple[str, ...] = ()

    @property
    def packed(self) -> bytes:
        """The party GLN as records carry it."""
        return pack_gln(self.gln)

    @property
    def place(self) -> bytes:
        """The GLN of its premises as records carry it."""
        return pack_gln(self.premises)


def _gln(body: str) -> str:
    return f"{body}{check_digit(body)}"


def _party(number: int, name: str, roles: tuple[str, ...], prefixes: tuple[str, ...] = ()) -> Party:
    return Party(name, _gln(f"0614141{number:02d}000"), _gln(f"0614141{number:02d}001"), roles, prefixes)


MAKER: Final = _party(1, "maker", ("maker",), (PREFIX,))
WHOLESALER: Final = _party(2, "wholesaler", ("wholesaler",), ("0399999",))
CARRIER: Final = _party(3, "carrier", ("carrier",))
PHARMACY: Final = _party(4, "pharmacy", ("dispenser",))
OTHER_PHARMACY: Final = _party(5, "other-pharmacy", ("dispenser",))
REGULATOR: Final = _party(6, "regulator", ("regulator",))
PARTIES: Final = (MAKER, WHOLESALER, CARRIER, PHARMACY, OTHER_PHARMACY, REGULATOR)

PACK_GTIN: Final = f"{'0' + PREFIX + '00001'}{check_digit('0' + PREFIX + '00001')}"
CASE_GTIN: Final = f"{'5' + PREFIX + '00001'}{check_digit('5' + PREFIX + '00001')}"
PACK: Final = pack_gtin(PACK_GTIN)
CASE: Final = pack_gtin(CASE_GTIN)
LOT: Final = b"L-1"
EXPIRY: Final = 22_000
"""2030-03-27, in days since 1970-01-01."""


def seed_of(name: str) -> bytes:
    """Return a 32-byte seed made from a name."""
    return hashlib.sha256(name.encode()).digest()


def validator_name(number: int) -> str:
    """Return the name of a validator node."""
    return f"node-{number}"


def validator_seed(number: int) -> bytes:
    """Return the seed of a validator's voting key."""
    return seed_of(f"validator {number}")


def lane_key(party: Party) -> LaneKey:
    """Return the key that signs a party's bundles."""
    seed = seed_of(f"lane of {party.name}")
    return LaneKey(signing.public_key_of(seed), seed, party.gln)


def sscc_text(number: int) -> str:
    """Return an SSCC of the maker, 18 digits."""
    body = f"1{PREFIX}{number:09d}"
    return f"{body}{check_digit(body)}"


def description(parameters: Parameters | None = None) -> Description:
    """Return the network as people describe it: one market under eu-fmd."""
    return Description(
        markets=(Market(code="DE", profile="eu-fmd", utc_offset_minutes=60),),
        partners=tuple(
            Partner(party.gln, party.name, party.roles, "DE", "active", party.prefixes) for party in PARTIES
        ),
        premises=tuple(Premises(party.premises, party.gln, f"{party.name} site", "DE") for party in PARTIES),
        products=(
            Product(PACK_GTIN, MAKER.gln, "Testol 10 mg", ("DE",)),
            Product(
                CASE_GTIN, MAKER.gln, "Testol 10 mg, case", ("DE",), contains_gtin=PACK_GTIN, contains_count=4
            ),
        ),
        parameters=parameters or Parameters(),
    )


def build_test_genesis(validators: int = 1, parameters: Parameters | None = None) -> Genesis:
    """Return a genesis with so many validators and one observer; every partner has one key."""
    genesis = build_genesis(description(parameters), CHAIN_ID, time_ms=START_MS, is_test=True)
    keys = tuple(PartnerRecord(party.gln, lane_key(party).public_key) for party in PARTIES)
    for number in range(validators):
        record = NodeRecord(
            validator_name(number),
            "validator",
            f"certificate of {number}".encode(),
            partner=PARTIES[number % len(PARTIES)].gln,
            validator_key=signing.public_key_of(validator_seed(number)),
            partners=keys if number == 0 else (),
        )
        genesis = add_node(genesis, record)
    return add_node(
        genesis, NodeRecord("observer", "observer", b"certificate of the observer", REGULATOR.gln)
    )
