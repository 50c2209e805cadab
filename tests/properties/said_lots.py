"""What partners say of whole lots, and of errors, in the law's language."""

from typing import TYPE_CHECKING

from contracts.gs1 import keys
from contracts.records.corrections import Correct, ErrorIn, ProposeCorrection
from contracts.records.head import Head
from contracts.records.lots import AmendLot, ConsentToAmendment, MaterialLot, ProposeAmendment, TraceLot
from contracts.records.record import Record
from tests.properties.facts import GTIN, MATERIAL_GTIN

if TYPE_CHECKING:
    from tests.properties.said import Said


def gtin_of(kind: str) -> bytes:
    """Return the packed GTIN of a product or a material; empty for none."""
    return keys.pack_gtin({**GTIN, **MATERIAL_GTIN}[kind]) if kind else b""


def lot_record(said: "Said", head: Head, proposal: bytes) -> Record | None:
    """Translate what is said of whole lots; None for all else."""
    if said.verb not in {"trace", "amend", "lengthen", "let"}:
        return None
    gtin, lot = gtin_of(said.kind), said.lot.encode()
    match said.verb:
        case "amend":
            return AmendLot(head, gtin, lot, said.expiry)
        case "lengthen":
            return ProposeAmendment(head, gtin, lot, said.expiry, said.until)
        case "let":
            return ConsentToAmendment(head, proposal, gtin, lot, said.expiry)
    materials = tuple(MaterialLot(gtin_of(kind), lot.encode()) for kind, lot in said.of)
    return TraceLot(head, gtin, lot, materials, ())


def correction_record(said: "Said", head: Head, listed: tuple[bytes, ...]) -> Record:
    """Translate a correction, or the proposal of one."""
    error = ErrorIn[said.reason.upper()]
    if said.verb == "undo":
        return Correct(head, error, listed)
    return ProposeCorrection(head, error, listed, said.until)
