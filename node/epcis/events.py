"""EPCIS events as Packtrail understands them, whatever syntax and version they arrived in.

Follows EPCIS 1.2 and 2.0, chapter 7 (the core event types). This is the neutral model between the readers and
the translation to records of the law: nothing here knows the ledger, and nothing is judged beyond what the
standard asks of one event. Identifiers are split into those the law can act on (`ItemKey`, GTIN, GLN) and the
rest, kept as written. Vocabulary is the bare word of the Core Business Vocabulary, or the partner's own URI.

What the law does not know is kept as canonical bytes, so that it can be attached by hash and given back on
export (LAW, EPCIS rule g): canonical XML (C14N 2.0) when the bytes start with `<`, JSON with sorted keys and
no white space when they start with `{`, and no bytes at all when there is nothing to keep.
"""

from typing import Literal

import msgspec

from contracts.gs1.dates import Date
from contracts.gs1.keys import Gln, Gtin, ItemKey
from node.epcis.problems import CaptureProblem

Action = Literal["ADD", "OBSERVE", "DELETE"]


class Epcs(msgspec.Struct, frozen=True):
    """A list of instance identifiers, each once, in the order of the file."""

    items: tuple[ItemKey, ...] = ()
    """SGTINs and SSCCs."""
    others: tuple[str, ...] = ()
    """Instances that are not items (GIAI, GRAI, private URIs …), as written, white space removed."""


class Place(msgspec.Struct, frozen=True):
    """A location or a party. PGLN, SGLN, GLN and their Digital Links are the same thing to the law."""

    uri: str
    """As written, white space removed."""
    gln: Gln | None = None
    """None when the identifier is not built on a GLN."""
    extension: str = ""
    """GLN extension (AI 254): a place within the premises; empty for the premises themselves."""


class Quantity(msgspec.Struct, frozen=True):
    """Goods known by class only."""

    epc_class: str
    """Class identifier as written, white space removed."""
    gtin: Gtin | None = None
    """None when the class is not a GTIN."""
    lot: str = ""
    """Empty for a class without lot."""
    amount: str = ""
    """Canonical decimal text, for example `200.5`; empty when not stated."""
    unit: str = ""
    """UN/CEFACT recommendation 20 code; empty when things are counted."""


class SourceDestination(msgspec.Struct, frozen=True):
    """One entry of a source or destination list."""

    kind: str
    """owning_party, possessing_party, location, or a URI."""
    place: Place
    """Whom or where it names."""


class BusinessTransaction(msgspec.Struct, frozen=True):
    """A reference to a business document."""

    kind: str
    """po, desadv, inv …, a URI, or empty when the file gives no type."""
    reference: str
    """As written, white space at the ends removed."""


class Attribute(msgspec.Struct, frozen=True):
    """One simple value of instance or lot master data."""

    name: str
    """`namespace#local`, or the bare local name when it had no namespace."""
    value: str
    """Text, white space at the ends removed."""


class Ilmd(msgspec.Struct, frozen=True):
    """Instance or lot master data of items that begin to exist."""

    lot: str | None = None
    """1-20 characters of GS1 set 82."""
    expiry: Date | None = None
    """Day on which the items expire."""
    attributes: tuple[Attribute, ...] = ()
    """Every simple value, lot and expiry included; nested ones are in the event's `unknown`."""


class PersistentDisposition(msgspec.Struct, frozen=True):
    """States that stay until they are unset (EPCIS 2.0)."""

    set: tuple[str, ...] = ()
    """Dispositions that hold from now on."""
    unset: tuple[str, ...] = ()
    """Dispositions that no longer hold."""


class ErrorDeclaration(msgspec.Struct, frozen=True):
    """Says that the event with this content was wrong."""

    declared_ms: int
    """When the error was declared, ms since 1970 UTC."""
    reason: str
    """did_not_occur, incorrect_data, a URI, or empty."""
    corrective_event_ids: tuple[str, ...] = ()
    """Events that say it right, as written."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What every kind of event has."""

    position: int
    """Zero-based place in the file."""
    time_ms: int
    """When it happened, as claimed, ms since 1970 UTC."""
    offset_minutes: int
    """Local offset at the place, minutes east of UTC; for display only."""
    event_id: str = ""
    """As written; correlates, does not identify."""
    biz_step: str = ""
    """CBV word, a URI, or empty."""
    disposition: str = ""
    """CBV word, a URI, or empty."""
    persistent_disposition: PersistentDisposition = PersistentDisposition()
    """Empty when the file has none."""
    read_point: Place | None = None
    """Where it was seen."""
    biz_location: Place | None = None
    """Where the things are afterwards."""
    transactions: tuple[BusinessTransaction, ...] = ()
    """Business documents it belongs to."""
    sources: tuple[SourceDestination, ...] = ()
    """From whom and where."""
    destinations: tuple[SourceDestination, ...] = ()
    """To whom and where."""
    ilmd: Ilmd | None = None
    """None when the file has none."""
    sensor_elements: bytes = b""
    """The whole sensorElementList, canonical bytes; empty when there is none."""
    error_declaration: ErrorDeclaration | None = None
    """None for an event that is not an error declaration."""
    drop_shipment: bool = False
    """The US healthcare extension: goods go to a party that does not buy them here."""
    unknown: bytes = b""
    """Everything else in this event, canonical bytes."""


class ObjectEvent(Event, frozen=True, kw_only=True):
    """Something happened to things."""

    action: Action
    """ADD: they begin to exist; DELETE: they end; OBSERVE: neither."""
    epcs: Epcs = Epcs()
    """Instances."""
    quantities: tuple[Quantity, ...] = ()
    """Class-level goods."""


class AggregationEvent(Event, frozen=True, kw_only=True):
    """Things are put into, seen in, or taken out of a container."""

    action: Action
    """ADD: packed; DELETE: unpacked; OBSERVE: stated contents."""
    parent: ItemKey | None = None
    """The container, when it is an item."""
    other_parent: str = ""
    """The container as written, when it is not an item; empty when there is none."""
    children: Epcs = Epcs()
    """Instances inside; empty under DELETE means everything."""
    child_quantities: tuple[Quantity, ...] = ()
    """Class-level goods inside."""


class AssociationEvent(Event, frozen=True, kw_only=True):
    """A device or asset is attached to, seen on, or taken off something (EPCIS 2.0)."""

    action: Action
    """ADD: attached; DELETE: detached; OBSERVE: seen."""
    parent: ItemKey | None = None
    """What it is attached to, when that is an item."""
    other_parent: str = ""
    """What it is attached to, as written, when that is not an item."""
    children: Epcs = Epcs()
    """What is attached; empty under DELETE means everything."""
    child_quantities: tuple[Quantity, ...] = ()
    """Class-level things attached."""


class TransactionEvent(Event, frozen=True, kw_only=True):
    """Things are tied to, or released from, business documents."""

    action: Action
    """ADD: tied; DELETE: released; OBSERVE: seen together."""
    parent: ItemKey | None = None
    """Container of the things, when named and an item."""
    other_parent: str = ""
    """Container as written, when it is not an item; empty when there is none."""
    epcs: Epcs = Epcs()
    """Instances; empty under DELETE means everything."""
    quantities: tuple[Quantity, ...] = ()
    """Class-level goods."""


class TransformationEvent(Event, frozen=True, kw_only=True):
    """Inputs are used up and outputs come out of them."""

    inputs: Epcs = Epcs()
    """Instances used up."""
    input_quantities: tuple[Quantity, ...] = ()
    """Class-level goods used up."""
    outputs: Epcs = Epcs()
    """Instances that came out."""
    output_quantities: tuple[Quantity, ...] = ()
    """Class-level goods that came out."""
    transformation_id: str = ""
    """Ties several events to one transformation; empty when this event is all of it."""


EpcisEvent = ObjectEvent | AggregationEvent | AssociationEvent | TransactionEvent | TransformationEvent
"""Any event that the gateway can read."""

DocumentFormat = Literal["xml-1.2", "xml-2.0", "json-2.0"]


class EpcisDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One file of events.

    A file may be half good. `refused` is then not empty, and the caller decides: a capture that stands or
    falls as a whole (rollback, the default) must refuse the file with all these problems; one that proceeds
    takes `events`.
    """

    format: DocumentFormat
    """Syntax it came in."""
    schema_version: str = ""
    """As written; empty when the file gives none (a bare event)."""
    created_ms: int | None = None
    """When the file was made, ms since 1970 UTC; None when not stated or not readable."""
    instance_identifier: str = ""
    """The sender's own id of the file (SBDH); empty when there is none."""
    sender: Place | None = None
    """SBDH sender."""
    receivers: tuple[Place, ...] = ()
    """SBDH receivers."""
    events: tuple[EpcisEvent, ...] = ()
    """Events that could be read, in file order; their `position` counts the refused ones too."""
    refused: tuple[CaptureProblem, ...] = ()
    """One problem for each event that could not be read, in file order."""
    master_data: bytes = b""
    """Vocabulary lists in the header, canonical bytes: attached, never acted upon."""
    unknown: bytes = b""
    """Everything else in the header and between the events, canonical bytes."""
