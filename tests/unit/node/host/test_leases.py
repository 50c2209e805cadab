"""A snapshot that a peer fetches stays until the peer has it, and nobody holds back many."""

from node.host.leases import LEASE_MS, MAX_LEASE_MS, MAX_LEASED, Leases

ALL = range(1_000)


class Now:
    ms = 0

    def __call__(self) -> int:
        return self.ms


def test_a_peer_holds_back_what_it_used_last() -> None:
    leases = Leases(Now())
    leases.use("alder", 10)
    leases.use("birch", 10)
    leases.use("alder", 20)
    assert leases.held_back(ALL, beside=()) == {10, 20}
    leases.use("birch", 20)
    assert leases.held_back(ALL, beside=()) == {20}
    assert leases.held_back(ALL, beside=(20, 30)) == frozenset()


def test_a_lease_ends_when_nothing_is_asked_for() -> None:
    now = Now()
    leases = Leases(now)
    leases.use("alder", 10)
    now.ms = LEASE_MS
    leases.use("alder", 10)
    now.ms = 2 * LEASE_MS
    assert leases.held_back(ALL, beside=()) == {10}
    now.ms += 1
    assert leases.held_back(ALL, beside=()) == frozenset()


def test_of_many_those_stay_that_were_begun_first_however_often_others_begin_anew() -> None:
    now = Now()
    leases = Leases(now)
    for number in range(MAX_LEASED + 3):
        now.ms += 1
        leases.use(f"node-{number}", 10 * number)
    leases.use("node-0", 0)
    expected = {10 * number for number in range(MAX_LEASED)}
    assert leases.held_back(ALL, beside=()) == expected
    now.ms += 1
    leases.use("node-1", 500)
    assert leases.held_back(ALL, beside=()) == expected - {10} | {10 * MAX_LEASED}
    # What stays anyway takes nobody's place.
    assert leases.held_back(ALL, beside=(0,)) == expected - {10, 0} | {10 * MAX_LEASED, 10 * MAX_LEASED + 10}


def test_what_is_not_here_takes_no_place() -> None:
    leases = Leases(Now())
    for number in range(MAX_LEASED + 1):
        leases.use(f"node-{number}", number)
    assert leases.held_back(range(1, 10), beside=()) == set(range(1, MAX_LEASED + 1))


def test_who_takes_half_a_day_stands_behind_those_that_came_meanwhile() -> None:
    now = Now()
    leases = Leases(now)
    while now.ms <= MAX_LEASE_MS:
        for number in range(MAX_LEASED):
            leases.use(f"slow-{number}", number)
        now.ms += LEASE_MS
    leases.use("quick", 900)
    now.ms += 1
    for number in range(MAX_LEASED):
        leases.use(f"slow-{number}", number)
    held_back = leases.held_back(ALL, beside=())
    assert 900 in held_back
    assert len(held_back) == MAX_LEASED
