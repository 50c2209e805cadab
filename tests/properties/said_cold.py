"""What partners say of the cold chain, in the law's language."""

from typing import TYPE_CHECKING, Final

from contracts.gs1 import keys
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn, Readings, StorageProfile
from contracts.records.head import Head
from contracts.records.record import Record
from tests.properties.facts import GTIN

if TYPE_CHECKING:
    from tests.properties.said import Said

COLD_VERBS: Final = {"keep", "put_logger", "remove_logger", "read", "acquit"}


def cold_record(said: "Said", head: Head, listed: tuple[bytes, ...], now_ms: int) -> Record | None:
    """Translate into the law's language; None for what is not of the cold chain."""
    logger = b"\x03" + said.logger.encode()
    match said.verb:
        case "keep":
            return StorageProfile(head, keys.pack_gtin(GTIN[said.kind]), *said.limits)
        case "put_logger":
            return LoggerOn(head, logger, listed[0])
        case "remove_logger":
            return LoggerOff(head, logger)
        case "read":
            readings = tuple(((now_ms + ms) // 1_000, temperature) for ms, temperature in said.readings)
            return Readings(head, logger, readings)
        case "acquit":
            return ClearSession(head, said.session, keys.pack_gtin(GTIN[said.kind]))
    return None
