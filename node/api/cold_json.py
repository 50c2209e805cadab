"""Records of the cold chain between JSON and the ledger's structs."""

from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

from contracts.gs1.loggers import InvalidLogger, format_logger, parse_logger
from contracts.records.coldchain import (
    ClearSession,
    ColdRecord,
    LoggerOff,
    LoggerOn,
    Readings,
    StorageProfile,
)
from node.api import cold_forms as forms
from node.api.field_readers import (
    INVALID_IDENTIFIER,
    INVALID_TIME,
    FieldFault,
    read_gtin,
    read_item,
    read_time,
)
from node.api.record_texts import gtin_text, item_text, raw_text, read_head, time_text, written_head

_MS_PER_SECOND: Final = 1_000


def _profile(form: forms.StorageProfileForm) -> StorageProfile:
    return StorageProfile(
        read_head(form),
        read_gtin("gtin", form.gtin),
        form.low,
        form.high,
        form.allowance,
        form.budget,
        form.longest_gap,
    )


def _logger(text: str) -> bytes:
    try:
        return parse_logger(text)
    except InvalidLogger as error:
        raise FieldFault(INVALID_IDENTIFIER, ("logger",), str(error)) from error


def _readings(form: forms.ReadingsForm) -> Readings:
    logger = _logger(form.logger)
    readings: list[tuple[int, int]] = []
    for at, reading in enumerate(form.readings):
        try:
            readings.append((_second(reading.at), reading.temperature))
        except FieldFault as fault:
            raise fault.under("readings", at) from fault
    return Readings(read_head(form), logger, tuple(readings))


def _second(text: str) -> int:
    second, rest = divmod(read_time("at", text), _MS_PER_SECOND)
    if rest:
        raise FieldFault(INVALID_TIME, ("at",), f"{text[:80]!r}: readings have times to the second")
    return second


COLD_READERS: Final[Mapping[type, Callable[[Any], ColdRecord]]] = {
    forms.StorageProfileForm: _profile,
    forms.LoggerOnForm: lambda form: LoggerOn(
        read_head(form), _logger(form.logger), read_item("item", form.item)
    ),
    forms.LoggerOffForm: lambda form: LoggerOff(read_head(form), _logger(form.logger)),
    forms.ReadingsForm: _readings,
    forms.ClearSessionForm: lambda form: ClearSession(
        read_head(form), form.session, read_gtin("gtin", form.gtin)
    ),
}


def write_cold_record(record: ColdRecord) -> forms.AnyColdForm:
    """Return a record as JSON shows it."""
    head = written_head(record.head)
    match record:
        case StorageProfile():
            return forms.StorageProfileForm(
                **head,
                gtin=gtin_text(record.gtin),
                low=record.low,
                high=record.high,
                allowance=record.allowance_s,
                budget=record.budget_s,
                longest_gap=record.longest_gap_s,
            )
        case LoggerOn(logger=logger, item=item):
            return forms.LoggerOnForm(**head, logger=logger_text(logger), item=item_text(item))
        case LoggerOff(logger=logger):
            return forms.LoggerOffForm(**head, logger=logger_text(logger))
        case Readings(logger=logger, readings=readings):
            written = tuple(
                forms.ReadingForm(time_text(at_s * _MS_PER_SECOND), temperature)
                for at_s, temperature in readings
            )
            return forms.ReadingsForm(**head, logger=logger_text(logger), readings=written)
        case ClearSession(session=session, gtin=gtin):
            return forms.ClearSessionForm(**head, session=session, gtin=gtin_text(gtin))
        case _:
            assert_never(record)


def logger_text(key: bytes) -> str:
    """Return a logger as people write it; hexadecimal when it is none."""
    try:
        return format_logger(key)
    except InvalidLogger:
        return raw_text(key)
