"""One event in EPCIS 2.0 JSON or JSON-LD, into its raw form.

Members that the standard has and the law does not (recordTime, certificationInfo), and members with a
namespace prefix, are kept as canonical bytes. A member without prefix that the standard does not have is
refused: it is more often `quantty` than an extension, and the standard reserves bare names.
"""

from collections.abc import Callable
from typing import Any, Final

from node.epcis.json_context import Context
from node.epcis.json_syntax import canonical_json
from node.epcis.problems import CaptureProblem, KeptBudget, shown
from node.epcis.raw import (
    EPC_FIELDS,
    QUANTITY_FIELDS,
    RawAttribute,
    RawError,
    RawEvent,
    RawQuantity,
)

_TYPE_NAMES: Final = ("type", "@type", "isA")
_TEXTS: Final = frozenset(
    {"action", "eventID", "eventTime", "eventTimeZoneOffset", "parentID", "transformationID"}
)
_WORDS: Final = frozenset({"bizStep", "disposition"})
_PLACES: Final = frozenset({"readPoint", "bizLocation"})
_ID_ALIASES: Final = frozenset({"id", "@id"})
_KEPT: Final = frozenset({"recordTime", "certificationInfo"})
_DROP_SHIPMENT: Final = ("epcis.gs1us.org/hc/ns", "dropShipment")
_TYPE_PREFIXES: Final = ("epcis:", "https://ref.gs1.org/epcis/", "https://ns.gs1.org/epcis/")


def event_type(event: dict[str, Any]) -> str:
    """Return the type of an event or document, without the EPCIS namespace; empty when it has none."""
    for name in _TYPE_NAMES:
        value = event.get(name)
        if type(value) is str:
            for prefix in _TYPE_PREFIXES:
                value = value.removeprefix(prefix)
            return value
    return ""


def read_event(event: object, context: Context, budget: KeptBudget) -> RawEvent:
    """Read one event.

    Args:
        event: What stands in the event list.
        context: Of the document.
        budget: Of the document, spent on what is kept and on namespaces written out.

    Raises:
        CaptureProblem: the event has a member that is not what EPCIS 2.0 JSON allows.
    """
    if not isinstance(event, dict):
        raise CaptureProblem("invalid_value", "eventList", "an event must be an object")
    inner = context.extended(event["@context"]) if "@context" in event else context
    return _EventReader(inner, RawEvent(event_type(event)), budget).read(event)


class _EventReader:
    """Fills one raw event."""

    def __init__(self, context: Context, raw: RawEvent, budget: KeptBudget) -> None:
        self._context = context
        self._budget = budget
        self._raw = raw
        self._unknown: dict[str, Any] = {}
        self._readers: dict[str, Callable[[Any], None]] = {
            "bizTransactionList": self._transactions,
            "sourceList": self._sources,
            "destinationList": self._destinations,
            "persistentDisposition": self._persistent,
            "ilmd": self._ilmd,
            "errorDeclaration": self._error,
            "sensorElementList": self._sensors,
        }

    def read(self, event: dict[str, Any]) -> RawEvent:
        """Read every member; null means absent, as in JSON-LD."""
        for name, value in event.items():
            if value is not None and name not in _TYPE_NAMES and name != "@context":
                self._member(name, value)
        if self._unknown:
            self._raw.unknown = keep_members(self._unknown, self._context, self._budget)
        return self._raw

    def _member(self, name: str, value: object) -> None:
        """Read one member."""
        if name in _TEXTS:
            self._raw.set_text(name, _text(value, name))
        elif name in _ID_ALIASES:
            self._raw.set_text("eventID", _text(value, name))
        elif name in _WORDS:
            self._raw.set_text(name, self._word(value, name))
        elif name in _PLACES:
            self._place(name, value)
        elif name in EPC_FIELDS:
            self._raw.epcs[name] = [_text(one, f"{name}[{at}]") for at, one in enumerate(_list(value))]
        elif name in QUANTITY_FIELDS:
            self._raw.quantities[name] = [
                self._quantity(name, at, one) for at, one in enumerate(_list(value))
            ]
        elif name in self._readers:
            self._readers[name](value)
        else:
            self._other(name, value)

    def _other(self, name: str, value: object) -> None:
        """Keep what the law does not know; one extension of the US pharmaceutical guideline it does."""
        namespace, local = self._context.expand(name)
        if local == _DROP_SHIPMENT[1] and namespace.endswith(_DROP_SHIPMENT[0]):
            self._raw.set_text("dropShipment", str(value).lower())
        elif name in _KEPT:
            self._unknown[name] = value
        else:
            self._keep(name, value, name)

    def _keep(self, name: str, value: object, path: str, parent: str = "") -> None:
        """Keep an extension under its name, or under its name within `parent`."""
        if not self._context.is_extension(name):
            reason = f"EPCIS 2.0 has no field {shown(name)} here, and extensions carry a namespace prefix"
            raise CaptureProblem("unknown_field", path, reason)
        target = self._unknown.setdefault(parent, {}) if parent else self._unknown
        target[name] = value

    def _word(self, value: object, field: str) -> str:
        """Read a word; a prefix that the file declares is written out, and that counts as kept."""
        text = _text(value, field)
        word = self._context.expand_word(text)
        self._budget.spend(max(len(word) - len(text), 0))
        return word

    def _place(self, field: str, value: object) -> None:
        """Read a readPoint or bizLocation: an object with an id, or just the id."""
        if type(value) is str:
            self._raw.set_text(field, value)
            return
        for name, one in _object(value, field).items():
            if name in _ID_ALIASES:
                self._raw.set_text(field, _text(one, f"{field}.id"))
            else:
                self._keep(name, one, f"{field}.{name}", field)

    def _quantity(self, field: str, index: int, value: object) -> RawQuantity:
        """Read one quantity element."""
        path = f"{field}[{index}]"
        element = _object(value, path)
        for name, one in element.items():
            if name not in {"epcClass", "quantity", "uom", *_TYPE_NAMES}:
                self._keep(name, one, f"{path}.{name}", path)
        if "epcClass" not in element:
            raise CaptureProblem("missing_field", f"{path}.epcClass", "the quantity does not say of what")
        amount = element.get("quantity")
        if amount is not None and not isinstance(amount, str):
            raise CaptureProblem("invalid_quantity", f"{path}.quantity", f"{shown(amount)} is not a number")
        unit = element.get("uom")
        return RawQuantity(
            _text(element["epcClass"], f"{path}.epcClass"),
            None if amount is None else str(amount),
            None if unit is None else _text(unit, f"{path}.uom"),
        )

    def _transactions(self, value: object) -> None:
        """Read bizTransactionList."""
        self._raw.transactions = self._pairs("bizTransactionList", "bizTransaction", value)

    def _sources(self, value: object) -> None:
        """Read sourceList."""
        self._raw.sources = self._pairs("sourceList", "source", value)

    def _destinations(self, value: object) -> None:
        """Read destinationList."""
        self._raw.destinations = self._pairs("destinationList", "destination", value)

    def _pairs(self, field: str, name: str, value: object) -> list[tuple[str, str]]:
        """Read a list of objects with a type and one text."""
        pairs = []
        for index, one in enumerate(_list(value)):
            path = f"{field}[{index}]"
            entry = _object(one, path)
            for other, extension in entry.items():
                if other not in {name, *_TYPE_NAMES}:
                    self._keep(other, extension, f"{path}.{other}", path)
            if name not in entry:
                raise CaptureProblem("missing_field", f"{path}.{name}", f"the entry has no {name}")
            kind = self._word(event_type(entry), path)
            pairs.append((kind, _text(entry[name], f"{path}.{name}")))
        return pairs

    def _persistent(self, value: object) -> None:
        """Read persistentDisposition."""
        for name, one in _object(value, "persistentDisposition").items():
            path = f"persistentDisposition.{name}"
            if name in {"set", "unset"}:
                words = [self._word(word, path) for word in _list(one)]
                setattr(self._raw, f"persistent_{name}", words)
            else:
                self._keep(name, one, path, "persistentDisposition")

    def _ilmd(self, value: object) -> None:
        """Read master data: simple values become attributes, and all but lot and expiry are kept whole."""
        attributes = []
        for name, one in _object(value, "ilmd").items():
            namespace, local = self._context.expand(name)
            simple = [item for item in _list(one) if isinstance(item, str | bool)]
            self._budget.spend(len(namespace) * len(simple))
            attributes += [RawAttribute(namespace, local, _plain(item)) for item in simple]
            if local not in {"lotNumber", "itemExpirationDate"}:
                self._unknown.setdefault("ilmd", {})[name] = one
        self._raw.ilmd = attributes

    def _error(self, value: object) -> None:
        """Read errorDeclaration."""
        declaration = _object(value, "errorDeclaration")
        path = "errorDeclaration"
        for name, one in declaration.items():
            if name not in {"declarationTime", "reason", "correctiveEventIDs", *_TYPE_NAMES}:
                self._keep(name, one, f"{path}.{name}", path)
        declared, reason = declaration.get("declarationTime"), declaration.get("reason")
        ids = _list(declaration.get("correctiveEventIDs") or [])
        self._raw.error = RawError(
            None if declared is None else _text(declared, f"{path}.declarationTime"),
            None if reason is None else self._word(reason, f"{path}.reason"),
            tuple(_text(one, f"{path}.correctiveEventIDs") for one in ids),
        )

    def _sensors(self, value: object) -> None:
        """Keep the sensor elements whole."""
        name = "sensorElementList"
        elements = [_object(one, f"{name}[{at}]") for at, one in enumerate(_list(value))]
        if elements:
            self._raw.sensor_elements = keep_members({name: elements}, self._context, self._budget)


def keep_members(members: dict[str, Any], context: Context, budget: KeptBudget) -> bytes:
    """Write members with the prefixes they use, so that they can be given back on export."""
    written = canonical_json(members)
    used = context.used_by(written.decode("utf-8"))
    if used:
        written = canonical_json({**members, "@context": used})
    budget.spend(len(written))
    return written


def _list(value: object) -> list[Any]:
    """Return a list; a single value stands for a list of one, as JSON-LD compacts it."""
    return value if isinstance(value, list) else [value]


def _object(value: object, field: str) -> dict[str, Any]:
    """Require an object."""
    if not isinstance(value, dict):
        raise CaptureProblem("invalid_value", field, f"expected an object, got {shown(value)}")
    return value


def _text(value: object, field: str) -> str:
    """Require a string; a number is not one."""
    if type(value) is not str:
        raise CaptureProblem("invalid_value", field, f"expected a text, got {shown(value)}")
    return value


def _plain(value: str | bool) -> str:  # noqa: FBT001  a JSON value, not a flag
    """Return a simple JSON value as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)
