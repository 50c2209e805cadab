"""Genesis: the document every node of a network starts from, and agrees on by its hash.

It is kept as JSON, so that people can read and compare it (keys and certificates in base64); its hash is
over the canonical encoding of its fields in order, so white space and key order in the file do not matter.
Names of parties, places and products are those of LAW.md, "Parties, products, places".
"""

import msgspec

from contracts.chain.parameters import Parameters, as_rows
from contracts.chain.validators import Validator, ValidatorSet
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import GENESIS, Hash

GENESIS_VERSION = 1
MAX_GENESIS_BYTES = 16 << 20
MAX_CHAIN_ID_CHARACTERS = 50
MAX_NUMBER = (1 << 53) - 1
"""No number in genesis is larger, or smaller than its negative: beyond it, JSON tools round."""
MAX_NODE_NAME_CHARACTERS = 63

PRODUCTION = "production"
TEST = "test"
NODE_ROLES = ("validator", "member", "observer")


class InvalidGenesis(ValueError):
    """A genesis document that no network may start from."""


class Market(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A market: which profile of the law applies there, and when its day ends."""

    code: str
    """ISO 3166 country code, or a name the network chose."""
    profile: str
    """Name of a profile below."""
    utc_offset_minutes: int
    """Fixed offset in which an expiry date ends at 24:00."""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every limit of the law that differs between markets."""

    name: str
    """`eu-fmd`, `us-dscsa`, or a network's own."""
    ship_deadline_default_ms: int
    """Time to receive a shipment when the sender names none."""
    ship_deadline_min_ms: int
    """Shortest deadline a sender may set."""
    ship_deadline_max_ms: int
    """Longest deadline a sender may set."""
    dispense_roles: tuple[str, ...]
    """Roles that may dispense to patients."""
    sscc_reuse_days: int
    """Days for which an empty SSCC rests before it may be introduced again."""
    reinstate_window_ms: int = 0
    """Time in which a partner may undo its own ending of an item; 0 for never."""
    reinstate_exported: int = 0
    """1 when an export may be undone too."""
    recall_response_ms: int = 259_200_000
    """Time to answer a recall when its opener names none: 72 hours."""
    recall_closed_by_opener: int = 0
    """1 when a recall's opener may close it, 0 when only a regulator may."""
    recall_released_by_opener: int = 0
    """1 when a recall's opener may release single items from it, 0 when only a regulator may."""
    successor_lifts_holds: int = 0
    """1 when who holds goods after the partner that locked, quarantined or suspected them may lift that."""
    retail_roles: tuple[str, ...] = ()
    """Roles that may sell to the public without dispensing."""
    institution_roles: tuple[str, ...] = ()
    """Roles that may supply persons and institutions that supply patients (FMD Article 23)."""
    opening_supplies: int = 0
    """1 when a pack is supplied from its first opening on, whatever is left in it."""
    lanes_block: int = 0
    """1 when a marketing holder may have sales outside its trade lanes refused, else 0."""
    onboard_until_ms: int = 0
    """Block time until which goods that nobody on the ledger made may be taken in; 0 for never."""
    onboard_items: int = 0
    """Most items of a product that one partner may have taken in and nobody confirmed."""
    exempt_reasons: tuple[str, ...] = ()
    """Exemptions (rule 20): affiliate, common_control, emergency, office_use, charity, merger,
    specific_patient."""
    overage_items: int = 100
    """Most items that a receiver may claim to have found, unannounced, with one shipment; 0 for none."""
    overage_claim_ms: int = 259_200_000
    """Time after a receipt in which it may claim them: 72 hours."""
    overage_answer_ms: int = 864_000_000
    """Time after a claim from which the holder of the items may contest it: ten days."""


class PartnerKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key that signs a partner's bundles: one lane."""

    public_key: bytes
    """32 bytes."""
    from_height: int = 1
    """First height at which it acts."""
    until_height: int = 0
    """First height at which it acts no more; 0 for open."""


class Partner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trading partner or regulator."""

    gln: str
    """Party GLN, 13 digits: the partner's name on the ledger."""
    name: str
    """Name for people."""
    roles: tuple[str, ...]
    """maker, repackager, wholesaler, parallel_distributor, importer, carrier, dispenser, returns_processor,
    agent, regulator."""
    market: str
    """Market of its seat."""
    licence: str = "active"
    """active, suspended or revoked."""
    company_prefixes: tuple[str, ...] = ()
    """GS1 company prefixes it owns, 4 to 12 digits; none may begin another."""
    keys: tuple[PartnerKey, ...] = ()
    """Keys of its lanes."""


class Premises(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place where a partner holds goods."""

    gln: str
    """Location GLN, 13 digits."""
    partner: str
    """GLN of the partner that runs it."""
    name: str
    """Name for people."""
    market: str
    """Market it lies in: decides the actor's duties."""
    address: str = ""
    """Address for people."""
    kind: str = "warehouse"
    """plant, warehouse, pharmacy, hospital, vehicle, office or other."""


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trade item: a pack's or a case's GTIN."""

    gtin: str
    """GTIN-14."""
    holder: str
    """GLN of the marketing holder."""
    name: str
    """Name for people."""
    markets: tuple[str, ...]
    """Markets it is made for; the first decides when its expiry date ends."""
    serialisation: str = "serial"
    """serial, lot or none."""
    units_per_pack: int = 1
    """Smallest units in one pack."""
    contains_gtin: str = ""
    """For a case: the GTIN inside."""
    contains_count: int = 0
    """For a case: how many of it."""
    national_numbers: tuple[str, ...] = ()
    """NDC and other national numbers."""
    strength: str = ""
    """Such as 10 mg."""
    form: str = ""
    """Pharmaceutical form, such as tablet."""
    storage: str = ""
    """Storage condition as the label says it."""
    logger_required: int = 0
    """1 when it travels with a temperature logger, else 0."""
    leaflet: str = ""
    """Link to the leaflet."""


class Delegation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a partner may commission another's product (a contract maker)."""

    gtin: str
    """GTIN-14."""
    partner: str
    """GLN of the delegate."""


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A node of the network and its pinned key."""

    name: str
    """Name for people, unique."""
    role: str
    """validator, member or observer."""
    certificate: bytes
    """Self-made X.509 certificate (DER) of the node key; its public key is what is pinned."""
    partner: str = ""
    """GLN of the partner that runs it; empty for none."""
    validator_key: bytes = b""
    """32 bytes for a validator, else empty."""
    power: int = 0
    """Voting power of a validator, else 0."""


class Genesis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole document."""

    version: int
    """1."""
    chain_id: str
    """Name of the network, 1 to 50 characters of a-z, 0-9 and hyphen."""
    kind: str
    """production or test."""
    time_ms: int
    """Start of the ledger: block 1 is later."""
    clock_offset_ms: int
    """Test networks only: what every node adds to its system time; 0 in production."""
    parameters: Parameters
    """Caps, tolerances and timers."""
    profiles: tuple[Profile, ...]
    """Profiles of the law."""
    markets: tuple[Market, ...]
    """Markets; the first is the network's own."""
    partners: tuple[Partner, ...]
    """Trading partners and regulators."""
    premises: tuple[Premises, ...]
    """Places."""
    products: tuple[Product, ...]
    """Trade items."""
    delegations: tuple[Delegation, ...]
    """Contract makers."""
    nodes: tuple[Node, ...]
    """Every node that may connect."""


def decode_genesis(data: bytes) -> Genesis:
    """Read a genesis document from its JSON file and check what can be checked without the law.

    Raises:
        InvalidGenesis: Not JSON of this form, or contradictory; the message names the field.
    """
    if len(data) > MAX_GENESIS_BYTES:
        msg = f"genesis has {len(data)} bytes, at most {MAX_GENESIS_BYTES} are read"
        raise InvalidGenesis(msg)
    try:
        genesis = msgspec.json.decode(data, type=Genesis)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        msg = f"genesis: {error}"
        raise InvalidGenesis(msg) from error
    check_genesis(genesis)
    return genesis


def encode_genesis(genesis: Genesis) -> bytes:
    """Return the document as indented JSON, the form in which it is kept and sent around."""
    return msgspec.json.format(msgspec.json.encode(genesis), indent=2) + b"\n"


def genesis_hash(genesis: Genesis) -> Hash:
    """Return the hash that nodes compare before they talk."""
    return GENESIS.hash(encode(as_rows(genesis)))


def validator_set(genesis: Genesis) -> ValidatorSet:
    """Return the validators that genesis names."""
    return ValidatorSet(
        Validator(node.validator_key, node.power) for node in genesis.nodes if node.role == "validator"
    )


def is_node_name(name: str) -> bool:
    """Tell whether a node may have this name: it stands in configurations, file names and addresses."""
    if not 0 < len(name) <= MAX_NODE_NAME_CHARACTERS or not name.isascii() or not name[0].isalnum():
        return False
    return all(character.isalnum() or character in "._-" for character in name)


def _require(condition: bool, message: str) -> None:  # noqa: FBT001 - a guard reads best this way
    if not condition:
        raise InvalidGenesis(message)


def check_genesis(genesis: Genesis) -> None:
    """Check version, name, clock, nodes and keys; references between tables are the law's to check.

    Raises:
        InvalidGenesis: The message names the field and what is expected.
    """
    _require(genesis.version == GENESIS_VERSION, f"version: {genesis.version}, expected {GENESIS_VERSION}")
    name = genesis.chain_id
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789-")
    _require(
        0 < len(name) <= MAX_CHAIN_ID_CHARACTERS and set(name) <= allowed,
        f"chain_id: {name!r}, expected 1 to {MAX_CHAIN_ID_CHARACTERS} of a-z, 0-9 and hyphen",
    )
    _require(genesis.kind in (PRODUCTION, TEST), f"kind: {genesis.kind!r}, expected production or test")
    _require(
        genesis.kind == TEST or genesis.clock_offset_ms == 0,
        "clock_offset_ms: a production network runs on real time; the test clock needs kind = test",
    )
    _check_numbers(genesis, "genesis")
    _check_nodes(genesis)
    try:
        validator_set(genesis)
    except ValueError as error:
        raise InvalidGenesis(str(error)) from error


def _check_numbers(value: object, field: str) -> None:
    """Ask that every number keeps its value in other JSON tools, and leaves room for sums of times."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _check_numbers(getattr(value, name), f"{field}.{name}")
    elif isinstance(value, tuple):
        for at, entry in enumerate(value):
            _check_numbers(entry, f"{field}[{at}]")
    elif isinstance(value, int):
        _require(abs(value) <= MAX_NUMBER, f"{field}: {value}, expected at most {MAX_NUMBER} either way")


def _check_nodes(genesis: Genesis) -> None:
    names = [node.name for node in genesis.nodes]
    _require(len(set(names)) == len(names), "nodes: a name stands there twice")
    certificates = [node.certificate for node in genesis.nodes]
    _require(len(set(certificates)) == len(certificates), "nodes: a certificate stands there twice")
    for node in genesis.nodes:
        _require(
            is_node_name(node.name),
            f"nodes: the name {node.name!r}, expected 1 to {MAX_NODE_NAME_CHARACTERS} letters, digits, dots,"
            " hyphens or underscores, a letter or digit first",
        )
        _require(node.role in NODE_ROLES, f"nodes.{node.name}.role: {node.role!r}, expected {NODE_ROLES}")
        votes = node.role == "validator"
        _require(
            votes == bool(node.validator_key) and votes == (node.power > 0),
            f"nodes.{node.name}: a validator, and only a validator, has a validator_key and power",
        )
        _require(
            not votes or signing.is_valid_public_key(node.validator_key),
            f"nodes.{node.name}.validator_key: not a valid Ed25519 public key",
        )
