"""Words of rule 17: recalls.

    Acme recalls as R1: pack lot L1 or pack line 2 from 2026-03-02T08 until 2026-03-02T16
    Acme withdraws as R1: pack-1..3          Gov recalls as R1, ordered class II: site Plant
    Acme drills as R1: pack lot L1           Acme widens R1: pack lot L2
    Gov classifies R1 class I                Bulk acknowledges R1
    Bulk responds to R1: 3 set aside, 1 missing
    Gov closes R1                            Gov frees pack-1 from R1
    Gov frees syrup lot Q1 from R1           Gov frees salt from R1

A scope is alternatives joined by `or`; each says of its goods what must all hold: product, `family`, `lot`,
`line`, `from` and `until`, `site`, `market`, `material powder/M1`, `serials 001 to 099`, or items.
"""

from typing import TYPE_CHECKING, Final

from contracts.gs1.dates import parse_timestamp
from contracts.records.head import Head
from contracts.records.recall import (
    AcknowledgeRecall,
    ClassifyRecall,
    CloseRecall,
    OpenRecall,
    Quantities,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    ReleaseFromRecall,
    ReleaseLot,
    RespondToRecall,
    Scope,
    WidenRecall,
    recall_id,
)
from contracts.records.record import Record
from contracts.state.layout import LOTS, RESPONSES, response_key
from contracts.state.recall_rows import RecallStanding
from contracts.state.recalls import find_recall
from contracts.state.view import Overlay
from tests.scenarios.law.words_lots import material
from tests.scenarios.law.world import GTINS, ROLES, gln, gtin

if TYPE_CHECKING:
    from tests.scenarios.law.language import Speaker

OPENING: Final = {
    "recalls": (RecallKind.RECALL, 0),
    "withdraws": (RecallKind.WITHDRAWAL, 0),
    "drills": (RecallKind.RECALL, 1),
}
ABOUT: Final = ("widens", "classifies", "acknowledges", "responds", "closes", "frees")
_FOUND: Final = ("set aside", "returned", "destroyed", "dispensed", "missing")


def record(speaker: "Speaker", sentence: str) -> Record | None:
    """Build the record of a sentence about a recall; None for any other sentence."""
    _signer, verb, rest = (*sentence.split(" ", 2), "")[:3]
    head = Head(speaker.ledger.time_ms, 60, b"")
    if verb in OPENING and rest.startswith("as "):
        return _opening(speaker, head, verb, rest)
    if verb not in ABOUT:
        return None
    if verb == "frees":
        return _release(speaker, head, rest)
    name, _colon, rest = rest.removeprefix("to ").partition(":")
    name, _class, grade = name.partition(" class ")
    identifier = recall(speaker, name.strip())
    match verb:
        case "widens":
            return WidenRecall(head, identifier, scope(rest))
        case "classifies":
            return ClassifyRecall(head, identifier, RecallClass[f"CLASS_{grade}"])
        case "acknowledges":
            return AcknowledgeRecall(head, identifier)
        case "responds":
            return RespondToRecall(head, identifier, _quantities(rest))
    return CloseRecall(head, identifier)


def _release(speaker: "Speaker", head: Head, rest: str) -> Record:
    what, _from, name = rest.partition(" from ")
    kind, _lot, lot = what.partition(" lot ")
    if kind in GTINS:
        return ReleaseLot(head, recall(speaker, name), gtin(kind), lot.encode())
    return ReleaseFromRecall(head, recall(speaker, name), _items(what))


def recall(speaker: "Speaker", name: str) -> bytes:
    """Return the id of a recall by its name; a made-up one for a name never given."""
    return speaker.recalls.setdefault(name, name.encode().ljust(16, b"-"))


def opened(sentences: list[str], document: bytes) -> dict[str, bytes]:
    """Return the names of the recalls that a document opens, with their ids."""
    found = {}
    for index, sentence in enumerate(sentences):
        _signer, verb, rest = (*sentence.split(" ", 2), "")[:3]
        if verb in OPENING and rest.startswith("as "):
            name = rest.removeprefix("as ").partition(":")[0].partition(",")[0]
            found[name] = recall_id(document, index)
    return found


def _opening(speaker: "Speaker", head: Head, verb: str, rest: str) -> OpenRecall:
    terms, _colon, goods = rest.partition(": ")
    words = terms.replace(",", "").split()[2:]
    kind, drill = OPENING[verb]
    grade = RecallClass[f"CLASS_{words[words.index('class') + 1]}"] if "class" in words else RecallClass(0)
    origin = RecallOrigin.ORDERED if "ordered" in words else RecallOrigin.VOLUNTARY
    by_ms = speaker.ledger.time_ms if "late" in words else 0
    return OpenRecall(
        *(head, kind, 7 if "broken" in words else drill, origin, grade, RecallDepth.CONSUMER),
        *(RecallReason.QUALITY_DEFECT, scope(goods), b"", b"", by_ms),
    )


def scope(text: str) -> tuple[Scope, ...]:
    """Return the alternatives of `pack lot L1 or pack-1..3`."""
    return tuple(_alternative(one.strip()) for one in text.split(" or ") if one.strip())


def _alternative(text: str) -> Scope:
    words = text.split()
    if "-" in words[0] and words[0] not in GTINS:
        return _scope(items=_items(text))
    found: dict[str, str] = {}
    if words[0] in GTINS:
        found["gtin"] = words.pop(0)
    while words:
        word = words.pop(0)
        if word in ("family", "to"):
            found[word] = words.pop(0) if word == "to" else "1"
        else:
            found[word] = words.pop(0)
    return _scope(
        gtin=gtin(found["gtin"]) if "gtin" in found else b"",
        family=int(found.get("family", "0")),
        lot=found.get("lot", "").encode(),
        line=found.get("line", "").encode(),
        from_ms=_time(found["from"]) if "from" in found else 0,
        until_ms=_time(found["until"]) if "until" in found else 0,
        site=gln(found["site"]) if "site" in found else b"",
        market=found.get("market", ""),
        first_serial=found.get("serials", "").encode(),
        last_serial=found.get("to", "").encode(),
        session=int(found.get("session", "0")),
        **_material(found.get("material", "")),
    )


def _material(text: str) -> dict[str, bytes]:
    """Return the material lot of `powder/M1`."""
    if not text:
        return {}
    named = material(text.replace("/", " "))
    return {"material_gtin": named.gtin, "material_lot": named.lot}


def _scope(**fields: object) -> Scope:
    empty = dict.fromkeys(("gtin", "lot", "line", "site", "first_serial", "last_serial"), b"")
    return Scope(**{**empty, "family": 0, "from_ms": 0, "until_ms": 0, "market": "", "items": (), **fields})  # type: ignore[arg-type]


def _time(text: str) -> int:
    """Return the instant of `2026-03-02T08` or `2026-03-02T08:30`."""
    return parse_timestamp(f"{text}{':00' if ':' not in text else ''}:00Z")


def _items(text: str) -> tuple[bytes, ...]:
    from tests.scenarios.law.language import listed  # noqa: PLC0415 - the language hooks these words in

    return listed(text)


def _quantities(text: str) -> Quantities:
    found = dict.fromkeys(_FOUND, 0)
    for part in text.split(","):
        number, _space, what = part.strip().partition(" ")
        found[what] = int(number)
    return Quantities(*found.values())


def see(speaker: "Speaker", state: Overlay, name: str) -> str:
    """Describe a recall: how it stands, what it marks, who answered."""
    found = find_recall(state, speaker.recalls[name])
    if found is None:
        return f"{name} is unknown"
    number, row = found
    standing = RecallStanding(row.standing).name.lower()
    word = "drill" if row.drill else RecallKind(row.kind).name.lower()
    grade = RecallClass(row.recall_class).name.lower().replace("_", " ")
    parts = [
        f"{name} is an {standing} {word}" if standing == "open" else f"{name} is a {standing} {word}",
        grade,
    ]
    parts += [f"marks {lot}" for lot in _marked(speaker, number)]
    for partner, who in enumerate(ROLES, start=1):
        answer = state.read(RESPONSES, response_key(number, partner))
        if answer is not None:
            parts.append(f"{'answered' if answer.responded_ms else 'read'} by {who}")
    return ", ".join(parts)


def _marked(speaker: "Speaker", recall_number: int) -> list[str]:
    """Return the lots and makes that a recall marks."""
    found = []
    for key, value in sorted(speaker.ledger.reader.rows.items()):
        if key.startswith(LOTS.prefix):
            row = LOTS.decode(value)
            makes = [make for make, _kind, by in row.marks if by == recall_number]
            if makes:
                some = "" if makes == [0] else f" ({', '.join(f'make {make}' for make in makes)})"
                named = f"{speaker.name(row.gtin)} {row.lot.decode()}".strip()
                found.append(f"{named}{some}")
    return found
