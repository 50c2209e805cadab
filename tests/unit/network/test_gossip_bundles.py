"""Missing bundles are asked of those who may have them, a bounded number of times."""

from network.gossip.bundles import AskBundles, BundleFetch, FetchConfig
from network.wire.messages import MAX_BUNDLES_ASKED, BundleRequest

A, B, C = (bytes([number]) * 32 for number in (10, 11, 12))
CONFIG = FetchConfig(hurry_ms=400, answer_ms=2_000, fan_out=2, asks_per_holder=2)


def ask(peer, *ids):
    return AskBundles(peer, BundleRequest(ids))


def asked_over(fetch, end_ms, begin_ms=0, step_ms=100):
    """Let time pass and return whom the fetch asks, in order."""
    return [request.peer for now_ms in range(begin_ms, end_ms, step_ms) for request in fetch.tick(now_ms)]


def test_the_best_holder_is_asked_for_everything_at_once():
    fetch = BundleFetch(CONFIG)
    assert fetch.need([A, B], ["proposer", "voter"], 0) == [ask("proposer", A, B)]
    assert fetch.need([A, B], ["proposer", "voter"], 10) == []
    assert len(fetch) == 2


def test_silence_brings_in_another_holder_up_to_the_fan_out():
    fetch = BundleFetch(CONFIG)
    fetch.need([A], ["one", "two", "three"], 0)
    assert asked_over(fetch, 400) == []
    assert fetch.tick(400) == [ask("two", A)]
    assert asked_over(fetch, 2_000, 500) == []
    assert fetch.tick(2_000) == [ask("three", A)]


def test_what_nobody_shows_costs_a_bounded_number_of_requests():
    fetch = BundleFetch(CONFIG)
    fetch.need([A], ["one", "two", "three"], 0)
    asked = ["one", *asked_over(fetch, 100_000)]
    assert sorted(asked) == ["one", "one", "three", "three", "two", "two"]
    assert fetch.is_wanted(A)


def test_a_holder_that_is_named_again_may_be_asked_again():
    fetch = BundleFetch(CONFIG)
    fetch.need([A], ["one"], 0)
    asked_over(fetch, 100_000)
    assert fetch.need([A], ["one"], 100_000) == [ask("one", A)]


def test_who_lacks_a_bundle_is_not_asked_again():
    fetch = BundleFetch(CONFIG)
    fetch.need([A, B], ["one"], 0)
    assert fetch.on_missing("one", [A], 5) == []
    assert fetch.need([A], ["two"], 10) == [ask("two", A)]
    assert "one" not in asked_over(fetch, 500, 20)
    assert fetch.on_missing("nobody", [C], 10) == []


def test_the_next_holder_is_asked_at_once_when_one_lacks_the_bundle():
    fetch = BundleFetch(CONFIG)
    fetch.need([A], ["one", "two"], 0)
    assert fetch.on_missing("one", [A], 5) == [ask("two", A)]


def test_a_peer_that_goes_away_is_replaced_at_once():
    fetch = BundleFetch(CONFIG)
    fetch.need([A, B], ["one", "two"], 0)
    assert fetch.on_peer_down("one", 5) == [ask("two", A, B)]


def test_what_has_come_is_not_waited_for():
    fetch = BundleFetch(CONFIG)
    fetch.need([A, B], ["one", "two"], 0)
    fetch.drop([A, C])
    assert not fetch.is_wanted(A)
    assert fetch.tick(500) == [ask("two", B)]


def ids_of(first, count):
    return [number.to_bytes(32) for number in range(first, first + count)]


def test_requests_are_split():
    fetch = BundleFetch(FetchConfig())
    requests = fetch.need(ids_of(0, 600), ["one"], 0)
    assert len(fetch) == 600
    assert [len(one.request.bundle_ids) for one in requests] == [MAX_BUNDLES_ASKED, MAX_BUNDLES_ASKED, 88]


def test_an_announcer_is_heard_up_to_its_share_and_crowds_out_nobody():
    fetch = BundleFetch(FetchConfig(announced=100, in_flight=100))
    fetch.need([A], ["proposer"], 0)
    for batch in range(50):
        fetch.announced("flood", ids_of(1_000 * batch, 256), 0)
    assert len(fetch) == 101
    assert fetch.is_wanted(A)
    assert fetch.announced("birch", [B], 0) == [ask("birch", B)]
    fetch.tick(0)
    # Its share is free again when something comes, or is given up.
    fetch.drop(ids_of(0, 1))
    fetch.announced("flood", ids_of(5_000, 2), 0)
    assert [fetch.is_wanted(bundle_id) for bundle_id in ids_of(5_000, 2)] == [True, False]


def test_announcements_cost_little_between_two_ticks():
    fetch = BundleFetch(FetchConfig(announced=10, heard=3))
    fetch.announced("flood", ids_of(0, 2), 0)
    fetch.announced("flood", ids_of(2, 2), 0)
    assert len(fetch) == 3
    fetch.announced("birch", ids_of(20, 2), 0)
    assert len(fetch) == 5
    fetch.tick(200)
    fetch.announced("flood", ids_of(2, 2), 200)
    assert len(fetch) == 6


def test_what_is_announced_and_not_delivered_is_forgotten_and_what_is_needed_is_not():
    fetch = BundleFetch(FetchConfig(announced_ms=10_000))
    fetch.announced("flood", [A, B], 0)
    fetch.need([B], ["proposer"], 0)
    fetch.tick(9_999)
    assert fetch.is_wanted(A)
    fetch.tick(10_000)
    assert not fetch.is_wanted(A)
    assert fetch.is_wanted(B)
    assert fetch.announced("flood", [A], 10_000) == [ask("flood", A)]
    fetch.clear()
    assert len(fetch) == 0


def test_a_proposer_is_asked_before_who_announced():
    fetch = BundleFetch(CONFIG)
    fetch.announced("flood", [A], 0)
    fetch.need([A], ["proposer", "voter"], 10)
    assert asked_over(fetch, 1_000, 10) == ["proposer"]
    fetch = BundleFetch(CONFIG)
    fetch.announced("flood", ids_of(0, 300), 0)
    last = ids_of(299, 1)[0]
    assert fetch.need([last], ["proposer"], 10) == [ask("proposer", last)]


def test_who_announces_is_asked_for_so_many_at_a_time():
    fetch = BundleFetch(FetchConfig(in_flight=2))
    one, two, three = ids_of(0, 3)
    assert fetch.announced("one", [one, two, three], 0) == [ask("one", one, two)]
    fetch.drop([two])
    assert fetch.tick(200) == [ask("one", three)]
    # What it lacks, or does not answer in time, makes room for others.
    assert fetch.announced("one", ids_of(3, 2), 200) == []
    assert fetch.on_missing("one", [one], 300) == []
    assert fetch.tick(400) == [ask("one", ids_of(3, 1)[0])]
    assert not fetch.is_wanted(one)
    assert fetch.tick(2_200) == [ask("one", three)]
    assert fetch.tick(2_400) == [ask("one", ids_of(4, 1)[0])]


def test_announcers_are_asked_in_turn():
    fetch = BundleFetch(FetchConfig(in_flight=4))
    fetch.announced("alder", ids_of(0, 8), 0)
    fetch.announced("birch", ids_of(8, 8), 0)
    assert list(fetch._in_turn())[:4] == [*ids_of(4, 1), *ids_of(12, 1), *ids_of(5, 1), *ids_of(13, 1)]


def test_of_two_announcers_of_one_bundle_the_other_is_asked_when_one_keeps_silent():
    fetch = BundleFetch(CONFIG)
    assert fetch.announced("flood", [A], 0) == [ask("flood", A)]
    assert fetch.announced("birch", [A], 10) == []
    assert asked_over(fetch, 500, 100) == ["birch"]
    fetch.drop([A])
    assert len(fetch) == 0
    assert fetch._announced == {}
