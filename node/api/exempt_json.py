"""Shipments that are exempt from what a sale is asked (rule 20), between JSON and the ledger's struct."""

from typing import Any

from contracts.primitives.hashing import HASH_BYTES
from contracts.records.custody import Ship
from contracts.records.exempt import Exempt, ExemptReason
from contracts.records.record import Record
from node.api.ending_json import in_time_or_late
from node.api.field_readers import INVALID_FIELD, FieldFault, read_hex
from node.api.form_parts import RecordForm
from node.api.record_texts import word_of


def as_stated(done: Record, form: RecordForm) -> Record:
    """Return a record as it is, or the exempt (rule 20) or late one (rule 11b) that its form asks for.

    Raises:
        FieldFault: It is said to be both, or what shows the exemption is no hash.
    """
    word: str = getattr(form, "exempt", "")
    if not word or not isinstance(done, Ship):
        return in_time_or_late(done, form)
    if getattr(form, "late", ""):
        raise FieldFault(INVALID_FIELD, ("exempt",), "none for a late shipment, which tells its breaches")
    evidence = read_hex("evidence", getattr(form, "evidence", ""), HASH_BYTES)
    return Exempt(ExemptReason[word.upper()], evidence, done)


def exemption(record: Exempt) -> dict[str, Any]:
    """Return why a shipment is exempt as fields of its form."""
    return {"exempt": word_of(record.reason), "evidence": record.evidence.hex()}
