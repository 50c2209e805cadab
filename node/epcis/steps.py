"""What an event states in the words of the law, whoever states it (LAW, EPCIS table and rule e).

An event without a step of the law is kept and given back, never acted upon (rule g).
"""

from enum import Enum, auto
from typing import Final

import msgspec

from contracts.gs1.keys import ItemKey
from contracts.records.supply import ObserveStep
from node.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    EpcisEvent,
    Epcs,
    ObjectEvent,
    Quantity,
    TransformationEvent,
)
from node.epcis.loggers import logger_key

RECEIVING: Final = frozenset({"receiving", "accepting"})
DISPENSING: Final = frozenset({"dispensing", "retail_selling"})
HOLDING: Final = frozenset({"holding", "inspecting"})
HELD: Final = frozenset(
    {"damaged", "expired", "no_pedigree_match", "non_conformant", "non_sellable_other", "recalled"}
)
"""Dispositions of what is set apart, and may not be sold: its holder quarantines it."""
INSTALLING: Final = frozenset({"installing", "assembling"})
REMOVING: Final = frozenset({"removing", "disassembling"})
ENDING: Final = frozenset({"decommissioning", "destroying"})
OBSERVING: Final = {
    "storing": ObserveStep.STORING,
    "arriving": ObserveStep.ARRIVING,
    "departing": ObserveStep.DEPARTING,
    "inspecting": ObserveStep.INSPECTING,
}


PIECES: Final = frozenset({"", "EA", "C62", "H87"})
"""Units of packs that are counted: none, or each, one and piece of UN/CEFACT recommendation 20."""


REPORTING: Final = "sensor_reporting"
"""The step of events that are there for their readings."""


class Step(Enum):
    """The steps that the law has records for."""

    COMMISSION = auto()
    PACK = auto()
    UNPACK = auto()
    SHIP = auto()
    VOID = auto()
    RECEIVE = auto()
    DISPENSE = auto()
    DECOMMISSION = auto()
    OBSERVE = auto()
    HOLD = auto()
    RELEASE = auto()
    READ = auto()
    INSTALL = auto()
    REMOVE = auto()
    TRANSFORM = auto()
    TRACE = auto()
    NEVER_MADE = auto()
    NEVER_PACKED = auto()
    NONE = auto()


class Statement(msgspec.Struct, frozen=True):
    """What an event states."""

    step: Step
    """Which step; NONE for what the law has no record for."""
    items: tuple[ItemKey, ...] = ()
    """What it is about: children of a container, or the things themselves."""
    field: str = ""
    """Where the event lists them."""
    parent: ItemKey | None = None
    """The container that they go into or come out of."""
    contents: tuple[ItemKey, ...] = ()
    """What is said to be inside the one item, which an aggregation states beside the step."""
    outputs: tuple[ItemKey, ...] = ()
    """What the items become, when they are used up."""
    loggers: tuple[bytes, ...] = ()
    """Keys of the loggers that are put on, or taken off."""
    quantities: tuple[Quantity, ...] = ()
    """What it says by class, when packs of a product may be among that."""
    quantity_field: str = ""
    """Where the event lists these."""
    note: str = ""
    """For NONE: why, in a sentence."""


_ERRORS: Final = {Step.COMMISSION: Step.NEVER_MADE, Step.PACK: Step.NEVER_PACKED}
"""What is taken back by a correction (rule 19), and how."""


def read_statement(event: EpcisEvent) -> Statement:
    """Return what an event states; of an error declaration, that what it repeats was an error."""
    statement = _content(event)
    if event.error_declaration is None:
        return statement
    # What was made of what is never taken back (rule 29), nor what that brought forth.
    step = None if isinstance(event, TransformationEvent) else _ERRORS.get(statement.step)
    if step is None or statement.quantities:
        return _nothing(
            "it declares an error that no correction takes back: void, observe or propose instead"
        )
    return msgspec.structs.replace(statement, step=step)


def _content(event: EpcisEvent) -> Statement:
    """Return what an event states, whether or not it was an error."""
    match event:
        case ObjectEvent():
            return _of_object(event)
        case AggregationEvent():
            return _of_aggregation(event)
        case AssociationEvent():
            return _of_association(event)
        case TransformationEvent():
            return _of_transformation(event)
        case _:
            kind = type(event).__name__.removesuffix("Event").lower()
            return _nothing(f"the law has no record for {kind} events")


def _of_object(event: ObjectEvent) -> Statement:
    quantities = _countable(event.quantities)
    step = _step_of_object(event)
    if step is Step.READ:
        return Statement(step, event.epcs.items, "epcList")
    if not (event.epcs.items or quantities):
        return _nothing("it names no pack, case or logistic unit by its serial number, and counts no packs")
    if step is Step.NONE:
        return _nothing(_no_record(event.biz_step, event.action))
    return Statement(step, event.epcs.items, "epcList", quantities=quantities, quantity_field="quantityList")


def _countable(quantities: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
    """Return class-level quantities when any of them may be packs of a product."""
    may_be = any(entry.gtin is not None and entry.unit.upper() in PIECES for entry in quantities)
    return quantities if may_be else ()


def _step_of_object(event: ObjectEvent) -> Step:
    if event.action == "ADD":
        return Step.COMMISSION if event.biz_step in {"commissioning", ""} else Step.NONE
    if event.disposition == "stolen" or event.biz_step in ENDING:
        return Step.DECOMMISSION
    if event.biz_step in DISPENSING:
        return Step.DISPENSE
    if event.action == "DELETE":
        return Step.NONE
    step = _step_of_hold(event)
    if step is not Step.NONE:
        return step
    if event.biz_step in OBSERVING:
        return Step.OBSERVE
    step = _step_of_custody(event.biz_step)
    # Telemetry comes with all kinds of steps, above all in transport.
    return Step.READ if step is Step.NONE and event.sensor_elements else step


def _step_of_hold(event: ObjectEvent) -> Step:
    """Tell whether goods are set apart or let go: only where the event says so, for holding alone may not."""
    if event.biz_step not in HOLDING:
        return Step.NONE
    if is_set_apart(event):
        return Step.HOLD
    return Step.NONE if HELD.isdisjoint(event.persistent_disposition.unset) else Step.RELEASE


def is_set_apart(event: EpcisEvent) -> bool:
    """Tell whether an event says that goods may not be sold after it."""
    return event.disposition in HELD or not HELD.isdisjoint(event.persistent_disposition.set)


def _step_of_custody(biz_step: str) -> Step:
    if biz_step in RECEIVING:
        return Step.RECEIVE
    return {"shipping": Step.SHIP, "void_shipping": Step.VOID}.get(biz_step, Step.NONE)


def _of_aggregation(event: AggregationEvent) -> Statement:
    if event.parent is None:
        return _nothing("its parentID is no case or logistic unit")
    children, parent = event.children.items, event.parent
    if event.action == "OBSERVE":
        step = _step_of_custody(event.biz_step)
        if step in {Step.SHIP, Step.RECEIVE}:
            return Statement(
                *(step, (parent,), "parentID", None, children),
                quantities=_countable(event.child_quantities),
                quantity_field="childQuantityList",
            )
        return _nothing("it states what is inside a container, and the law has no record for that")
    is_everything = not (children or event.children.others or event.child_quantities)
    if not children and not (event.action == "DELETE" and is_everything):
        return _nothing("it names nothing inside by its serial number")
    step = Step.PACK if event.action == "ADD" else Step.UNPACK
    return Statement(step, children, "childEPCs", parent)


def _of_association(event: AssociationEvent) -> Statement:
    """Loggers on an item; what is attached to anything else is no affair of the law."""
    if event.parent is None:
        return _nothing("its parentID is no pack, case or logistic unit")
    loggers = tuple(key for key in map(logger_key, event.children.others) if key is not None)
    about = (event.parent,), "parentID"
    if event.action == "OBSERVE":
        if not event.sensor_elements:
            return _nothing("it states what is attached to something, and the law has no record for that")
        return Statement(Step.READ, *about)
    is_on = event.action == "ADD" and event.biz_step in INSTALLING
    if not is_on and not (event.action == "DELETE" and event.biz_step in REMOVING):
        return _nothing(_no_record(event.biz_step, event.action))
    is_everything = not is_on and event.children == Epcs() and not event.child_quantities
    if not loggers and not is_everything:
        return _nothing("what it attaches is no logger with a GIAI or GRAI")
    return Statement(Step.INSTALL if is_on else Step.REMOVE, *about, loggers=loggers)


def _of_transformation(event: TransformationEvent) -> Statement:
    """Things that become others; out of materials that are known by class, they begin to exist."""
    if event.transformation_id:
        return _nothing("it is one of several events that tell one transformation together")
    inputs, outputs = event.inputs.items, event.outputs.items
    if inputs and outputs:
        return Statement(Step.TRANSFORM, inputs, "inputEPCList", outputs=outputs)
    counted = _countable(event.output_quantities)
    if inputs or event.inputs.others:
        return _nothing("it uses up things and brings forth none with a serial number")
    step = Step.COMMISSION if outputs or counted else Step.TRACE
    return Statement(step, outputs, "outputEPCList", quantities=counted, quantity_field="outputQuantityList")


def _no_record(biz_step: str, action: str) -> str:
    return f"the law has no record for {biz_step or 'no business step'} with {action}"


def _nothing(note: str) -> Statement:
    return Statement(Step.NONE, note=note)
