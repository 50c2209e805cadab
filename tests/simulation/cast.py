"""Who plays in a simulated network: partners, products, and which node holds which key."""

import hashlib
from typing import Final, NamedTuple

import msgspec

from contracts.chain.genesis import Genesis, Market, Partner, Premises, Product
from contracts.gs1.keys import ItemKey, check_digit, pack_gtin, sgtin, sscc
from contracts.primitives import signing
from network.description import Description, NodeRecord, PartnerRecord, add_node, build_genesis
from node.pool.bundler import LaneKey
from tests.simulation.plan import Plan, stream
from tests.support.parties import Party

START_MS: Final = 1_790_000_000_000
"""Genesis' time; worlds begin a second later."""
CHAIN_ID: Final = "simulated-net"
MARKET: Final = "DE"
EXPIRY: Final = 22_000
"""2030-03-27, in days since 1970-01-01."""

SPARES: Final = ("w0", "w1", "w2")
"""Nodes that governance may admit as validators."""
_PREFIX: Final = "0614141"


def _with_check_digit(body: str) -> str:
    return f"{body}{check_digit(body)}"


def _party(number: int, name: str, *roles: str, prefixes: tuple[str, ...] = ()) -> Party:
    own, place = (_with_check_digit(f"{_PREFIX}{number:02d}{kind}") for kind in ("000", "001"))
    return Party(name, own, place, roles, prefixes)


MAKER: Final = _party(1, "maker", "maker", prefixes=(_PREFIX,))
WHOLESALER: Final = _party(2, "wholesaler", "wholesaler", prefixes=("0399999",))
RIVAL: Final = _party(3, "rival", "wholesaler", prefixes=("0388888",))
PHARMACY: Final = _party(4, "pharmacy", "dispenser")
CARRIER: Final = _party(5, "carrier", "carrier")
OTHER_PHARMACY: Final = _party(6, "other-pharmacy", "dispenser")
PARTIES: Final = (MAKER, WHOLESALER, RIVAL, PHARMACY, CARRIER, OTHER_PHARMACY)
BY_GLN: Final = {party.gln: party for party in PARTIES}

PACK_GTIN: Final = _with_check_digit(f"0{_PREFIX}00001")
CASE_GTIN: Final = _with_check_digit(f"5{_PREFIX}00001")
PACK: Final = pack_gtin(PACK_GTIN)
CASE: Final = pack_gtin(CASE_GTIN)


class Role(NamedTuple):
    """One node of the network."""

    name: str
    """Its name in genesis."""
    role: str
    """validator, member or observer."""
    keys: tuple[LaneKey, ...]
    """Partner keys it signs with."""
    validator_seed: bytes
    """32 bytes; empty for a node that does not vote."""
    is_spare: bool = False
    """Genesis does not know it: governance may admit it."""


class Cast(NamedTuple):
    """Everybody."""

    genesis: Genesis
    """The network."""
    roles: tuple[Role, ...]
    """Its nodes; validators first."""


def seed_of(name: str) -> bytes:
    """Return a 32-byte seed made from a name."""
    return hashlib.sha256(name.encode()).digest()


def certificate_of(name: str) -> bytes:
    """Return what stands for a node's certificate."""
    return f"certificate of {name}".encode()


def runner_of(name: str) -> Party:
    """Return the partner that runs a validator."""
    return PARTIES[int(name[1:]) % len(PARTIES)]


def pack_key(serial: str) -> ItemKey:
    """Return the item key of a pack."""
    return sgtin(PACK_GTIN, serial)


def pallet_key(number: int) -> ItemKey:
    """Return the item key of a logistic unit with the maker's prefix."""
    return sscc(_with_check_digit(f"1{_PREFIX}{number:09d}"))


def _lane(party: Party, number: int) -> LaneKey:
    seed = seed_of(f"lane {number} of {party.name}")
    return LaneKey(signing.public_key_of(seed), seed, party.gln)


def _deal(plan: Plan, holders: int) -> list[list[LaneKey]]:
    """Deal the partner keys to nodes that may hold some; the maker has two, so it can contradict itself."""
    random = stream(plan.seed, "cast")
    lanes = [_lane(party, 1) for party in PARTIES]
    lanes.append(_lane(MAKER, 2))
    random.shuffle(lanes)
    hands: list[list[LaneKey]] = [[] for _ in range(holders)]
    for at, lane in enumerate(lanes):
        hands[at % holders].append(lane)
    if plan.shares_lane:
        taken = random.choice(hands[0])
        hands[-1].append(taken)
    return hands


def make_cast(plan: Plan) -> Cast:
    """Cast a network; signatures must be simulated already if they are to be."""
    names = [(f"v{index}", "validator") for index in range(plan.size)]
    names += [("member", "member")] * plan.has_member
    hands = _deal(plan, len(names))
    names += [("observer", "observer")] * plan.has_observer
    hands += [[]] * plan.has_observer
    roles: list[Role] = []
    genesis = build_genesis(_description(plan), CHAIN_ID, time_ms=START_MS, is_test=True)
    for (name, role), hand in zip(names, hands, strict=True):
        seed = seed_of(f"vote of {name}") if role == "validator" else b""
        roles.append(Role(name, role, tuple(hand), seed))
        power = plan.powers[len(roles) - 1] if seed else 0
        genesis = add_node(genesis, _record(roles[-1]), power)
    keys = {key.public_key: key.partner for role in roles for key in role.keys}
    if plan.governs:
        roles += [Role(name, "validator", (), seed_of(f"vote of {name}"), is_spare=True) for name in SPARES]
    return Cast(_with_keys(genesis, keys), tuple(roles))


def _record(role: Role) -> NodeRecord:
    public_key = signing.public_key_of(role.validator_seed) if role.validator_seed else b""
    partner = runner_of(role.name).gln if role.validator_seed else ""
    return NodeRecord(role.name, role.role, certificate_of(role.name), partner, public_key)


def _with_keys(genesis: Genesis, owners: dict[bytes, str]) -> Genesis:
    """Register each partner key once, whoever holds it."""
    records = [PartnerRecord(gln, public_key) for public_key, gln in owners.items()]
    holder = NodeRecord("nobody", "observer", certificate_of("nobody"), partners=tuple(records))
    return _without("nobody", add_node(genesis, holder))


def _without(name: str, genesis: Genesis) -> Genesis:
    nodes = tuple(node for node in genesis.nodes if node.name != name)
    return msgspec.structs.replace(genesis, nodes=nodes)


def _description(plan: Plan) -> Description:
    return Description(
        markets=(Market(code=MARKET, profile="eu-fmd", utc_offset_minutes=60),),
        partners=tuple(
            Partner(party.gln, party.name, party.roles, MARKET, "active", party.prefixes) for party in PARTIES
        ),
        premises=tuple(
            Premises(party.premises, party.gln, f"{party.name} site", MARKET) for party in PARTIES
        ),
        products=(
            Product(PACK_GTIN, MAKER.gln, "Testol 10 mg", (MARKET,)),
            Product(
                *(CASE_GTIN, MAKER.gln, "Testol 10 mg, case", (MARKET,)),
                contains_gtin=PACK_GTIN,
                contains_count=4,
            ),
        ),
        parameters=plan.parameters,
    )
