"""One event in EPCIS 1.x or 2.0 XML, into its raw form.

EPCIS 1.x hides later fields in `extension` and `baseExtension` elements, one within the other, and files put
them at every depth: both are looked through, wherever they stand. The order of elements is not enforced. What
is not of the standard, and what the law does not know, is copied beside the event.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from lxml import etree

from node.epcis.problems import CaptureProblem, KeptBudget
from node.epcis.raw import (
    EPC_FIELDS,
    QUANTITY_FIELDS,
    RawAttribute,
    RawError,
    RawEvent,
    RawQuantity,
)
from node.epcis.xml_syntax import canonical_xml, fragment, plain_name, split_name, text_of

_ENVELOPES: Final = frozenset({"extension", "baseExtension"})
_TEXTS: Final = frozenset(
    {
        "action",
        "bizStep",
        "disposition",
        "eventID",
        "eventTime",
        "eventTimeZoneOffset",
        "parentID",
        "transformationID",
    }
)
_PLACES: Final = frozenset({"readPoint", "bizLocation"})
_DROP_SHIPMENT: Final = ("epcis.gs1us.org/hc/ns", "dropShipment")


def unwrapped(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the children of an element, looking through `extension` and `baseExtension`."""
    for child in element:
        if plain_name(child) in _ENVELOPES:
            yield from unwrapped(child)
        else:
            yield child


class Kept:
    """Elements that the law does not know, on their way into canonical XML, in document order."""

    def __init__(self, budget: KeptBudget) -> None:
        self._budget = budget
        self._by_parent: dict[str, list[str]] = {}

    def keep(self, element: etree._Element, parent: str = "") -> None:
        """Keep an element, within `parent` when it stood in that one of the standard's own elements.

        Each is written where it stands in the file, with the namespaces declared around it: copied elsewhere
        first, it would lose the prefixes that only its texts use.
        """
        text = fragment(element)
        self._budget.spend(len(text))
        self._by_parent.setdefault(parent, []).append(text)

    def canonical(self, name: str = "unknown") -> bytes:
        """Return what was kept, within an element called `name`; no bytes when nothing was."""
        parts: list[str] = []
        for parent, fragments in self._by_parent.items():
            parts += [f"<{parent}>", *fragments, f"</{parent}>"] if parent else fragments
        return canonical_xml(name, parts) if parts else b""


def read_event(element: etree._Element, budget: KeptBudget) -> RawEvent:
    """Read one event.

    Args:
        element: The event.
        budget: Of the document, spent on what is kept and on namespaces written out.

    Raises:
        CaptureProblem: an element holds what the standard does not allow there, or two that disagree.
    """
    return _EventReader(RawEvent(split_name(element)[1]), budget).read(element)


class _EventReader:
    """Fills one raw event."""

    def __init__(self, raw: RawEvent, budget: KeptBudget) -> None:
        self._raw = raw
        self._budget = budget
        self._kept = Kept(budget)
        self._kept_sensors = Kept(budget)
        self._seen: set[str] = set()
        self._readers: dict[str, Callable[[etree._Element], None]] = {
            "bizTransactionList": self._transactions,
            "sourceList": self._sources,
            "destinationList": self._destinations,
            "persistentDisposition": self._persistent,
            "ilmd": self._ilmd,
            "errorDeclaration": self._error,
            "sensorElementList": self._sensors,
        }

    def read(self, event: etree._Element) -> RawEvent:
        """Read every element."""
        for child in unwrapped(event):
            name = plain_name(child)
            if name in _TEXTS:
                self._raw.set_text(name, text_of(child, name))
            elif name in _PLACES:
                self._place(name, child)
            elif name in EPC_FIELDS or name in QUANTITY_FIELDS or name in self._readers:
                self._once(name)
                self._list(name, child)
            else:
                self._other(child)
        self._raw.unknown = self._kept.canonical()
        return self._raw

    def _once(self, name: str) -> None:
        """Refuse a second list of the same name: which of the two is meant cannot be known."""
        if name in self._seen:
            raise CaptureProblem("repeated_field", name, f"{name} stands in the event twice")
        self._seen.add(name)

    def _list(self, name: str, element: etree._Element) -> None:
        """Read an element with several inside."""
        if name in EPC_FIELDS:
            entries = self._children(unwrapped(element), name, "epc")
            self._raw.epcs[name] = [text_of(one, f"{name}[{at}]") for at, one in enumerate(entries)]
        elif name in QUANTITY_FIELDS:
            entries = self._children(unwrapped(element), name, "quantityElement")
            self._raw.quantities[name] = [
                self._quantity(f"{name}[{at}]", one) for at, one in enumerate(entries)
            ]
        else:
            self._readers[name](element)

    def _other(self, element: etree._Element) -> None:
        """Keep what the law does not know; one extension of the US pharmaceutical guideline it does."""
        namespace, local = split_name(element)
        if local == _DROP_SHIPMENT[1] and namespace.rstrip("/#").endswith(_DROP_SHIPMENT[0]):
            self._raw.set_text("dropShipment", text_of(element, "dropShipment"))
        else:
            self._kept.keep(element)

    def _children(self, elements: Iterable[etree._Element], field: str, *names: str) -> list[etree._Element]:
        """Return the elements with these names, and keep the others."""
        found = []
        for element in elements:
            if plain_name(element) in names:
                found.append(element)
            else:
                self._kept.keep(element, field.partition("[")[0])
        return found

    def _texts(self, elements: Iterable[etree._Element], field: str, *names: str) -> dict[str, str]:
        """Return the texts of single elements by name, and keep the others."""
        texts: dict[str, str] = {}
        for element in self._children(elements, field, *names):
            name = plain_name(element)
            text = text_of(element, f"{field}.{name}")
            if texts.setdefault(name, text) != text:
                reason = f"{name} stands there twice, with different values"
                raise CaptureProblem("repeated_field", f"{field}.{name}", reason)
        return texts

    def _place(self, field: str, element: etree._Element) -> None:
        """Read readPoint or bizLocation."""
        self._raw.set_text(field, self._texts(unwrapped(element), field, "id").get("id", ""))

    def _quantity(self, field: str, element: etree._Element) -> RawQuantity:
        """Read one quantity element; a nil quantity is none."""
        texts = self._texts(unwrapped(element), field, "epcClass", "quantity", "uom")
        if "epcClass" not in texts:
            raise CaptureProblem("missing_field", f"{field}.epcClass", "the quantity does not say of what")
        return RawQuantity(texts["epcClass"], texts.get("quantity"), texts.get("uom"))

    def _transactions(self, element: etree._Element) -> None:
        """Read bizTransactionList."""
        self._raw.transactions = self._pairs(element, "bizTransactionList", "bizTransaction")

    def _sources(self, element: etree._Element) -> None:
        """Read sourceList."""
        self._raw.sources = self._pairs(element, "sourceList", "source")

    def _destinations(self, element: etree._Element) -> None:
        """Read destinationList."""
        self._raw.destinations = self._pairs(element, "destinationList", "destination")

    def _pairs(self, element: etree._Element, field: str, name: str) -> list[tuple[str, str]]:
        """Read elements with a type attribute and one text."""
        entries = self._children(unwrapped(element), field, name)
        return [(one.get("type", ""), text_of(one, f"{field}[{at}]")) for at, one in enumerate(entries)]

    def _persistent(self, element: etree._Element) -> None:
        """Read persistentDisposition."""
        field = "persistentDisposition"
        for child in self._children(unwrapped(element), field, "set", "unset"):
            name = plain_name(child)
            words = self._raw.persistent_set if name == "set" else self._raw.persistent_unset
            words.append(text_of(child, f"{field}.{name}"))

    def _ilmd(self, element: etree._Element) -> None:
        """Read master data: simple values become attributes, and all but lot and expiry are kept whole."""
        attributes = []
        for child in unwrapped(element):
            namespace, local = split_name(child)
            if not len(child):
                self._budget.spend(len(namespace))
                attributes.append(
                    RawAttribute(namespace.rstrip(":/#"), local, text_of(child, f"ilmd.{local}"))
                )
            if local not in {"lotNumber", "itemExpirationDate"}:
                self._kept.keep(child, "ilmd")
        self._raw.ilmd = attributes

    def _error(self, element: etree._Element) -> None:
        """Read errorDeclaration."""
        field = "errorDeclaration"
        ids: list[str] = []
        single = []
        for child in unwrapped(element):
            if plain_name(child) == "correctiveEventIDs":
                found = self._children(unwrapped(child), field, "correctiveEventID")
                ids += [text_of(one, f"{field}.correctiveEventIDs") for one in found]
            else:
                single.append(child)
        texts = self._texts(single, field, "declarationTime", "reason")
        self._raw.error = RawError(texts.get("declarationTime"), texts.get("reason"), tuple(ids))

    def _sensors(self, element: etree._Element) -> None:
        """Keep the sensor elements whole."""
        name = "sensorElementList"
        for one in self._children(unwrapped(element), name, "sensorElement"):
            self._kept_sensors.keep(one)
        self._raw.sensor_elements = self._kept_sensors.canonical(name)
