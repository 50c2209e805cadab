"""Planted bugs about damage that nobody notices, and about what a node holds without a bound."""

from contextlib import ExitStack
from types import ModuleType, SimpleNamespace
from typing import Final

from consensus.effects import Sign
from consensus.engine import Engine
from consensus.vote_keeper import VoteKeeper
from node.host import recollection
from node.pool.pool import BundlePool
from node.storage import frames, head_marker
from node.storage.frames import Record
from node.storage.memory_files import MemoryFile
from node.storage.segments import SegmentedLog
from tests.simulation.planting import (
    DAMAGED,
    HELD,
    KEPT,
    LOST,
    REFUSED,
    SIGNED,
    UNNOTICED,
    Planted,
    honest,
    lying,
    replace,
    replace_function,
)


def _check_no_sum(stack: ExitStack, module: ModuleType) -> None:
    """Checksums are all alike."""
    replace(stack, module, "zlib", SimpleNamespace(crc32=lambda *_arguments: 0))


def _hear_of_all_rounds(stack: ExitStack) -> None:
    """Votes are kept for however many rounds to come."""
    replace(stack, VoteKeeper, "_has_future_room", lambda *_arguments: True)


def _make_no_room(stack: ExitStack) -> None:
    """Nothing leaves a full pool."""
    replace(stack, BundlePool, "_fit_pool", lambda *_arguments: None)


def _leave_files_open(stack: ExitStack) -> None:
    """A log that goes on in the next file does not close the last one."""

    def usable(self: SegmentedLog) -> object:
        return SimpleNamespace(close=lambda: None, sync=self._file.sync, append=self._file.append)  # type: ignore[union-attr]

    replace(stack, SegmentedLog, "_usable", usable)


class _Trusting:
    """A log's files, until it asks for its folder to be synced for the first time, in vain."""

    def __init__(self, log: SegmentedLog) -> None:
        self._log = log
        self._files = log._files

    def __getattr__(self, name: str) -> object:
        return getattr(self._files, name)

    def sync_folder(self, _folder: str) -> None:
        self._log._files = self._files


def _trust_names(stack: ExitStack) -> None:
    """What a log finds when it is opened is not synced: its name may have been left by a killed process."""
    recover = SegmentedLog.recover

    def trusting(self: SegmentedLog) -> list[Record]:
        self._files = _Trusting(self)  # type: ignore[assignment]
        return recover(self)

    replace(stack, SegmentedLog, "recover", trusting)


def _trust_bytes(stack: ExitStack) -> None:
    """Nor are its bytes."""
    recover = SegmentedLog.recover

    def trusting(self: SegmentedLog) -> list[Record]:
        sync, MemoryFile.sync = MemoryFile.sync, lambda _file: None  # type: ignore[method-assign]
        try:
            return recover(self)
        finally:
            MemoryFile.sync = sync  # type: ignore[method-assign]

    replace(stack, SegmentedLog, "recover", trusting)


def _build_a_second_proposal(stack: ExitStack) -> None:
    """A restart whose log has lost the proposal that the record holds builds another one."""

    def has_forgotten(engine: Engine, last: Sign | None) -> bool:
        is_here = last is not None and last.height == engine.height
        return is_here and (last.round, last.step) > (engine.round, engine.step)

    replace_function(stack, recollection.has_forgotten, has_forgotten)


PLANTED_DAMAGE: Final = (
    Planted(
        *("log_sum", "the log's checksums are not compared", (UNNOTICED,)),
        lambda stack: _check_no_sum(stack, frames),
        where=honest("decay"),
    ),
    Planted(
        *("marker_sum", "the head marker's is not", (UNNOTICED,)),
        lambda stack: _check_no_sum(stack, head_marker),
        where=honest("decay"),
    ),
    Planted(
        "all_rounds",
        "votes for any round to come are kept",
        (KEPT,),
        _hear_of_all_rounds,
        where=lying("flood"),
    ),
    Planted(
        "no_room",
        "nothing leaves a full pool",
        (KEPT,),
        _make_no_room,
        where=honest("partition", has_small_pools=True, has_member=True, documents_per_second=50),
    ),
    Planted(
        "open_files",
        "full files of a log stay open",
        (KEPT,),
        _leave_files_open,
        where=honest("crash", segment_bytes=8192),
    ),
    Planted(
        "found_names",
        "a log's file is believed that a killed process left without a durable name",
        (SIGNED, LOST, HELD),
        _trust_names,
        where=honest("crash", "trap", segment_bytes=2048),
    ),
    Planted(
        "found_bytes",
        "so are the bytes that it left in one",
        (SIGNED, LOST, HELD, DAMAGED),
        _trust_bytes,
        where=honest("crash", "trap"),
    ),
    Planted(
        *(
            "two_proposals",
            "a proposal that the log lost is made again",
            (REFUSED,),
            _build_a_second_proposal,
        ),
        is_quick=False,
        where=honest("decay", "slow_disk", fault_interval_ms=250),
    ),
)
