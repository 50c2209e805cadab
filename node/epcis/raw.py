"""One event as both readers hand it over: texts under EPCIS 2.0 names, nothing interpreted yet.

XML and JSON differ in where things stand, not in what they mean. The readers bring both into this shape, and
`node.epcis.build` judges it once.
"""

import msgspec

from node.epcis.problems import CaptureProblem

TEXT_FIELDS = frozenset(
    {
        "action",
        "bizLocation",
        "bizStep",
        "disposition",
        "dropShipment",
        "eventID",
        "eventTime",
        "eventTimeZoneOffset",
        "parentID",
        "readPoint",
        "transformationID",
    }
)
"""Fields with one text; the two places carry the text of their `id`."""

EPC_FIELDS = frozenset({"epcList", "childEPCs", "inputEPCList", "outputEPCList"})
QUANTITY_FIELDS = frozenset({"quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"})


class RawQuantity(msgspec.Struct, frozen=True):
    """One quantity element."""

    epc_class: str
    """Class identifier."""
    amount: str | None
    """Decimal text, None when absent or nil."""
    unit: str | None
    """Unit code, None when absent."""


class RawError(msgspec.Struct, frozen=True):
    """An error declaration."""

    declared: str | None
    """Declaration time."""
    reason: str | None
    """Reason, in any spelling."""
    corrective_event_ids: tuple[str, ...]
    """Ids of the events that say it right."""


class RawAttribute(msgspec.Struct, frozen=True):
    """One simple child of the instance or lot master data."""

    namespace: str
    """Expanded namespace, empty when there is none."""
    name: str
    """Local name."""
    value: str
    """Text."""


class RawEvent(msgspec.Struct):
    """One event while a reader fills it."""

    kind: str
    """ObjectEvent, AggregationEvent …"""
    texts: dict[str, str] = {}
    """By `TEXT_FIELDS`."""
    epcs: dict[str, list[str]] = {}
    """By `EPC_FIELDS`."""
    quantities: dict[str, list[RawQuantity]] = {}
    """By `QUANTITY_FIELDS`."""
    transactions: list[tuple[str, str]] = []
    """Type (may be empty) and reference."""
    sources: list[tuple[str, str]] = []
    """Type and party or location."""
    destinations: list[tuple[str, str]] = []
    """Type and party or location."""
    persistent_set: list[str] = []
    """Dispositions set."""
    persistent_unset: list[str] = []
    """Dispositions unset."""
    ilmd: list[RawAttribute] | None = None
    """None when the event has none."""
    error: RawError | None = None
    """None when the event is no error declaration."""
    sensor_elements: bytes = b""
    """The whole list, canonical bytes."""
    unknown: bytes = b""
    """Everything else, canonical bytes."""

    def set_text(self, field: str, text: str) -> None:
        """Keep a text; the same text twice is forgiven, as some systems write offsets and ids doubled.

        Raises:
            CaptureProblem: `repeated_field` when the two differ.
        """
        stripped = text.strip()
        if self.texts.setdefault(field, stripped) != stripped:
            raise CaptureProblem(
                "repeated_field", field, f"{field} stands in the event twice, with different values"
            )
