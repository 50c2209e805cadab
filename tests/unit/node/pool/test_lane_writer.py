"""The lane writer: what is cut when, and that no document is lost."""

from contracts.chain.parameters import Limits
from node.pool.lane_writer import (
    DOCUMENTS_TO_PIPELINE,
    MAX_OUTSTANDING,
    SMALL_BUNDLES_OUTSTANDING,
    LaneWriter,
    QueuedDocument,
)


def document(number: int, weight: int = 1, size: int = 10) -> QueuedDocument:
    return QueuedDocument(number.to_bytes(32, "big"), bytes(size), weight)


def numbers(cut: object) -> list[int]:
    return [int.from_bytes(entry.id, "big") for entry in cut.documents]  # type: ignore[attr-defined]


def writer(chain_last: int = 0) -> LaneWriter:
    return LaneWriter(Limits(), chain_last, ())


def test_an_idle_lane_bundles_at_once() -> None:
    lane = writer(7)
    lane.add(document(1))
    cut = lane.cut()
    assert cut is not None
    assert (cut.after, cut.sequence, numbers(cut)) == (7, 8, [1])
    assert lane.cut() is None
    assert lane.queued_bytes == 0


def test_bundles_follow_each_other() -> None:
    lane = writer()
    cuts = []
    for number in range(3):
        lane.add(document(number))
        cuts.append(lane.cut())
    assert [(cut.after, cut.sequence) for cut in cuts if cut] == [(0, 1), (1, 2), (2, 3)]


def test_a_slow_chain_makes_larger_bundles() -> None:
    lane = writer()
    for number in range(SMALL_BUNDLES_OUTSTANDING):
        lane.add(document(number))
        assert lane.cut() is not None
    for number in range(DOCUMENTS_TO_PIPELINE - 1):
        lane.add(document(number))
        assert lane.cut() is None
    lane.add(document(999))
    cut = lane.cut()
    assert cut is not None
    assert len(cut.documents) == DOCUMENTS_TO_PIPELINE


def test_outstanding_bundles_are_bounded() -> None:
    lane = writer()
    for number in range((MAX_OUTSTANDING + 2) * DOCUMENTS_TO_PIPELINE):
        lane.add(document(number))
        lane.cut()
    assert len(lane.outstanding) == MAX_OUTSTANDING
    assert lane.cut() is None


def test_caps_close_a_bundle_but_one_document_always_fits() -> None:
    limits = Limits()
    lane = LaneWriter(limits, 0, ())
    lane.add(document(1, weight=limits.bundle_weight))
    lane.add(document(2, weight=1))
    first, second = lane.cut(), lane.cut()
    assert first is not None
    assert second is not None
    assert (numbers(first), numbers(second)) == ([1], [2])


def test_a_bundle_in_the_chain_is_done() -> None:
    lane = writer()
    lane.add(document(1))
    lane.cut()
    assert lane.chain_moved(1, {1}) == ()
    assert lane.outstanding == ()
    assert lane.cut() is None


def test_a_rival_in_the_chain_returns_the_documents_in_order() -> None:
    lane = writer()
    for number in (1, 2):
        lane.add(document(number))
        lane.cut()
    lane.add(document(3))
    assert [cut.sequence for cut in lane.chain_moved(1, set())] == [1, 2]
    cut = lane.cut()
    assert cut is not None
    assert (cut.after, cut.sequence, numbers(cut)) == (1, 3, [1, 2, 3])


def test_an_expired_bundle_is_superseded_under_the_same_after() -> None:
    lane = writer()
    lane.add(document(1))
    lane.cut()
    assert len(lane.give_back()) == 1
    cut = lane.cut()
    assert cut is not None
    assert (cut.after, cut.sequence) == (0, 2)


def test_a_restart_goes_on_with_the_outbox() -> None:
    lane = writer()
    for number in (1, 2):
        lane.add(document(number))
        lane.cut()
    again = LaneWriter(Limits(), 0, lane.outstanding)
    again.add(document(3))
    cut = again.cut()
    assert cut is not None
    assert (cut.after, cut.sequence) == (2, 3)


def test_a_restart_whose_outbox_lost_its_place_bundles_again() -> None:
    lane = writer()
    lane.add(document(1))
    lane.cut()
    again = LaneWriter(Limits(), 4, lane.outstanding)
    cut = again.cut()
    assert cut is not None
    assert (cut.after, cut.sequence, numbers(cut)) == (4, 5, [1])
