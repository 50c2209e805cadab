"""The network on which law and model are compared: plain facts, and the genesis that says the same.

The model reads the dicts; only `genesis()` and the functions on keys speak the law's language.
"""

from typing import Final, NamedTuple

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
from tests.scenarios.law.world import certificate_of, lane_of

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
START_MS: Final = 20_500 * DAY_MS + 8 * HOUR_MS
"""2026-02-16T08:00:00Z."""
TOLERANCE_MS: Final = 300_000
MAX_SOURCES: Final = 4
MAX_DEPTH: Final = 3
PURPOSES = {
    "sale": 10,
    "own_premises": 3,
    "return": 4,
    "disposal": 2,
    "export": 1,
    "authority": 1,
}
"""Why partners ship, by how often."""
BUYERS = (
    *(
        "bulk",
        "bulk",
        "bulk",
        "broker",
        "broker",
        "pharmacy",
        "pharmacy",
        "clinic",
        "clinic",
        "maker",
        "rival",
    ),
    *("north", "south", "chain", "parallel", "importer", "relabel", "kiosk", "hospital", "ranch", "kiln"),
)
"""To whom they mostly sell: the more often named have more dealings with each other."""
VERBS_OF_GOODS = {
    "commission": 8,
    "introduce": 3,
    "pack": 24,
    "unpack": 7,
    "ship": 18,
    "receive": 20,
    "refuse": 5,
    "void": 6,
    "dispense": 10,
    "destroy": 2,
    "steal": 2,
    "observe": 4,
}
"""Verbs that most partners use, by how often they are said."""
WAITS_MS = {
    0: 80,
    60_000: 5,
    HOUR_MS: 5,
    HOUR_MS + 1: 5,
    8 * HOUR_MS: 2,
    DAY_MS: 1,
    12 * DAY_MS: 1,
}
"""Block time that passes before a step, by how often."""
WITHIN_MS = {
    0: 12,
    HOUR_MS - 1: 1,
    HOUR_MS: 4,
    2 * HOUR_MS: 4,
    2 * DAY_MS: 3,
    2 * DAY_MS + 1: 1,
    30 * DAY_MS: 1,
    30 * DAY_MS + 1: 1,
}
"""Deadlines after block time by how often they are set; 0 for the profile's."""


class Rules(NamedTuple):
    """What a profile says."""

    default_ms: int
    min_ms: int
    max_ms: int
    dispense: frozenset[str]
    rest_days: int
    window_ms: int
    """In which an ending may be undone."""
    undo_exported: bool
    lenient: bool
    """Whether a recall's opener may close it and release from it."""
    successor_lifts: bool
    retail: frozenset[str]
    institution: frozenset[str]
    opening_supplies: bool
    onboard_until_ms: int
    onboard_items: int
    exempt: frozenset[str]
    """Exemptions that it knows."""
    overages: int
    """Most that are claimed with a shipment."""
    claim_ms: int
    answer_ms: int


BLOCKING: Final = {"away"}
"""Profiles under which trade lanes may block."""
PROFILES: Final = {
    "home": Rules(
        *(5 * DAY_MS, HOUR_MS, 30 * DAY_MS, frozenset({"dispenser"}), 20),
        *(10 * DAY_MS, True, False, False),
        *(frozenset({"dispenser"}), frozenset({"dispenser", "wholesaler"}), False),
        *(START_MS + 300 * DAY_MS, 5, frozenset()),
        *(3, DAY_MS, HOUR_MS),
    ),
    "away": Rules(
        *(DAY_MS, 2 * HOUR_MS, 2 * DAY_MS, frozenset({"wholesaler", "dispenser"}), 10),
        *(DAY_MS, False, True, True),
        *(frozenset({"dispenser"}), frozenset({"wholesaler"}), True),
        *(START_MS + DAY_MS, 3, frozenset({"emergency", "office_use", "specific_patient"})),
        *(2, 8 * HOUR_MS, 8 * HOUR_MS),
    ),
}
OFFSETS: Final = {"home": 60, "away": -300}
"""Minutes by market; each market has the profile of its name."""

ROLES: Final = {
    "maker": {"maker"},
    "rival": {"maker", "wholesaler"},
    "delegate": {"repackager"},
    "bulk": {"wholesaler"},
    "broker": {"wholesaler"},
    "carrier": {"carrier"},
    "pharmacy": {"dispenser"},
    "clinic": {"dispenser"},
    "burner": {"returns_processor"},
    "regulator": {"regulator"},
    "agent": {"agent"},
    "lapsed": {"wholesaler", "maker"},
    "north": {"wholesaler"},
    "south": {"wholesaler"},
    "chain": {"wholesaler", "dispenser"},
    "parallel": {"parallel_distributor"},
    "importer": {"importer", "wholesaler"},
    "relabel": {"repackager", "wholesaler"},
    "generic": {"maker"},
    "kiosk": {"dispenser"},
    "hospital": {"dispenser"},
    "ranch": {"dispenser", "returns_processor"},
    "van": {"carrier"},
    "rail": {"carrier"},
    "kiln": {"returns_processor"},
    "agency": {"regulator"},
    "desk": {"agent"},
    "stall": {"dispenser"},
}
"""Partners by name, numbered from 1 in this order."""
SEATS: Final = dict.fromkeys(("clinic", "rival", "south", "ranch", "generic", "rail"), "away")
"""Markets of seats, home for all others."""
UNLICENSED: Final = {"lapsed", "stall"}


def of_role(*roles: str) -> tuple[str, ...]:
    """Return the partners that have one of these roles."""
    return tuple(name for name, own in ROLES.items() if own & set(roles))


VOTERS: Final = {
    "first": ("maker", 10),
    "second": ("bulk", 10),
    "third": ("pharmacy", 10),
    "fourth": ("regulator", 15),
}
"""Validators by name: who runs each, and its power."""
PLACES: Final = {
    "plant": "maker",
    "depot": "maker",
    "mill": "rival",
    "works": "delegate",
    "hall": "bulk",
    "annex": "bulk",
    "yard": "broker",
    "hub": "carrier",
    "shop": "pharmacy",
    "counter": "pharmacy",
    "ward": "clinic",
    "oven": "burner",
    "lab": "regulator",
    "shed": "lapsed",
    "barge": "north",
    "dock": "south",
    "mall": "chain",
    "lock-up": "parallel",
    "harbour": "importer",
    "studio": "relabel",
    "tower": "generic",
    "corner": "kiosk",
    "theatre": "hospital",
    "stable": "ranch",
    "siding": "rail",
}
"""Premises by name and whose they are, numbered from 1 in this order."""
ABROAD: Final = {"annex", "counter", "ward", "mill", "dock", "stable", "siding"}
"""Premises in the market away."""

PRODUCTS: Final = {"pack": "maker", "case": "maker", "drop": "rival"}
"""Kinds of products by their marketing holder; `drop` expires by the clock of the market away."""
KIND_PREFIXES: Final = {
    "pack": "maker",
    "case": "maker",
    "drop": "",
    "salve": "maker",
    "balm": "",
    "gel": "maker",
    "bran": "maker",
}
"""Kinds of products by the owner of the company prefix; salve and balm are not registered by genesis."""
COUNTED: Final = {"gel": "maker", "bran": "maker"}
"""Kinds whose packs carry no serials, in the market home."""
LOTLESS: Final = {"bran"}
"""Those of them whose packs carry no lots either, when they are counted."""
FAMILIES: Final = {"case": ("case", "pack")}
"""What a product's packs are of, itself first."""
DELEGATES: Final = {"pack": {"delegate", "relabel"}}
MARKET_OF: Final = {"pack": "home", "case": "home", "drop": "away"}
UNITS_PER_PACK: Final = {"pack": 3, "case": 4}
"""Smallest units in a pack; one in all other kinds."""
UNITS: Final = {"pallet": "maker", "tote": "bulk", "crate": ""}
"""Kinds of logistic units by the owner of their company prefix; crates have a prefix nobody owns."""
STEMS: Final = {"pallet": "04012345", "tote": "04054321", "crate": "07777777"}
PREFIXES: Final = {"maker": ("4012345",), "bulk": ("4054321",)}


def _checked(body: str) -> str:
    return f"{body}{keys.check_digit(body)}"


PARTY_GLN: Final = {name: _checked(f"43000001{at:04d}") for at, name in enumerate(ROLES, start=1)}
PLACE_GLN: Final = {name: _checked(f"43000002{at:04d}") for at, name in enumerate(PLACES, start=1)}
GTIN: Final = {
    "pack": _checked("0401234500001"),
    "case": _checked("1401234500001"),
    "drop": _checked("0409999900001"),
    "salve": _checked("0401234500003"),
    "balm": _checked("0777777700001"),
    "gel": _checked("0401234500007"),
    "bran": _checked("0401234500009"),
}
MATERIAL_PREFIXES: Final = {"powder": "maker", "slurry": "maker", "foil": ""}
"""Kinds of materials by the owner of the company prefix; nobody registers them."""
MATERIAL_GTIN: Final = {
    "powder": _checked("0401234500061"),
    "slurry": _checked("0401234500062"),
    "foil": _checked("0777777700061"),
}
NEWCOMER: Final = "loft"
"""A GLN that governance may admit as a partner, and anyone may register as a place before that."""
PARTNER_NAMES: Final = dict(enumerate((*ROLES, NEWCOMER), start=1))
NEW_PLACES: Final = {
    "barn": _checked("430000029001"),
    "loft": _checked("430000029002"),
    "cave": _checked("405432190001"),
}
"""GLNs of places that nobody registered yet."""
PLACE_PREFIXES: Final = {"cave": "bulk"}
"""Places under somebody's company prefix."""


def kind_of(item: str) -> str:
    """Return the kind of an item by its name, such as `pack-1`."""
    return item.split("-", maxsplit=1)[0]


def is_unit(item: str) -> bool:
    """Tell whether an item is a logistic unit."""
    return kind_of(item) in UNITS


def item_key(item: str) -> bytes:
    """Return the law's key of an item."""
    kind, number = item.split("-")
    if kind in UNITS:
        stem = STEMS[kind]
        return keys.sscc(_checked(stem + number.zfill(17 - len(stem))))
    return keys.sgtin(GTIN[kind], number)


def gln(name: str) -> bytes:
    """Return the packed GLN of a partner or of premises; empty for none."""
    if not name:
        return b""
    return keys.pack_gln(PARTY_GLN.get(name) or PLACE_GLN.get(name) or NEW_PLACES[name])


def genesis() -> Genesis:
    """Return the same network as the law reads it."""
    profiles = tuple(
        Profile(
            *(name, rules.default_ms, rules.min_ms, rules.max_ms, tuple(rules.dispense), rules.rest_days),
            reinstate_window_ms=rules.window_ms,
            reinstate_exported=int(rules.undo_exported),
            recall_closed_by_opener=int(rules.lenient),
            recall_released_by_opener=int(rules.lenient),
            successor_lifts_holds=int(rules.successor_lifts),
            retail_roles=tuple(sorted(rules.retail)),
            institution_roles=tuple(sorted(rules.institution)),
            opening_supplies=int(rules.opening_supplies),
            lanes_block=int(name in BLOCKING),
            onboard_until_ms=rules.onboard_until_ms,
            onboard_items=rules.onboard_items,
            exempt_reasons=tuple(sorted(rules.exempt)),
            overage_items=rules.overages,
            overage_claim_ms=rules.claim_ms,
            overage_answer_ms=rules.answer_ms,
        )
        for name, rules in PROFILES.items()
    )
    partners = tuple(
        Partner(
            *(PARTY_GLN[name], name, tuple(sorted(roles)), SEATS.get(name, "home")),
            *("suspended" if name in UNLICENSED else "active", PREFIXES.get(name, ())),
            (PartnerKey(lane_of(name)),),
        )
        for name, roles in ROLES.items()
    )
    premises = tuple(
        Premises(PLACE_GLN[name], PARTY_GLN[owner], name, "away" if name in ABROAD else "home")
        for name, owner in PLACES.items()
    )
    products = tuple(
        Product(
            *(GTIN[kind], PARTY_GLN[holder], kind, (MARKET_OF[kind],)),
            contains_gtin=GTIN["pack"] if kind in FAMILIES else "",
            contains_count=4 if kind in FAMILIES else 0,
            units_per_pack=UNITS_PER_PACK.get(kind, 1),
        )
        for kind, holder in PRODUCTS.items()
    )
    counted = tuple(
        Product(
            *(GTIN[kind], PARTY_GLN[holder], kind, ("home",)),
            serialisation="none" if kind in LOTLESS else "lot",
        )
        for kind, holder in COUNTED.items()
    )
    return Genesis(
        version=1,
        chain_id="law",
        kind="test",
        time_ms=START_MS,
        clock_offset_ms=0,
        parameters=Parameters(
            limits=Limits(container_sources=MAX_SOURCES, container_depth=MAX_DEPTH),
            tolerances=Tolerances(claimed_time_ms=TOLERANCE_MS),
        ),
        profiles=profiles,
        markets=tuple(Market(name, name, offset) for name, offset in OFFSETS.items()),
        partners=partners,
        premises=premises,
        products=products + counted,
        delegations=tuple(
            Delegation(GTIN[kind], PARTY_GLN[name]) for kind, names in DELEGATES.items() for name in names
        ),
        nodes=tuple(
            Node(name, "validator", certificate_of(name), PARTY_GLN[partner], lane_of(name), power)
            for name, (partner, power) in VOTERS.items()
        ),
    )
