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
    assert fetch.want([A, B], ["proposer", "voter"], 0) == [ask("proposer", A, B)]
    assert fetch.want([A, B], ["proposer", "voter"], 10) == []
    assert len(fetch) == 2


def test_silence_brings_in_another_holder_up_to_the_fan_out():
    fetch = BundleFetch(CONFIG)
    fetch.want([A], ["one", "two", "three"], 0)
    assert asked_over(fetch, 400) == []
    assert fetch.tick(400) == [ask("two", A)]
    assert asked_over(fetch, 2_000, 500) == []
    assert fetch.tick(2_000) == [ask("three", A)]


def test_what_nobody_shows_costs_a_bounded_number_of_requests():
    fetch = BundleFetch(CONFIG)
    fetch.want([A], ["one", "two", "three"], 0)
    asked = ["one", *asked_over(fetch, 100_000)]
    assert sorted(asked) == ["one", "one", "three", "three", "two", "two"]
    assert fetch.is_wanted(A)


def test_a_holder_that_is_named_again_may_be_asked_again():
    fetch = BundleFetch(CONFIG)
    fetch.want([A], ["one"], 0)
    asked_over(fetch, 100_000)
    assert fetch.want([A], ["one"], 100_000) == [ask("one", A)]


def test_who_lacks_a_bundle_is_not_asked_again():
    fetch = BundleFetch(CONFIG)
    fetch.want([A, B], ["one"], 0)
    assert fetch.on_missing("one", [A], 5) == []
    assert fetch.want([A], ["two"], 10) == [ask("two", A)]
    assert "one" not in asked_over(fetch, 500, 20)
    assert fetch.on_missing("nobody", [C], 10) == []


def test_the_next_holder_is_asked_at_once_when_one_lacks_the_bundle():
    fetch = BundleFetch(CONFIG)
    fetch.want([A], ["one", "two"], 0)
    assert fetch.on_missing("one", [A], 5) == [ask("two", A)]


def test_a_peer_that_goes_away_is_replaced_at_once():
    fetch = BundleFetch(CONFIG)
    fetch.want([A, B], ["one", "two"], 0)
    assert fetch.on_peer_down("one", 5) == [ask("two", A, B)]


def test_what_has_come_is_not_waited_for():
    fetch = BundleFetch(CONFIG)
    fetch.want([A, B], ["one", "two"], 0)
    fetch.drop([A, C])
    assert not fetch.is_wanted(A)
    assert fetch.tick(500) == [ask("two", B)]


def test_requests_are_bounded():
    fetch = BundleFetch(FetchConfig(wanted=600))
    ids = [number.to_bytes(32) for number in range(700)]
    requests = fetch.want(ids, ["one"], 0)
    assert len(fetch) == 600
    assert not fetch.is_wanted(ids[0])
    assert [len(one.request.bundle_ids) for one in requests] == [MAX_BUNDLES_ASKED, MAX_BUNDLES_ASKED, 88]
