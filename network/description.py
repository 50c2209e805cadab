"""What people write about a network before it exists, and how a genesis is built from it.

A description is a TOML (or JSON) file with the tables of LAW.md, "Parties, products, places": markets,
partners, premises, products, delegations, and what differs from the default parameters. It holds no keys:
each operator makes those, and hands over the public part (`NodeRecord`), which is added afterwards. So nobody
ever has to type a key, and no secret ever travels.

Nothing here reads a file, a clock or a key.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.chain.genesis import (
    GENESIS_VERSION,
    PRODUCTION,
    TEST,
    Delegation,
    Genesis,
    InvalidGenesis,
    Market,
    Node,
    Partner,
    PartnerKey,
    Premises,
    Product,
    Profile,
)
from contracts.chain.parameters import Parameters
from contracts.gs1.dates import MAX_TIME_MS

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS

PRESET_PROFILES: Final = (
    Profile(
        name="eu-fmd",
        ship_deadline_default_ms=14 * _DAY_MS,
        ship_deadline_min_ms=_HOUR_MS,
        ship_deadline_max_ms=90 * _DAY_MS,
        dispense_roles=("dispenser",),
        sscc_reuse_days=365,
        # Article 13: ten days.
        reinstate_window_ms=10 * _DAY_MS,
        reinstate_exported=1,
        # The marketing authorisation holder ends its recall; the authority has supervised it all along.
        recall_closed_by_opener=1,
        retail_roles=("dispenser",),
        # Article 23: wholesalers decommission for those who supply patients.
        institution_roles=("dispenser", "wholesaler"),
        # Article 28: a pack is decommissioned when it is first opened.
        opening_supplies=1,
        # Articles 4, 5 and 33: only makers put serials on packs and upload them, so nobody takes others in.
        onboard_until_ms=0,
        onboard_items=0,
        # No law names a time: goods are counted within days of a receipt, and a partner answers within ten.
        overage_items=100,
        overage_claim_ms=3 * _DAY_MS,
        overage_answer_ms=10 * _DAY_MS,
    ),
    Profile(
        name="us-dscsa",
        ship_deadline_default_ms=10 * _DAY_MS,
        ship_deadline_min_ms=_HOUR_MS,
        ship_deadline_max_ms=60 * _DAY_MS,
        dispense_roles=("dispenser",),
        sscc_reuse_days=365,
        reinstate_window_ms=10 * _DAY_MS,
        reinstate_exported=0,
        # 21 CFR 7.55: the agency decides that a recall is terminated.
        recall_closed_by_opener=0,
        # 21 USC 360eee-1(c)(4): who has suspect product in its possession quarantines and investigates it.
        successor_lifts_holds=1,
        retail_roles=("dispenser",),
        institution_roles=("dispenser",),
        opening_supplies=0,
        # A contract may bind where a product is sold; in the EU parallel trade is lawful (TFEU 34).
        lanes_block=1,
        # What partners buy from those who are no members comes in for good; a maker that confirms frees room.
        onboard_until_ms=MAX_TIME_MS,
        onboard_items=10_000,
        overage_items=100,
        overage_claim_ms=3 * _DAY_MS,
        overage_answer_ms=10 * _DAY_MS,
        # 21 USC 360eee(24)(B)(i)-(iii), (vii)-(ix), and 360eee(19).
        exempt_reasons=(
            *("affiliate", "common_control", "emergency", "office_use", "charity", "merger"),
            "specific_patient",
        ),
    ),
)
"""Profiles that a market may name without writing them out."""


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The network as people describe it."""

    markets: tuple[Market, ...]
    """Markets; the first is the network's own."""
    partners: tuple[Partner, ...]
    """Trading partners and regulators, without keys."""
    premises: tuple[Premises, ...] = ()
    """Places."""
    products: tuple[Product, ...] = ()
    """Trade items."""
    delegations: tuple[Delegation, ...] = ()
    """Contract makers."""
    profiles: tuple[Profile, ...] = ()
    """Profiles beside the preset ones."""
    parameters: Parameters = Parameters()
    """What differs from the default caps, tolerances and timers."""


class PartnerRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public part of one partner key."""

    gln: str
    """Party GLN of the partner whose bundles it signs."""
    public_key: bytes
    """32 bytes."""


class NodeRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public part of one node's keys: what its operator hands over (bytes are base64 in JSON)."""

    name: str
    """The node's name, unique in the network."""
    role: str
    """validator, member or observer."""
    certificate: bytes
    """Its self-made certificate, DER."""
    partner: str = ""
    """GLN of the partner that runs it; empty for none."""
    validator_key: bytes = b""
    """32 bytes for a validator, else empty."""
    partners: tuple[PartnerRecord, ...] = ()
    """The partner keys it holds."""
    checksum: str = ""
    """SHA-256 of all the rest, hex: a slip in a file that travels, or decays, is noticed. Empty: none."""


def sealed(record: NodeRecord) -> NodeRecord:
    """Return a record with the checksum of what it says."""
    return msgspec.structs.replace(record, checksum=_checksum(record))


def is_whole(record: NodeRecord) -> bool:
    """Tell whether a record says what it said when it was sealed; one without a checksum cannot tell."""
    return record.checksum in ("", _checksum(record))


def _checksum(record: NodeRecord) -> str:
    data = msgspec.json.encode(msgspec.structs.replace(record, checksum=""))
    return hashlib.sha256(data).hexdigest()


def build_genesis(
    description: Description, chain_id: str, *, time_ms: int, clock_offset_ms: int = 0, is_test: bool = False
) -> Genesis:
    """Build a genesis that has no nodes yet; `add_node` adds them.

    Args:
        description: The network.
        chain_id: Its name.
        time_ms: Start of the ledger, ms since 1970-01-01 UTC, by the network's clock (offset included).
        clock_offset_ms: For test networks: what nodes add to their system time.
        is_test: Whether it is a test network.

    Raises:
        InvalidGenesis: A market names a profile that is neither preset nor described.
    """
    return Genesis(
        version=GENESIS_VERSION,
        chain_id=chain_id,
        kind=TEST if is_test else PRODUCTION,
        time_ms=time_ms,
        clock_offset_ms=clock_offset_ms,
        parameters=description.parameters,
        profiles=_profiles_of(description),
        markets=description.markets,
        partners=description.partners,
        premises=description.premises,
        products=description.products,
        delegations=description.delegations,
        nodes=(),
    )


def _profiles_of(description: Description) -> tuple[Profile, ...]:
    """Return the described profiles and those preset ones that a market names."""
    described = {profile.name for profile in description.profiles}
    preset = {profile.name: profile for profile in PRESET_PROFILES if profile.name not in described}
    wanted = list(dict.fromkeys(market.profile for market in description.markets))
    for name in wanted:
        if name not in described and name not in preset:
            known = ", ".join(sorted(described | preset.keys()))
            raise InvalidGenesis(f"markets: no profile is called {name!r}; there are {known}")
    return (*description.profiles, *(preset[name] for name in wanted if name in preset))


def add_node(genesis: Genesis, record: NodeRecord, power: int = 1) -> Genesis:
    """Return `genesis` with a node, and the partner keys it holds.

    Args:
        genesis: Complete or not.
        record: The node's public part.
        power: Voting power, for a validator.

    Raises:
        InvalidGenesis: The name is taken, or a partner is not in genesis.
    """
    if any(node.name == record.name for node in genesis.nodes):
        raise InvalidGenesis(f"nodes: {record.name!r} is there already")
    known = {partner.gln for partner in genesis.partners}
    named = [record.partner, *(entry.gln for entry in record.partners)]
    for gln in filter(None, named):
        if gln not in known:
            raise InvalidGenesis(f"nodes.{record.name}: no partner has the GLN {gln}")
    votes = record.role == "validator"
    node = Node(
        name=record.name,
        role=record.role,
        certificate=record.certificate,
        partner=record.partner,
        validator_key=record.validator_key,
        power=power if votes else 0,
    )
    partners = tuple(_with_keys(partner, record.partners) for partner in genesis.partners)
    return msgspec.structs.replace(genesis, nodes=(*genesis.nodes, node), partners=partners)


def _with_keys(partner: Partner, records: Iterable[PartnerRecord]) -> Partner:
    added = tuple(PartnerKey(record.public_key) for record in records if record.gln == partner.gln)
    return msgspec.structs.replace(partner, keys=(*partner.keys, *added)) if added else partner
