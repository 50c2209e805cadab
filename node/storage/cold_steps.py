"""The cold chain for people: what its records say, and the sessions that an item went through."""

from collections.abc import Iterator

from contracts.gs1.dates import format_timestamp
from contracts.gs1.keys import format_item, unpack_gtin
from contracts.gs1.loggers import format_logger
from contracts.records.coldchain import ClearSession, ColdRecord, LoggerOff, LoggerOn, Readings
from contracts.state.containers import sources_of
from contracts.state.exposures import MS_PER_SECOND, session_of, until_of
from contracts.state.places import Position
from contracts.state.rows import HoldKind
from contracts.state.sessions import Standing, gtins_of, session_row, standing_of
from contracts.state.view import Overlay
from node.storage.views import HoldView, SessionView


def cold_details(record: ColdRecord) -> dict[str, str | int | bool | None]:
    """Return what a record of the cold chain says beside its circumstances."""
    match record:
        case LoggerOn(logger=logger) | LoggerOff(logger=logger):
            return {"logger": format_logger(logger)}
        case Readings(logger=logger, readings=readings):
            return {"logger": format_logger(logger), "readings": len(readings)}
        case ClearSession(session=session, gtin=gtin):
            return {"session": session, "gtin": unpack_gtin(gtin)}
        case _:
            return {"gtin": unpack_gtin(record.gtin), "low": record.low, "high": record.high}


def sessions_of(state: Overlay, position: Position, time_ms: int) -> tuple[SessionView, ...]:
    """Return the sessions that an item went through itself, and those of what it is inside.

    Args:
        state: State.
        position: Where it stands.
        time_ms: Block time, for what must have been read out by now.
    """
    if not position.row.exposures and not any(row.exposures for _key, row in position.above):
        return ()
    gtins = frozenset(gtins_of(state, sources_of(state, position.key, position.row)))
    return tuple(_sessions(state, position, time_ms, gtins))


def _sessions(
    state: Overlay, position: Position, time_ms: int, gtins: frozenset[bytes]
) -> Iterator[SessionView]:
    for key, item in ((position.key, position.row), *position.above):
        for exposed in item.exposures:
            number, until_s = session_of(exposed), until_of(exposed)
            row = session_row(state, number)
            until_s = until_s or row.off_s
            yield SessionView(
                number,
                format_logger(row.logger) if row.logger else None,
                standing_of(row, until_of(exposed), time_ms, gtins).name.lower(),
                format_timestamp(row.on_s * MS_PER_SECOND),
                format_timestamp(until_s * MS_PER_SECOND) if until_s else None,
                format_timestamp(row.last_s * MS_PER_SECOND) if row.readings else None,
                format_item(key),
            )


def held_by_sessions(sessions: tuple[SessionView, ...]) -> tuple[HoldView, ...]:
    """Return the law's holds that sessions in breach are."""
    kind, breached = HoldKind.COLD_CHAIN.name.lower(), Standing.BREACHED.name.lower()
    return tuple(HoldView(kind, "law", one.on) for one in sessions if one.standing == breached)
