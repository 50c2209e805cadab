"""What the node says of itself, as metrics: read from its status when Prometheus asks, never before."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from node.api.context import ApiContext
from node.api.status import NodeStatus
from node.pool.waiting_room import Load

_MS_PER_SECOND: Final = 1_000
_ROLES: Final = ("validator", "member", "observer")


class NodeCollector(Collector):
    """Gauges of one node; register it with the registry of `context`."""

    def __init__(self, context: ApiContext) -> None:
        """Read the status of the node of `context`."""
        self._context = context

    def collect(self) -> Iterator[Metric]:
        """Yield all gauges, the same ones every time."""
        context, tip = self._context, self._context.chain.tip
        status = context.status.status()
        waiting, room = 0, None
        if context.submissions is not None:
            waiting, room = context.submissions.waiting, context.submissions.room
        age_ms = max(0, context.wall.now_ms() - tip.time_ms)
        yield _gauge("height", "Last height of the chain.", tip.height)
        yield _gauge("head_age_seconds", "Age of the last block, in seconds.", age_ms / _MS_PER_SECOND)
        yield _gauge("pool_bundles", "Bundles that wait for a block.", status.pool.bundles)
        yield _gauge("pool_bytes", "Length of the bundles that wait for a block.", status.pool.bytes)
        since_ms = status.pool.oldest_since_ms
        left_out_ms = 0 if since_ms is None else max(0, context.wall.now_ms() - since_ms)
        yield _gauge(
            "pool_oldest_seconds",
            "For how long the oldest bundle has waited, in seconds: somebody may be left out of blocks.",
            left_out_ms / _MS_PER_SECOND,
        )
        yield _gauge("documents_waiting", "Own documents between submission and commit.", waiting)
        total, bound = (Load(), Load()) if room is None else (room.total, room.bound())
        yield _by_measure("waiting", "Own documents between submission and commit, by measure.", total)
        yield _by_measure("waiting_most", "Beyond that, only lanes below their share get in.", bound)
        reading = context.readers.waiting
        yield _gauge("reads_waiting", "Questions to the reader threads not yet answered.", reading)
        yield _gauge("syncing", "1 while blocks are fetched because this node is behind.", status.syncing)
        yield _gauge("quorum", "1 while validators that can decide are in touch.", status.has_quorum)
        votes = status.consensus is not None and status.consensus.votes
        yield _gauge("votes", "1 while this node votes; 0 on a validator that listens, and on others.", votes)
        yield _gauge("fork_height", "Height at which the ledger forked; 0 for no fork.", status.fork_height)
        refused, ended = status.refused, status.ended
        yield _counter("bundles_refused", "Bundles of peers that were refused, by reason.", refused)
        yield _counter("sessions_ended", "Conversations with peers that ended, by reason.", ended)
        failed = status.failed_dials
        yield CounterMetricFamily("packtrail_dials_failed", "Attempts that reached no peer.", value=failed)
        yield from _snapshots(status)
        yield self._queues("queue_bytes", "Bytes that wait inside the node, by queue.", "bytes")
        yield self._queues("queue_most_bytes", "The bound of each queue, bytes.", "most_bytes")
        yield _counter(
            "messages_dropped",
            "Messages of peers dropped for want of room, by kind, and answers that were too long to be sent.",
            status.dropped,
        )
        yield self._evidence()
        yield self._convictions()
        yield self._peers()
        yield self._checks()

    def _queues(self, name: str, documentation: str, measure: str) -> Metric:
        family = GaugeMetricFamily(f"packtrail_{name}", documentation, labels=("queue",))
        for queue in self._context.status.status().queues:
            family.add_metric((queue.name,), getattr(queue, measure))
        return family

    def _evidence(self) -> Metric:
        documentation = "Pieces of evidence against validators that this node keeps, by what was said twice."
        family = CounterMetricFamily("packtrail_evidence", documentation, labels=("type",))
        for offence, count in self._context.status.status().evidence.items():
            family.add_metric((offence.name.lower(),), count)
        return family

    def _convictions(self) -> Metric:
        documentation = "Heights at which a validator lied, as the ledger has it."
        family = CounterMetricFamily("packtrail_convictions", documentation, labels=("validator",))
        for validator, count in self._context.status.status().convictions.items():
            family.add_metric((validator,), count)
        return family

    def _peers(self) -> Metric:
        family = GaugeMetricFamily("packtrail_peers", "Connected peers, by role.", labels=("role",))
        connected = [peer.role for peer in self._context.status.status().peers]
        for role in _ROLES:
            family.add_metric((role,), connected.count(role))
        return family

    def _checks(self) -> Metric:
        documentation = "1 for a readiness check that passes."
        family = GaugeMetricFamily("packtrail_ready", documentation, labels=("check",))
        for check in self._context.status.checks():
            family.add_metric((check.name,), int(check.ok))
        return family


def _snapshots(status: NodeStatus) -> Iterator[Metric]:
    newest = status.snapshots[-1] if status.snapshots else None
    height, vouchers = (0, 0) if newest is None else (newest.height, newest.vouchers)
    yield _gauge("snapshot_height", "Height of the newest snapshot here; 0 for none.", height)
    yield _gauge("snapshot_vouchers", "Validators that vouch for the newest snapshot here.", vouchers)
    stored = sum(each.bytes for each in status.snapshots)
    yield _gauge("snapshot_bytes", "Length of all snapshots on the disk, compressed.", stored)
    made, left_out = status.snapshots_made, status.snapshots_left_out
    yield CounterMetricFamily("packtrail_snapshots_made", "Snapshots made since the start.", value=made)
    yield CounterMetricFamily(
        "packtrail_snapshots_left_out",
        "Snapshots left out since the start: one was still being made, or the disk has no room.",
        value=left_out,
    )


def _counter(name: str, documentation: str, by_reason: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"packtrail_{name}", documentation, labels=("reason",))
    for reason, count in by_reason.items():
        family.add_metric((reason,), count)
    return family


def _by_measure(name: str, documentation: str, load: Load) -> Metric:
    family = GaugeMetricFamily(f"packtrail_{name}", documentation, labels=("measure",))
    for measure, value in msgspec.structs.asdict(load).items():
        family.add_metric((measure,), value)
    return family


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(f"packtrail_{name}", documentation, value)
