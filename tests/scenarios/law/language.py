"""The words of the scenarios: sentences to records, and rows and receipts back to sentences.

    Acme commissions pack-1..4 of lot L1 expiring 2027-06-30 on line 2 at Plant
    Acme packs pack-1..4 into case-1 at Plant
    Acme unpacks pack-1 from case-1
    Acme ships case-1 to Bulk as S1 for sale bound for Hall by Fleet within 3 days keeping ownership
    Bulk ships case-1 to Acme as S2 for return of S1
    Bulk receives S1 at Hall            Bulk receives pack-1 of S1          Bulk receives S1 except pack-1
    Bulk refuses S1 or pack-1 of S1     Acme voids S1 or pack-1 of S1
    Corner dispenses pack-1             Acme destroys pack-1                Acme reports pack-1 stolen, lost
    Acme observes pack-1 at Depot
    Dale declares S1 overdue

Words of rules 7, 14, 15 and 23 are in `words_holds.py`, of rules 24 and 27 in `words_registry.py`.
Those of rule 25 are in `words_onboarding.py`, of rule 6 in `words_overages.py`.
Those of the cold chain are in `words_cold.py`, of packs without serials in `words_quantities.py`, of rule 29
in `words_lots.py`, of rules 19 and 19b in `words_corrections.py`, of rule 22 in `words_governance.py`.

A sentence may end in `claiming 6 minutes ahead`. Several, separated by semicolons, are one document.
"""

import re

from contracts.gs1.dates import parse_date, parse_timestamp
from contracts.gs1.keys import InvalidKey, format_item, pack_gln, pack_gtin
from contracts.ledger.events import EventKind
from contracts.ledger.receipt import ACCEPTED, Event, Receipt
from contracts.records.agreement import proposal_id
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, ShipPurpose, Void, shipment_id
from contracts.records.dispensing import Dispense
from contracts.records.governance import ProposeChanges
from contracts.records.head import Head
from contracts.records.holds import DeclareOverdue
from contracts.records.record import Record
from contracts.records.supply import (
    Commission,
    CommissionLogisticUnits,
    Decommission,
    DecommissionReason,
    Observe,
    ObserveStep,
    Pack,
    Unpack,
)
from contracts.state.containers import find_contents
from contracts.state.directory import premises
from contracts.state.layout import SHIPMENTS
from contracts.state.parties import holder_of
from contracts.state.places import effective_holds, effective_life, locate
from contracts.state.recalls import RECALL_HOLDS
from contracts.state.rows import THE_LAW, HoldKind, ShipmentStanding
from contracts.state.view import Overlay
from tests.scenarios.law import (
    words_beyond,
    words_cold,
    words_corrections,
    words_endings,
    words_governance,
    words_holds,
    words_lots,
    words_onboarding,
    words_overages,
    words_quantities,
    words_recall,
    words_transform,
)
from tests.scenarios.law.words_registry import registry_record, see_registered
from tests.scenarios.law.world import (
    DAY_MS,
    GTINS,
    HOUR_MS,
    NEW_PARTIES,
    NEW_PLACES,
    PLACES,
    ROLES,
    UNITS,
    Ledger,
    gln,
    gtin,
    item,
)

UNITS_MS = {"minute": 60_000, "hour": HOUR_MS, "day": DAY_MS}
PARTNERS = dict(enumerate((*ROLES, *NEW_PARTIES), start=1))
GLN_NAMES = {gln(name): name for name in (*ROLES, *PLACES, *NEW_PLACES, *NEW_PARTIES)}
GLN_NAMES |= {pack_gln(digits): name for name, digits in words_beyond.STRANGERS.items()}
GTIN_NAMES = {gtin(kind): kind for kind in GTINS}
GTIN_NAMES |= {pack_gtin(digits): kind for kind, digits in words_lots.MATERIALS.items()}

OPTIONS = re.compile(
    rf" ({'|'.join(words_holds.OPTIONS)}|"
    r"at|of lot|expiring|on line|made|to|into|from|as|bound for|by|for|within|keeping|claiming|except|of|"
    r"onto|off|every|until|recorded after|under exemption|owned by) "
)


class Speaker:
    """Turns sentences into records for one ledger, and remembers what its shipments are called."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.shipments: dict[str, bytes] = {}
        self.recalls: dict[str, bytes] = {}

    def submit(self, sentences: str) -> Receipt:
        """Execute sentences of one partner, separated by semicolons, as one document."""
        spoken = [sentence.strip() for sentence in sentences.split(";")]
        signer = spoken[0].partition(" ")[0]
        records, names = [], {}
        for index, sentence in enumerate(spoken):
            said, words, options = self.parse(sentence)
            assert said == signer, f"one document has one signer: {sentences}"
            special = words_recall.record(self, sentence) or words_transform.record(self, sentence)
            special = special or words_lots.record(self, sentence) or words_corrections.record(self, sentence)
            special = special or words_governance.record(self, sentence)
            if isinstance(special, ProposeChanges):
                names[words[1]] = (proposal_id, index)
            if special is not None:
                records.append(special)
                names |= words_corrections.proposed(sentence, index)
                continue
            done = self.record(words, options)
            records.append(words_endings.in_time_or_late(done, options))
            if words[0] in {"ships", "sends", "proposes"}:
                identify = proposal_id if words[0] == "proposes" else shipment_id
                names[options.get("as", "S")] = (identify, index)
            if "except" in options:
                names[words[1] + "-rest"] = (shipment_id, index)
        receipt = self.ledger.submit(signer, *records)
        self.recalls |= words_recall.opened(spoken, receipt.document_id)
        for name, (identify, index) in names.items():
            self.shipments[name] = identify(receipt.document_id, index)
        return receipt

    def parse(self, sentence: str) -> tuple[str, list[str], dict[str, str]]:
        """Split a sentence into signer, verb and object, and options."""
        parts = OPTIONS.split(f"{sentence} ")
        signer, *words = parts[0].split()
        options = {parts[at]: parts[at + 1].strip() for at in range(1, len(parts), 2)}
        return signer, words, options

    def head(self, options: dict[str, str]) -> Head:
        claimed = self.ledger.time_ms
        if "claiming" in options:
            number, unit, _ahead = options["claiming"].split()
            claimed = self.ledger.context().time_ms + int(number) * UNITS_MS[unit.rstrip("s")]
        return Head(claimed, 60, gln(options["at"]) if "at" in options else b"")

    def record(self, words: list[str], options: dict[str, str]) -> Record:  # noqa: C901 - a case per verb
        """Build the record of a parsed sentence."""
        verb, what = words[0], " ".join(words[1:])
        head = self.head(options)
        match verb:
            case "commissions":
                return self.commission(head, what, options)
            case "ships":
                return self.ship(head, what, options)
            case "receives" | "refuses" | "voids":
                return self.settle(verb, head, what, options)
            case "packs":
                return Pack(head, item(options["into"]), listed(what))
            case "unpacks":
                return Unpack(head, item(options["from"]), listed(what))
            case "declares":
                return DeclareOverdue(head, self.shipment(what.removesuffix(" overdue")))
            case "sends" | "takes" if what.endswith((" outside", " back")):
                return words_beyond.outside(verb, head, what, options, listed)
            case "claims" | "unclaims":
                named = self.shipment(options["of"]) if "of" in options else b""
                return words_overages.overage(verb, head, listed(what), named, options.get("as", ""))
            case "proposes" | "consents" | "drops":
                named = b"" if verb == "proposes" else self.shipment(options.get("of", what))
                return words_beyond.agreement(verb, head, what, options, named, listed)
        found = words_cold.record(self, verb, head, what, options)
        found = found or words_quantities.record(self, verb, head, what, options)
        return found or _of_family(verb, head, what, options)

    def commission(self, head: Head, what: str, options: dict[str, str]) -> Record:
        kind = what.partition("-")[0]
        if kind in UNITS:
            return CommissionLogisticUnits(head, listed(what))
        serials = tuple(key[7:] for key in listed(what))
        expiry = parse_date(options.get("expiring", "2027-06-30"))
        made = parse_timestamp(options["made"]) if "made" in options else 0
        line = options.get("on line", "").encode()
        return Commission(head, gtin(kind), options["of lot"].encode(), expiry, line, made, serials)

    def ship(self, head: Head, what: str, options: dict[str, str]) -> Ship:
        deadline = 0
        if "within" in options:
            number, unit = options["within"].split()
            deadline = self.ledger.context().time_ms + int(number) * UNITS_MS[unit.rstrip("s")]
        purpose = ShipPurpose[options.get("for", "sale").upper().replace(" ", "_")]
        passes = purpose != ShipPurpose.OWN_PREMISES and "keeping" not in options
        return Ship(
            head,
            listed(what),
            gln(options["to"]),
            gln(options["bound for"]) if "bound for" in options else b"",
            purpose,
            int(passes),
            deadline,
            gln(options["by"]) if "by" in options else b"",
            (),
            self.shipment(options["of"]) if "of" in options else b"",
        )

    def settle(self, verb: str, head: Head, what: str, options: dict[str, str]) -> Record:
        some = listed(what) if "of" in options else ()
        shipment = self.shipment(options.get("of", what))
        if verb == "refuses":
            return Refuse(head, shipment, some)
        if verb == "voids":
            return Void(head, shipment, some)
        if "except" in options:
            return Receive(head, shipment, ReceiveMode.ALL_EXCEPT, listed(options["except"]))
        return Receive(head, shipment, ReceiveMode.LISTED if some else ReceiveMode.ALL, some)

    def shipment(self, name: str) -> bytes:
        """Return the id of a shipment by its name; a made-up one for a name never given."""
        return self.shipments.setdefault(name, name.encode().ljust(16, b"-"))

    def verdict(self, receipt: Receipt) -> list[str]:
        """Describe a receipt: the verdict, then a line per event."""
        if receipt.code != ACCEPTED:
            subject = f": {self.name(receipt.subject)}" if receipt.subject else ""
            where = f" (record {receipt.record + 1})" if receipt.record else ""
            return [f"refused {receipt.code}{subject}{where}"]
        return [ACCEPTED, *map(self.event, receipt.events)]

    def event(self, event: Event) -> str:
        """Describe an event."""
        kind = EventKind(event.kind).name.lower()
        text = f"event {kind}"
        if event.subject:
            text += f" {self.name(event.subject)}"
        if event.items:
            text += ": " + ", ".join(map(self.name, event.items))
        if event.concerned:
            text += " -> " + ", ".join(PARTNERS[number] for number in event.concerned)
        return text

    def name(self, key: bytes) -> str:
        """Return what the scenario calls a key."""
        given = {**self.shipments, **self.recalls, **words_governance.KEYS}
        for names in (GLN_NAMES, GTIN_NAMES, {value: name for name, value in given.items()}):
            if key in names:
                return names[key]
        try:
            text = format_item(key)
        except InvalidKey:
            digits = key.decode("latin-1") if key.isdigit() else ""
            return digits or words_cold.name(key) or key.decode("latin-1")
        return _item_name(text)

    def see(self, name: str) -> str:
        """Describe how an item or a shipment stands."""
        state = self.ledger.state()
        registered = see_registered(state, name) or words_governance.see(self, state, name)
        if registered:
            return registered
        if name in self.recalls:
            return words_recall.see(self, state, name)
        if name.startswith(words_quantities.KINDS):
            return words_quantities.see(state, self.ledger.reader.rows, name)
        if name.startswith(words_cold.LOGGER):
            return words_cold.see(self, state, name)
        if name not in self.shipments:
            return self._see_item(state, name)
        return words_quantities.see_load(state, name, self.shipments[name]) or self._see_shipment(state, name)

    def _see_item(self, state: Overlay, name: str) -> str:
        position = locate(state, item(name))
        if position is None:
            return f"{name} is unknown"
        row, top = position.row, position.top
        parts = [f"{name} is {effective_life(position).name.lower()}"]
        parts += [f"inside {self.name(key)}" for key, _row in position.above]
        parts.append(f"held by {PARTNERS[holder_of(position)]}")
        parts.append(f"owned by {PARTNERS[top.owner]}")
        if top.premises:
            parts.append(f"at {self.name(premises(state, top.premises).gln)}")
        if position.shipment is not None:
            parts.append(f"on its way with {self.name(top.shipment)}")
        parts += [_hold_text(kind, setter) for kind, setter in effective_holds(position)]
        parts += words_onboarding.see_claim(state, position)
        contents = find_contents(state, position.key, row)
        if contents is not None:
            count = sum(number for _source, number in contents.sources)
            sources = ", mixed" if len(contents.sources) > 1 else ""
            parts.append(f"{contents.children} inside ({count} serials{sources})")
            if contents.dirty:
                parts.append(f"{contents.dirty} dirty")
            if contents.generation > 1:
                parts.append(f"generation {contents.generation}")
        return ", ".join((*parts, *words_cold.sessions(self, state, position)))

    def _see_shipment(self, state: Overlay, name: str) -> str:
        row = state.require(SHIPMENTS, self.shipments[name])
        standing = ShipmentStanding(row.standing).name.lower().replace("_", " ")
        overdue = ", overdue" if row.overdue and row.outstanding else ""
        text = f"{name} is {standing}, {row.outstanding} on the way{overdue}"
        return f"{text}, in custody of {PARTNERS[row.carrier]}" if row.custody else text


def _hold_text(kind: int, setter: int) -> str:
    """Describe a hold; the setter of a recall or of the law goes without saying."""
    name = HoldKind(kind).name.lower()
    return name if setter == THE_LAW or kind in RECALL_HOLDS else f"{name} by {PARTNERS[setter]}"


def _of_family(verb: str, head: Head, what: str, options: dict[str, str]) -> Record:
    """Build the record of a verb that a family of rules has to itself, or of a plain one."""
    if verb in words_endings.VERBS:
        return words_endings.ending(verb, head, what, options, listed)
    if verb in words_onboarding.VERBS:
        return words_onboarding.onboarding(verb, head, what, options, listed)
    if verb in words_holds.VERBS or words_holds.is_finding(options):
        return words_holds.record(verb, head, listed(what), options)
    registered = registry_record(verb, head, what, options)
    if registered is not None:
        return registered
    return _on_items(verb, head, what)


def _on_items(verb: str, head: Head, what: str) -> Record:
    """Build the record of a verb that takes nothing but items."""
    gone = "LOST" if what.endswith(" lost") else "STOLEN"
    keys = listed(what.removesuffix(" stolen").removesuffix(" lost"))
    match verb:
        case "dispenses":
            return Dispense(head, keys)
        case "destroys":
            return Decommission(head, DecommissionReason.DESTROYED, keys)
        case "reports":
            return Decommission(head, DecommissionReason[gone], keys)
        case "observes":
            return Observe(head, ObserveStep.STORING, keys)
    raise ValueError(f"no such verb: {verb}")


def listed(text: str) -> tuple[bytes, ...]:
    """Return the item keys of `pack-1..3, case-1`."""
    found: list[bytes] = []
    for word in text.split(","):
        name = word.strip()
        if ".." in name:
            first, last = name.split("..")
            kind, start = first.rsplit("-", 1)
            found += [item(f"{kind}-{number}") for number in range(int(start), int(last) + 1)]
        elif name:
            found.append(item(name))
    return tuple(found)


def _item_name(text: str) -> str:
    """Turn `(01)…(21)…` or `(00)…` back into the scenario's name."""
    for kind, number in GTINS.items():
        if text.startswith(f"(01){number}(21)"):
            return f"{kind}-{text[22:]}"
    for kind, stem in UNITS.items():
        if text.startswith(f"(00){stem}"):
            return f"{kind}-{int(text[4 + len(stem) : -1])}"
    return text
