"""Every table of state: its first key byte, its key, its row.

A state key is the table's byte and the packed key. Numbers in keys are big-endian, four bytes; a variable
part in the middle is preceded by one length byte; the last part needs none. So no two rows share a key, and a
prefix scan finds what belongs together. This module and `rows.py` are the whole layout (ADR 1).
"""

from typing import Final, Generic, TypeVar

from contracts.primitives.encoding import RowDecoder
from contracts.primitives.hashing import CERTIFICATE
from contracts.state.agreement_rows import ProposalRow
from contracts.state.claim_rows import ClaimAnswerRow, ClaimRow
from contracts.state.cold_rows import SessionRow, StorageRow
from contracts.state.ending_rows import EndingRow, RemainderRow
from contracts.state.evidence_rows import ConvictionsRow, WindowRow
from contracts.state.genealogy_rows import BatchRow
from contracts.state.governance_rows import (
    BallotRow,
    ChangesRow,
    GovernanceRow,
    NodeRow,
    ParametersRow,
    SetsRow,
    Validators,
)
from contracts.state.overage_rows import OverageRow
from contracts.state.quantity_rows import BookRow, LoadRow
from contracts.state.recall_rows import NumbersRow, RecallRow, ResponseRow
from contracts.state.rows import (
    ContainerRow,
    ItemRow,
    KeyRow,
    LimitsRow,
    LotRow,
    MandateRow,
    MarketRow,
    PartnerRow,
    PremisesRow,
    ProductRow,
    ProfileRow,
    RegulatorsRow,
    ShipmentRow,
    SourceRow,
)
from contracts.state.verification_rows import VerificationRow

RowT = TypeVar("RowT")

NUMBER_BYTES: Final = 4
SOURCE_BYTES: Final = 6
HEIGHT_BYTES: Final = 8
SOLE_KEY: Final = b""
"""Key of the only row of a table."""


class Table(Generic[RowT]):
    """One kind of rows."""

    __slots__ = ("decode", "is_directory", "name", "prefix", "row")

    def __init__(self, name: str, prefix: int, row: type[RowT], *, is_directory: bool = False) -> None:
        """Describe a table.

        Args:
            name: For people.
            prefix: First byte of its keys.
            row: Type of its rows.
            is_directory: Whether its rows are about who and what is registered: read by every record, seldom
                changed, and therefore kept decoded across blocks.
        """
        self.name = name
        self.prefix = bytes((prefix,))
        self.row = row
        self.decode = RowDecoder(row).decode
        self.is_directory = is_directory


LIMITS: Final = Table("limits", 0x01, LimitsRow, is_directory=True)
"""The only row: what the law reads of the parameters."""
PROFILES: Final = Table("profiles", 0x02, ProfileRow, is_directory=True)
"""By name."""
MARKETS: Final = Table("markets", 0x03, MarketRow, is_directory=True)
"""By code."""
PARTNERS: Final = Table("partners", 0x04, PartnerRow, is_directory=True)
"""By number."""
PARTNER_NUMBERS: Final = Table("partner numbers", 0x05, int, is_directory=True)
"""By packed party GLN."""
PREMISES: Final = Table("premises", 0x06, PremisesRow, is_directory=True)
"""By number."""
PREMISES_NUMBERS: Final = Table("premises numbers", 0x07, int, is_directory=True)
"""By packed location GLN."""
KEYS: Final = Table("keys", 0x08, KeyRow, is_directory=True)
"""By public key, 32 bytes."""
PRODUCTS: Final = Table("products", 0x09, ProductRow, is_directory=True)
"""By packed GTIN."""
DELEGATIONS: Final = Table("delegations", 0x0A, int, is_directory=True)
"""1, by packed GTIN and the delegate's number."""
PREFIX_OWNERS: Final = Table("company prefixes", 0x0B, int, is_directory=True)
"""Owner's number, by the digits of a GS1 company prefix."""
LANES: Final = Table("lanes", 0x10, int)
"""Sequence of the lane's last bundle, by public key."""
COUNTERS: Final = Table("counters", 0x11, int)
"""The last number given, by name."""
LOT_NUMBERS: Final = Table("lot numbers", 0x20, int)
"""By packed GTIN and lot."""
LOTS: Final = Table("lots", 0x21, LotRow)
"""By number."""
ORIGINS: Final = Table("origins", 0x22, int)
"""Source number, by `origin_key`."""
SOURCES: Final = Table("sources", 0x23, SourceRow)
"""By `source_key`."""
ITEMS: Final = Table("items", 0x30, ItemRow)
"""By item key: ONE row per serial."""
CONTAINERS: Final = Table("containers", 0x31, ContainerRow)
"""By item key."""
SHIPMENTS: Final = Table("shipments", 0x32, ShipmentRow)
"""By shipment id."""
REGULATORS: Final = Table("regulators", 0x40, RegulatorsRow, is_directory=True)
"""The only row: who hears of suspicions and findings."""
LAW_HOLDS: Final = Table("law's own holds", 0x41, int)
"""Height at which the law last held goods back in a partner's hands, by the partner's number."""
ENDINGS: Final = Table("endings", 0x44, EndingRow)
"""By item key: what ended in a way that may be undone."""
PRODUCT_OFFERS: Final = Table("product offers", 0x58, int)
"""Number of the partner that a product was offered to, by packed GTIN."""
STORAGE: Final = Table("storage profiles", 0x60, StorageRow, is_directory=True)
"""By packed GTIN."""
SESSIONS: Final = Table("sessions", 0x61, SessionRow)
"""By number."""
LOGGERS: Final = Table("loggers", 0x62, int)
"""Number of its last session, by logger key."""
HOLDINGS: Final = Table("holdings", 0x63, int)
"""Packs without serials in a party's hands, by `quantities.holding_key`."""
LOADS: Final = Table("loads", 0x64, LoadRow)
"""Packs without serials on their way, by shipment id."""
BOOKS: Final = Table("books", 0x65, BookRow)
"""By packed GTIN and lot."""
REMAINDERS: Final = Table("remainders", 0x45, RemainderRow)
"""By item key: packs that were opened."""
PROPOSALS: Final = Table("proposals", 0x50, ProposalRow)
"""By proposal id."""
BATCH_NUMBERS: Final = Table("batch numbers", 0x5A, int)
"""By packed GTIN and lot."""
BATCHES: Final = Table("batches", 0x5B, BatchRow)
"""By number."""
CLAIMED_LOTS: Final = Table("claimed lots", 0x51, int)
"""Lot number, by `claimed_lot_key`."""
CLAIMS: Final = Table("claims", 0x52, ClaimRow)
"""What is claimed of a source, by `source_key`."""
CLAIM_ANSWERS: Final = Table("answers to claims", 0x53, ClaimAnswerRow)
"""By item key: claimed items that were answered for."""
CLAIM_COUNTS: Final = Table("open claims", 0x54, int)
"""How many items a partner has claimed that nobody confirmed, by `open_claims_key`."""
CLAIM_LINKS: Final = Table("confirmed claims", 0x55, int)
"""1, by `source_key` of a claim and of a make that a commission confirmed some of it with."""
OVERAGES: Final = Table("overages", 0x56, OverageRow)
"""By `overage_key`: what a partner claimed to have got with a shipment, unannounced."""
OVERAGE_COUNTS: Final = Table("counts of overages", 0x57, int)
"""How many items were claimed with a shipment, by its id."""
FORMER_EXPIRIES: Final = Table("former expiries", 0x5C, NumbersRow)
"""Last days of use that a lot had before it was amended, by its number."""
MANDATES: Final = Table("mandates", 0x59, MandateRow, is_directory=True)
"""By `mandate_key`."""

RECALL_NUMBERS: Final = Table("recall numbers", 0x48, int)
"""By recall id."""
RECALLS: Final = Table("recalls", 0x49, RecallRow)
"""By number."""
RESPONSES: Final = Table("responses to recalls", 0x4A, ResponseRow)
"""By `response_key`."""
OPEN_RECALLS: Final = Table("open recalls", 0x4B, NumbersRow)
"""Numbers of the open recalls that name a product or a site, by `list_name`."""
LISTS: Final = Table("lists", 0x4C, NumbersRow)
"""Lists of lots and sources that recalls go through, by `list_name` (contracts/state/lists.py)."""
RELEASES: Final = Table("releases from recalls", 0x4D, NumbersRow)
"""Numbers of the recalls from which something was released though its lot's row says them: by item key, or by
a lot's number for its packs without serials (no item key is as short)."""
CONSUMPTIONS: Final = Table("consumptions", 0x4E, int)
"""Number of the source that an item was repacked into, by item key."""
VERIFICATIONS: Final = Table("verifications of packs to be opened", 0x4F, VerificationRow)
"""By item key: packs that one who may repack has looked at."""
AWAITED_GLNS: Final = Table("GLNs of partners to come", 0x5F, int)
"""Height from which on a partner is admitted, as was decided, by its packed party GLN."""
DESTINATIONS: Final = Table("whereto goods left", 0x5D, bytes)
"""Packed GLN of who outside the network was sent an item, by item key."""
NODES: Final = Table("nodes", 0x68, NodeRow)
"""By name."""
CERTIFICATES: Final = Table("node certificates", 0x69, str)
"""Name of the node, by `certificate_key`."""
VALIDATORS: Final = Table("validators", 0x6A, SetsRow, is_directory=True)
"""The only row: who votes on the blocks at the end of the chain."""
PARAMETERS: Final = Table("parameters", 0x6B, ParametersRow, is_directory=True)
"""The only row: what binds the next block."""
GOVERNANCE: Final = Table("governance", 0x6C, GovernanceRow, is_directory=True)
"""The only row: rules in force, and what is to act when."""
CHANGES: Final = Table("proposed changes", 0x6D, ChangesRow)
"""By proposal id."""
BALLOTS: Final = Table("ballots", 0x6E, BallotRow)
"""By proposal id."""
PREFIX_STEMS: Final = Table("beginnings of company prefixes", 0x6F, int)
"""How many registered company prefixes are longer than these digits and begin with them, by the digits."""
EVIDENCE_WINDOW: Final = Table("window of evidence", 0x70, WindowRow, is_directory=True)
"""The only row: how far back evidence reaches."""
PAST_SETS: Final = Table("validators of past heights", 0x71, Validators)
"""By the first height at which they vote: `height_key`."""
CONVICTIONS: Final = Table("convictions of validators", 0x72, ConvictionsRow)
"""By validator key, 32 bytes."""

TABLES: Final = (
    LIMITS,
    PROFILES,
    MARKETS,
    PARTNERS,
    PARTNER_NUMBERS,
    PREMISES,
    PREMISES_NUMBERS,
    KEYS,
    PRODUCTS,
    DELEGATIONS,
    PREFIX_OWNERS,
    LANES,
    COUNTERS,
    LOT_NUMBERS,
    LOTS,
    ORIGINS,
    SOURCES,
    ITEMS,
    CONTAINERS,
    SHIPMENTS,
    REGULATORS,
    LAW_HOLDS,
    ENDINGS,
    RECALL_NUMBERS,
    RECALLS,
    RESPONSES,
    OPEN_RECALLS,
    LISTS,
    RELEASES,
    CONSUMPTIONS,
    VERIFICATIONS,
    DESTINATIONS,
    AWAITED_GLNS,
    PRODUCT_OFFERS,
    STORAGE,
    SESSIONS,
    LOGGERS,
    HOLDINGS,
    LOADS,
    BOOKS,
    REMAINDERS,
    PROPOSALS,
    CLAIMED_LOTS,
    CLAIMS,
    CLAIM_ANSWERS,
    CLAIM_COUNTS,
    CLAIM_LINKS,
    OVERAGES,
    OVERAGE_COUNTS,
    MANDATES,
    BATCH_NUMBERS,
    BATCHES,
    FORMER_EXPIRIES,
    NODES,
    CERTIFICATES,
    VALIDATORS,
    PARAMETERS,
    GOVERNANCE,
    CHANGES,
    BALLOTS,
    PREFIX_STEMS,
    EVIDENCE_WINDOW,
    PAST_SETS,
    CONVICTIONS,
)


def number_key(number: int) -> bytes:
    """Return the key of the partner, premises, lot or session with this number."""
    return number.to_bytes(NUMBER_BYTES, "big")


def height_key(height: int) -> bytes:
    """Return the key of a row that belongs to a height."""
    return height.to_bytes(HEIGHT_BYTES, "big")


def text_key(text: str) -> bytes:
    """Return the key of a row that people named: a profile, a market, a company prefix."""
    return text.encode("utf-8")


def source_key(number: int) -> bytes:
    """Return the key of the source with this number."""
    return number.to_bytes(SOURCE_BYTES, "big")


def lot_key(gtin: bytes, lot: bytes) -> bytes:
    """Return the key of a lot."""
    return gtin + lot


def delegation_key(gtin: bytes, partner: int) -> bytes:
    """Return the key that says that a partner may commission a product."""
    return gtin + number_key(partner)


def mandate_key(principal: int, agent: int) -> bytes:
    """Return the key of what an agent may sign for a principal, both by number."""
    return number_key(principal) + number_key(agent)


def origin_key(lot: int, line: bytes, hour: int, site: int) -> bytes:
    """Return the key under which one make of a lot has its source number.

    Args:
        lot: Its number.
        line: 0 to 20 bytes.
        hour: Hours since 1970-01-01T00:00Z; 0 when not stated.
        site: Premises number; 0 when not stated.
    """
    return number_key(lot) + bytes((len(line),)) + line + number_key(hour) + number_key(site)


def claimed_lot_key(gtin: bytes, lot: bytes, expiry: int) -> bytes:
    """Return the key of a lot as somebody read it on goods that nobody on the ledger made."""
    return gtin + number_key(expiry) + lot


def claim_origin_key(lot: int, claimant: int, ground: int, sender: bytes, evidence: bytes) -> bytes:
    """Return the key under which a claim has its source number: 47 bytes, more than any `origin_key` has.

    Args:
        lot: Number of the claimed lot.
        claimant: Number of who brought the goods in.
        ground: An `OnboardGround`.
        sender: Packed party GLN, 6 bytes.
        evidence: Hash, 32 bytes.
    """
    return number_key(lot) + number_key(claimant) + bytes((ground,)) + sender + evidence


def open_claims_key(claimant: int, gtin: bytes) -> bytes:
    """Return the key of the count of a partner's open claims of a product."""
    return number_key(claimant) + gtin


def overage_key(claimant: int, item: bytes) -> bytes:
    """Return the key of what a partner, by number, claimed of an item."""
    return number_key(claimant) + item


def certificate_key(certificate: bytes) -> bytes:
    """Return the key under which a node's certificate is pinned."""
    return CERTIFICATE.hash(certificate)


def response_key(recall: int, partner: int) -> bytes:
    """Return the key of a partner's answer to a recall."""
    return number_key(recall) + number_key(partner)


def list_name(kind: bytes, *parts: bytes) -> bytes:
    """Return the name of a list, also the key of its open end.

    Args:
        kind: One byte: what is listed.
        parts: What it is listed for; each is preceded by its length.
    """
    return kind + b"".join(bytes((len(part),)) + part for part in parts)


def list_part_key(name: bytes, part: int) -> bytes:
    """Return the key of a list's full part, counted from 0: no name is the beginning of another."""
    return name + number_key(part)
