"""The rows of state: fixed-position arrays, one struct per table.

Partners and premises stand in rows as small numbers, given in the order of registration from 1; 0 means none,
or, as the setter of a hold, the law itself. Rows are never changed in place: a rule writes a new one.
Changing a field here changes the app hash of every network.
"""

from enum import IntEnum, IntFlag
from typing import Final

import msgspec

NOBODY: Final = 0
"""The number that no partner and no premises has."""

SEVERAL: Final = -1
"""The number that stands for more partners than one."""

THE_LAW: Final = 0
"""Setter of a hold that no partner set."""


ALL_MAKES: Final = 0
"""In the mark of a lot: every make of it."""

MAKES_PER_LOT: Final = 1 << 16
"""How far the source numbers of two lots lie apart."""

MAX_MAKES: Final = MAKES_PER_LOT - 1
"""Most makes of one lot."""


class Role(IntFlag):
    """What a partner is licensed to do (LAW, Parties); a partner may have several."""

    MAKER = 1
    REPACKAGER = 2
    WHOLESALER = 4
    PARALLEL_DISTRIBUTOR = 8
    IMPORTER = 16
    CARRIER = 32
    DISPENSER = 64
    RETURNS_PROCESSOR = 128
    AGENT = 256
    REGULATOR = 512


PREMISES_KINDS: Final = ("plant", "warehouse", "pharmacy", "hospital", "vehicle", "office", "other")
"""Kinds of premises."""


class Licence(IntEnum):
    """Standing of a partner's licence."""

    ACTIVE = 1
    SUSPENDED = 2
    REVOKED = 3


class Serialisation(IntEnum):
    """How the packs of a product are told apart."""

    SERIAL = 1
    LOT = 2
    NONE = 3


class Life(IntEnum):
    """How far an item's life has come (LAW, facets); all but the first are ends."""

    ACTIVE = 1
    SUPPLIED = 2
    DESTROYED = 3
    STOLEN = 4
    PARTLY_DISPENSED = 5
    EXPORTED = 6
    SAMPLE = 7
    FREE_SAMPLE = 8
    CHECKED_OUT = 9
    CONSUMED = 10
    OUTSIDE = 11
    LOST = 12
    BURNED = 13


class HoldKind(IntEnum):
    """Why an item may not be sold, packed or dispensed for now."""

    QUARANTINED = 1
    LOCKED = 2
    SUSPECT = 3
    ILLEGITIMATE = 4
    COLD_CHAIN = 5
    """Never stored: what the sessions of an item say (`contracts/state/sessions.py`)."""
    OVERDUE = 6
    RECALLED = 7
    WITHDRAWN = 8
    RETURNED = 9
    UNCONFIRMED = 10
    FOR_DISPOSAL = 11
    CLAIMED = 12


class ShipmentStanding(IntEnum):
    """What became of a shipment; item rows that name it are read by this (see `places.settle`)."""

    OUTSTANDING = 1
    RECEIVED = 2
    REFUSED = 3
    VOIDED = 4
    VOIDED_LATE = 5


class LimitsRow(msgspec.Struct, frozen=True, array_like=True):
    """What the law reads of the network's parameters."""

    claimed_time_ms: int
    """How far a claimed time may lie after block time."""
    bundle_lifetime_ms: int
    """How far a bundle's expiry may lie after block time."""
    container_sources: int
    """Most different sources inside one container."""
    container_depth: int
    """Most levels of packing."""


class MarketRow(msgspec.Struct, frozen=True, array_like=True):
    """A market."""

    profile: str
    """Name of the profile that applies there."""
    utc_offset_minutes: int
    """Fixed offset in which an expiry date ends at 24:00."""


class ProfileRow(msgspec.Struct, frozen=True, array_like=True):
    """Limits of the law that differ between markets."""

    ship_deadline_default_ms: int
    """Time to receive when the sender names none."""
    ship_deadline_min_ms: int
    """Shortest time a sender may name."""
    ship_deadline_max_ms: int
    """Longest time a sender may name."""
    dispense_roles: int
    """`Role` bits that may dispense to patients."""
    sscc_reuse_days: int
    """Days for which an emptied SSCC rests."""
    reinstate_window_ms: int
    """Time after an ending in which its own partner may undo it; 0 for never."""
    reinstate_exported: int
    """1 when an export may be undone too."""
    recall_response_ms: int
    """Time to answer a recall when its opener names none."""
    recall_closed_by_opener: int
    """1 when a recall's opener may close it, 0 when only a regulator may."""
    recall_released_by_opener: int
    """1 when a recall's opener may release single items from it, 0 when only a regulator may."""
    successor_lifts_holds: int
    """1 when who holds goods after the partner that locked, quarantined or suspected them may lift that."""
    retail_roles: int
    """`Role` bits that may sell to the public without dispensing."""
    institution_roles: int
    """`Role` bits that may supply persons and institutions that supply patients (FMD Article 23)."""
    opening_supplies: int
    """1 when a pack is supplied from its first opening on, whatever is left in it."""
    lanes_block: int
    """1 when sales outside trade lanes may be refused, 0 when they are flagged only."""
    onboard_until_ms: int
    """Block time until which goods that nobody on the ledger made may be taken in; 0 for never."""
    onboard_items: int
    """Most items of a product that one partner may have taken in and nobody confirmed."""
    exempt_reasons: int
    """Bits, by the number of an `ExemptReason`: why goods may go to who could not buy them."""
    overage_items: int
    """Most items that a receiver may claim to have found with one shipment."""
    overage_claim_ms: int
    """Time after a receipt in which it may claim them."""
    overage_answer_ms: int
    """Time after a claim from which the holder of the items may contest it."""


class PartnerRow(msgspec.Struct, frozen=True, array_like=True):
    """A trading partner or regulator."""

    gln: bytes
    """Packed party GLN, 6 bytes."""
    name: str
    """Name for people."""
    roles: int
    """`Role` bits."""
    licence: int
    """A `Licence`."""
    market: str
    """Market of its seat."""
    company_prefixes: tuple[str, ...]
    """GS1 company prefixes it owns, as digits."""


class RegulatorsRow(msgspec.Struct, frozen=True, array_like=True):
    """Who watches over the network: told of every suspicion and finding."""

    partners: tuple[int, ...]
    """Numbers of the partners that are regulators, ascending."""


class PremisesRow(msgspec.Struct, frozen=True, array_like=True):
    """A place where a partner holds goods."""

    gln: bytes
    """Packed location GLN, 6 bytes."""
    partner: int
    """Number of the partner that runs it."""
    market: str
    """Market it lies in."""
    name: str
    """Name for people."""
    address: str
    """Address for people."""
    kind: str
    """plant, warehouse, pharmacy …"""


class KeyRow(msgspec.Struct, frozen=True, array_like=True):
    """Whose lane a signing key is."""

    partner: int
    """Number of the partner it signs for."""
    from_height: int
    """First height at which it acts."""
    until_height: int
    """First height at which it acts no more; 0 for open."""

    def acts_at(self, height: int) -> bool:
        """Tell whether it signs bundles of the block at a height."""
        return self.from_height <= height and not 0 < self.until_height <= height


class MandateRow(msgspec.Struct, frozen=True, array_like=True):
    """What an agent may sign for a partner."""

    kinds: tuple[int, ...]
    """Tags of records, ascending."""
    premises: tuple[int, ...]
    """Numbers of the premises that such a record must state, ascending; none for no such condition."""
    until_height: int
    """First height at which it may sign no more."""


class TradeLane(msgspec.Struct, frozen=True, array_like=True):
    """To whom a product, or one lot of it, is to be sold."""

    lot: bytes
    """Lot; empty for all that have no lane of their own."""
    receivers: tuple[int, ...]
    """Numbers of partners that may receive it whatever their role and market, ascending."""
    roles: int
    """`Role` bits of which any other receiver has one; 0 for no such condition."""
    markets: tuple[str, ...]
    """Markets in one of which any other receiver gets it; none for no such condition."""
    blocks: int
    """1 when sales elsewhere are refused, where the profile allows; else they are flagged."""


class ProductRow(msgspec.Struct, frozen=True, array_like=True):
    """A trade item."""

    holder: int
    """Number of the marketing holder."""
    markets: tuple[str, ...]
    """Markets it is made for; the first decides when its expiry date ends."""
    serialisation: int
    """A `Serialisation`."""
    units_per_pack: int
    """Smallest units in one pack."""
    contains_gtin: bytes
    """For a case: packed GTIN inside, else empty."""
    contains_count: int
    """For a case: how many of it."""
    name: str
    """Name for people."""
    national_numbers: tuple[str, ...]
    """NDC and other national numbers."""
    strength: str
    """Such as 10 mg; may be empty."""
    form: str
    """Pharmaceutical form; may be empty."""
    storage: str
    """Storage condition as the label says it; may be empty."""
    logger_required: int
    """1 when it travels with a temperature logger."""
    leaflet: str
    """Link to the leaflet; may be empty."""
    lanes: tuple[TradeLane, ...]
    """Trade lanes, by lot."""


class LotRow(msgspec.Struct, frozen=True, array_like=True):
    """A lot of one product: what a sale must know of all its packs, in one row however many makes it has."""

    gtin: bytes
    """Packed GTIN, 6 bytes."""
    lot: bytes
    """Lot."""
    expiry: int
    """Last day of use, days since 1970-01-01."""
    expires_at_ms: int
    """Instant from which its packs are expired: 24:00 of the last day in the product's first market."""
    maker: int
    """Number of the partner that commissioned it first."""
    makes: int
    """How many makes of it have a number, 1 to `MAX_MAKES`."""
    marks: tuple[tuple[int, int, int], ...]
    """What speaks against its packs, ascending: (make or `ALL_MAKES`, `HoldKind`, number of the recall)."""
    markets: tuple[str, ...]
    """Markets that its product was made for when it began: no later word of that changes a recall."""


class SourceRow(msgspec.Struct, frozen=True, array_like=True):
    """One make of one lot: what a recall may name beside the lot. No sale reads it."""

    line: bytes
    """Production line; may be empty."""
    hour: int
    """Hour in which they were made, hours since 1970-01-01T00:00Z; 0 when not stated."""
    site: int
    """Number of the premises where they were made; 0 when not stated."""


class ItemRow(msgspec.Struct, frozen=True, array_like=True):
    """One serialised thing: a pack, a case or a logistic unit.

    Invariant: with a parent, holder, owner, premises and shipment are 0 and empty; they are the outermost
    container's. Without one, holder and owner are not 0.
    """

    source: int
    """Number of its source: lot number x `MAKES_PER_LOT` + make; 0 for a logistic unit."""
    life: int
    """A `Life`."""
    holds: tuple[tuple[int, int], ...]
    """Own holds, as (`HoldKind`, setter's number), ascending."""
    parent: bytes
    """Item key of the container it is in; empty for none."""
    exposures: tuple[int, ...]
    """Cold-chain sessions it went through itself (`contracts/state/exposures.py`), ascending."""
    born_height: int
    """Height of its commission (or introduction)."""
    born_document: int
    """Index of that document in its block."""
    container: int
    """1 when it has a container row: every logistic unit, and an SGTIN that something was packed into."""
    holder: int
    """Number of the partner that holds it."""
    owner: int
    """Number of the partner that owns it."""
    premises: int
    """Number of the premises where it was last stated to be; 0 when never stated."""
    shipment: bytes
    """Shipment it went into last, 16 bytes; what that means now, the shipment's row says. Empty for none."""
    title: bytes = b""
    """How its owner came by it: see `contracts/state/titles.py`."""
    relied_by: int = NOBODY
    """The one partner, beside who brought it to life, whose record relied on it; `SEVERAL` for more."""


class ContainerRow(msgspec.Struct, frozen=True, array_like=True):
    """What is inside an item. Invariants: `contracts/state/containers.py`."""

    children: int
    """Items directly inside."""
    sources: tuple[tuple[int, int], ...]
    """(source, count) over all descendants, ascending."""
    dirty: int
    """Direct children with an own hold, a life other than active, or something dirty inside."""
    height: int
    """At least the levels of packing below, this one included; 1 when empty."""
    generation: int
    """How often this key was given to a new unit, from 1."""
    introduced_by: int
    """Number of the partner that brought it to life or first filled it: it alone may refill it at once."""
    emptied_at_ms: int
    """Block time at which the last child left; 0 while it has children or never had any."""
    opened: int = 0
    """1 once something came out, or went in by another hand: no seal of its packer counts any more."""
    exposures: tuple[tuple[int, int], ...] = ()
    """(exposure, count) over all descendants, ascending: cold-chain sessions that they went through."""
    sellers: tuple[int, ...] = ()
    """Numbers of the partners from whom something was bought before it went in, since it was last empty."""


class ShipmentRow(msgspec.Struct, frozen=True, array_like=True):
    """Goods on their way."""

    sender: int
    """Number of the partner that shipped."""
    receiver: int
    """Number of the named receiver."""
    purpose: int
    """A `ShipPurpose`."""
    deadline_ms: int
    """Block time by which it is to be received."""
    outstanding: int
    """Top-level items that are neither received nor back."""
    standing: int
    """A `ShipmentStanding`."""
    ownership_passes: int
    """1 when the receiver becomes owner."""
    carrier: int
    """Number of the named carrier; 0 for none."""
    custody: int
    """1 while the carrier holds it."""
    destination: int
    """Number of the receiver's premises it goes to; 0 when not stated."""
    received_at: int
    """Number of the premises where it was received; 0 when not stated."""
    hold: int = 0
    """The law's own `HoldKind` that its receipt sets on the goods; 0 for none."""
    overdue: int = 0
    """1 once it was declared overdue: what is still on its way with it is held (rule 7)."""
    unlogged: int = 0
    """Number of the session of its goods that need a logger and have none; 0 when there are none."""
    receipt_ms: int = 0
    """Block time at which something of it was received last; 0 before."""
