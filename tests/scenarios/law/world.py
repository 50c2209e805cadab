"""A small fixed network for tests of the law, and a ledger that executes documents on it."""

from collections.abc import Iterable, Sequence
from functools import cache

from contracts.chain.evidence import Evidence
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
from contracts.chain.parameters import Limits, Parameters
from contracts.gs1 import keys
from contracts.gs1.dates import parse_timestamp
from contracts.ledger.bundle import BundleId, OpenBundle, build_header, bundle_id
from contracts.ledger.document import Document, build_document, document_id, encode_document
from contracts.ledger.execute import (
    GENESIS_PREVIOUS,
    BlockContext,
    BlockExecution,
    BlockResult,
    next_app_hash,
)
from contracts.ledger.genesis_state import genesis_writes
from contracts.ledger.lanes import last_sequence
from contracts.ledger.receipt import Receipt
from contracts.primitives import signing
from contracts.records.record import Record
from contracts.state.view import DirectoryCache, Overlay

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = parse_timestamp("2026-03-02T08:00:00Z")

ROLES = {
    "Acme": ("maker",),
    "Bulk": ("wholesaler",),
    "Corner": ("dispenser",),
    "Dale": ("dispenser",),
    "Fleet": ("carrier",),
    "Gov": ("regulator",),
    "Helper": ("repackager",),
    "Idle": ("wholesaler", "maker"),
    "Janus": ("agent",),
    "Kiln": ("returns_processor",),
    "Rival": ("maker",),
}
"""Partners by name, in the order of their numbers from 1."""

LICENCES = {"Idle": "suspended"}
PREFIXES = {"Acme": ("4012345",), "Bulk": ("4054321",), "Rival": ("4099999",)}

PLACES = {
    "Plant": "Acme",
    "Depot": "Acme",
    "Hall": "Bulk",
    "Annex": "Bulk",
    "Shop": "Corner",
    "Kiosk": "Corner",
    "Counter": "Corner",
    "Pharmacy": "Dale",
    "Hub": "Fleet",
    "Lab": "Gov",
    "Works": "Helper",
    "Shed": "Idle",
    "Oven": "Kiln",
    "Mill": "Rival",
    "Outpost": "Bulk",
}
"""Premises by name, in the order of their numbers from 1, and whose they are."""

ABROAD = {"Counter", "Outpost"}
"""Premises in the other market."""


def _check(body: str) -> str:
    return body + str(keys.check_digit(body))


PARTY_GLN = {name: _check(f"42000001{index:04d}") for index, name in enumerate(ROLES, start=1)}
PLACE_GLN = {name: _check(f"42000002{index:04d}") for index, name in enumerate(PLACES, start=1)}

NEW_PLACES = {"Barn": _check("420000029001"), "Loft": _check("420000029002"), "Cave": _check("409999999001")}
"""GLNs of places that nobody registered yet; the Cave's has Rival's company prefix."""

NEW_PARTIES = {"Newco": _check("420000019001"), "Nova": _check("420000019002")}
"""GLNs of partners that are not admitted yet."""

NODES = {"north": "Acme", "east": "Bulk", "south": "Corner", "west": "Gov"}
"""Validators by name, each with a power of 10, and who runs them."""

GTINS = {
    "pack": _check("0401234500001"),
    "case": _check("1401234500001"),
    "rival": _check("0409999900001"),
    "syrup": _check("0401234500002"),
    "vial": _check("0401234500004"),
    "salt": _check("0401234500005"),
    "spice": _check("0409999900005"),
    "blister": _check("0401234500009"),
    "duo": _check("0401234500008"),
    "tablet": _check("0401234500003"),
    "carton": _check("1401234500003"),
    "herb": _check("0777777700001"),
}
"""Kinds of products, by the word before the number; the last three are not registered by genesis."""

UNITS = {"pallet": "04012345", "tote": "04054321", "crate": "07777777"}
"""Kinds of logistic units: a `pallet` has Acme's company prefix, a `tote` Bulk's, a `crate` nobody's."""


def seed(name: str, lane: int = 0) -> bytes:
    """Return the seed of a partner's signing key."""
    return (f"{name}-{lane}".encode() * 32)[:32]


@cache
def lane_of(name: str, lane: int = 0) -> bytes:
    """Return a partner's public key."""
    return signing.public_key_of(seed(name, lane))


@cache
def gln(name: str) -> bytes:
    """Return the packed GLN of a partner or premises."""
    known = {**PARTY_GLN, **PLACE_GLN, **NEW_PLACES, **NEW_PARTIES}
    return keys.pack_gln(known[name])


@cache
def gtin(kind: str) -> bytes:
    """Return the packed GTIN of a kind of item."""
    return keys.pack_gtin(GTINS[kind])


@cache
def item(name: str) -> bytes:
    """Return the key of an item by its name, such as `pack-1`, `case-2`, `pallet-3`."""
    kind, number = name.rsplit("-", 1)
    if kind in UNITS:
        stem = UNITS[kind]
        return keys.sscc(_check(stem + number.zfill(17 - len(stem))))
    return keys.sgtin(GTINS[kind], number)


def items(*names: str) -> tuple[bytes, ...]:
    """Return the keys of several items."""
    return tuple(map(item, names))


def certificate_of(node: str) -> bytes:
    """Return what stands for a node's certificate: the law looks at nothing in it."""
    return f"certificate of {node}".encode()


def small_genesis(limits: Limits | None = None) -> Genesis:
    """Return the network's genesis."""
    eu = Profile(
        *("eu-fmd", 5 * DAY_MS, HOUR_MS, 30 * DAY_MS, ("dispenser",), 365, 10 * DAY_MS, 1),
        retail_roles=("dispenser",),
        institution_roles=("dispenser", "wholesaler"),
        onboard_until_ms=START_MS + 60 * DAY_MS,
        onboard_items=6,
        overage_items=3,
        overage_claim_ms=2 * DAY_MS,
        overage_answer_ms=4 * DAY_MS,
    )
    strict = Profile(
        *("strict", DAY_MS, HOUR_MS, 2 * DAY_MS, ("wholesaler",), 365, DAY_MS, 0),
        lanes_block=1,
        recall_closed_by_opener=1,
        recall_released_by_opener=1,
        successor_lifts_holds=1,
        opening_supplies=1,
        exempt_reasons=("emergency", "office_use", "specific_patient"),
    )
    partners = tuple(
        Partner(
            gln=PARTY_GLN[name],
            name=name,
            roles=roles,
            market="DE",
            licence=LICENCES.get(name, "active"),
            company_prefixes=PREFIXES.get(name, ()),
            keys=(PartnerKey(lane_of(name)),),
        )
        for name, roles in ROLES.items()
    )
    premises = tuple(
        Premises(PLACE_GLN[name], PARTY_GLN[owner], name, "XX" if name in ABROAD else "DE")
        for name, owner in PLACES.items()
    )
    acme, rival = PARTY_GLN["Acme"], PARTY_GLN["Rival"]
    products = (
        Product(GTINS["pack"], acme, "Pill 5 mg", ("DE",)),
        Product(
            GTINS["case"], acme, "Pill 5 mg, case", ("DE",), contains_gtin=GTINS["pack"], contains_count=4
        ),
        Product(GTINS["salt"], acme, "Salt", ("DE",), serialisation="none"),
        Product(GTINS["spice"], rival, "Spice", ("DE",), serialisation="lot"),
        Product(GTINS["vial"], acme, "Vial", ("DE",), logger_required=1),
        Product(GTINS["rival"], rival, "Drop 1 %", ("DE", "XX")),
        Product(GTINS["duo"], acme, "Pill 5 mg, twice as many", ("DE",), units_per_pack=2),
        Product(GTINS["syrup"], acme, "Syrup", ("DE",), serialisation="lot"),
        Product(GTINS["blister"], acme, "Pill 5 mg, 10 pieces", ("DE",), units_per_pack=10),
    )
    return Genesis(
        version=1,
        chain_id="law",
        kind="test",
        time_ms=START_MS,
        clock_offset_ms=0,
        parameters=Parameters(limits=limits or Limits()),
        profiles=(eu, strict),
        markets=(Market("DE", "eu-fmd", 60), Market("XX", "strict", 0)),
        partners=partners,
        premises=premises,
        products=products,
        delegations=(
            Delegation(GTINS["pack"], PARTY_GLN["Helper"]),
            Delegation(GTINS["duo"], PARTY_GLN["Helper"]),
        ),
        nodes=tuple(
            Node(name, "validator", certificate_of(name), PARTY_GLN[partner], lane_of(name), 10)
            for name, partner in NODES.items()
        ),
    )


class CountingReader:
    """State in a dict, counting how often it is read."""

    def __init__(self, rows: dict[bytes, bytes]) -> None:
        self.rows = rows
        self.reads: list[bytes] = []

    def get(self, key: bytes) -> bytes | None:
        self.reads.append(key)
        return self.rows.get(key)


class Ledger:
    """State after some blocks; each call of `submit` makes the next one."""

    def __init__(self, genesis: Genesis | None = None) -> None:
        writes = genesis_writes(genesis or small_genesis())
        self.reader = CountingReader(dict(writes))
        self.directory = DirectoryCache()
        self.app_hash = next_app_hash(GENESIS_PREVIOUS, writes)
        self.height = 0
        self.time_ms = START_MS
        self.result: BlockResult | None = None
        self._nonces = 0

    def copy(self) -> "Ledger":
        """Return the same ledger, to be moved on by itself."""
        copied = Ledger.__new__(Ledger)
        copied.__dict__.update(self.__dict__)
        copied.reader = CountingReader(dict(self.reader.rows))
        copied.directory = DirectoryCache()
        return copied

    def document(self, *records: Record) -> Document:
        """Build a document with a nonce not used before."""
        self._nonces += 1
        return build_document(self._nonces.to_bytes(16, "big"), records)

    def bundle(self, signer: str, documents: Iterable[Document], after: int | None = None) -> OpenBundle:
        """Build the next bundle of a partner's lane, as a block's reader would hand it on."""
        lane = lane_of(signer)
        if after is None:
            after = last_sequence(Overlay(self.reader), lane)
        texts = tuple((encode_document(document), document.weight) for document in documents)
        header = build_header("law", lane, after, after + 1, self.time_ms + 300_000, texts)
        identifiers = tuple(document_id(text) for text, _weight in texts)
        return OpenBundle(BundleId(bundle_id(header)), 0, header, b"", identifiers, tuple(documents))

    def context(self) -> BlockContext:
        """Return the moment of the next block."""
        return BlockContext(self.height + 1, self.time_ms + 1)

    def block(self, *bundles: OpenBundle, evidence: Sequence[Evidence] = ()) -> BlockResult:
        """Execute a block and keep what it writes."""
        context = self.context()
        execution = BlockExecution(self.reader, context, bundles, evidence, self.app_hash, self.directory)
        result = execution.finish()
        # Whatever a block writes is somebody's, or of its end: who judges on top of the head relies on that.
        written = {key for keys in execution.written.values() for key in keys}
        assert written.issuperset(key for key, _value in result.writes)
        self.keep(result.writes)
        self.directory.forget(result.writes)
        self.app_hash, self.height, self.time_ms = result.app_hash, context.height, context.time_ms
        self.result = result
        return result

    def keep(self, writes: Iterable[tuple[bytes, bytes]]) -> None:
        """Apply writes to the state."""
        for key, value in writes:
            if value:
                self.reader.rows[key] = value
            else:
                del self.reader.rows[key]

    def submit(self, signer: str, *records: Record) -> Receipt:
        """Execute one document in a block of its own and return its receipt."""
        return self.block(self.bundle(signer, [self.document(*records)])).receipts[0]

    def idle(self, blocks: int) -> None:
        """Make empty blocks."""
        for _block in range(blocks):
            self.block()

    def wait(self, ms: int) -> None:
        """Let block time pass."""
        self.time_ms += ms

    def state(self) -> Overlay:
        """Look at the present state; reads here are not counted."""
        return Overlay(_Quiet(self.reader.rows))


class _Quiet:
    def __init__(self, rows: dict[bytes, bytes]) -> None:
        self.get = rows.get
