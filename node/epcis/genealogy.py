"""What lots were made of: material lots among a transformation's inputs (LAW, EPCIS table and rule 29)."""

from collections.abc import Iterable
from typing import Final

from contracts.gs1.keys import GTIN_BYTES, SGTIN_KIND
from contracts.records.head import Head
from contracts.records.lots import MaterialLot, TraceLot
from node.epcis.events import EpcisEvent, Quantity, TransformationEvent
from node.epcis.told import Evidence, Told

MAX_MATERIALS: Final = 100
"""Material lots in one record; the law takes no more."""

_GTIN_END: Final = 1 + GTIN_BYTES
_RESULTS: Final = "testres"
"""The type of a business document that holds in-process results."""


def traced(event: EpcisEvent, head: Head, evidence: Evidence) -> Told:
    """Return the records of which material lots the lots were made that an event brings forth.

    A material is a lot by its class, in whatever unit; one without lot number recalls nothing. What is made
    is of the lot that its class or the master data name.

    Args:
        event: A transformation; any other says nothing of that.
        head: Of it.
        evidence: Of it; in-process results are among its business documents.
    """
    if not isinstance(event, TransformationEvent) or event.transformation_id:
        return Told()
    materials = _lots(event.input_quantities, "")
    results = tuple(
        reference
        for entry, reference in zip(event.transactions, evidence.references, strict=True)
        if entry.kind == _RESULTS
    )
    told = Told()
    for gtin, lot in _made(event):
        for start in range(0, len(materials), MAX_MATERIALS):
            listed = tuple(MaterialLot(*pair) for pair in materials[start : start + MAX_MATERIALS])
            told = told.with_records(TraceLot(head, gtin, lot, listed, () if start else results))
    return told


def _made(event: TransformationEvent) -> list[tuple[bytes, bytes]]:
    """Return the lots that come out, each once."""
    stated = "" if event.ilmd is None else event.ilmd.lot or ""
    things = [item[1:_GTIN_END] for item in event.outputs.items if item[:1] == SGTIN_KIND] if stated else []
    found = dict.fromkeys((gtin, stated.encode()) for gtin in things)
    return list(found | dict.fromkeys(_lots(event.output_quantities, stated)))


def _lots(quantities: Iterable[Quantity], stated: str) -> list[tuple[bytes, bytes]]:
    """Return the lots that class identifiers name, each once."""
    named = ((entry.gtin, (entry.lot or stated).encode()) for entry in quantities)
    return list(dict.fromkeys((gtin, lot) for gtin, lot in named if gtin is not None and lot))
