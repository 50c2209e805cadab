"""A cut must be felt: who is cut off stands still, those with a quorum go on, what is given up is counted."""

import pytest

from tests.chaos.effects import Looks, Watch, missing
from tests.chaos.plan import Fault, Kind
from tests.testnet.client import Reply

ALL = [f"v{number}" for number in range(1, 8)]


def heights(cut: int, rest: int, *names: str) -> dict[str, int]:
    return {name: cut if name in names else rest for name in ALL}


def looks(early: dict[str, int], late: dict[str, int], **ended: int) -> Looks:
    return Looks(early, late, ended)


@pytest.mark.parametrize(
    ("nodes", "early", "late"),
    [
        pytest.param(("v1",), (10, 12), (11, 30), id="one stands still, the others go on"),
        pytest.param(("v1", "v2"), (10, 12), (10, 30), id="two of seven"),
        pytest.param(("v1", "v2", "v3"), (10, 10), (10, 11), id="nobody decides without three"),
        pytest.param(tuple(ALL), (10, 10), (10, 10), id="nor when all are alone"),
    ],
)
def test_a_cut_that_is_felt_is_right(
    nodes: tuple[str, ...], early: tuple[int, int], late: tuple[int, int]
) -> None:
    fault = Fault(Kind.LONG_CUT, nodes, 25)
    ended = dict.fromkeys(nodes, 3)
    assert missing(fault, ALL, looks(heights(*early, *nodes), heights(*late, *nodes), **ended)) == ()


@pytest.mark.parametrize(
    ("nodes", "early", "late", "said"),
    [
        pytest.param(("v2",), (10, 10), (12, 30), "v2 went on from height 10 to 12", id="goes on"),
        pytest.param(("v2",), (10, 10), (10, 10), "v2 was as high as the others, 10", id="nobody goes on"),
        pytest.param(
            ("v1", "v2", "v3"), (10, 10), (10, 20), "v4 went on from height 10 to 20", id="no quorum"
        ),
    ],
)
def test_a_cut_that_is_not_felt_is_named(
    nodes: tuple[str, ...], early: tuple[int, int], late: tuple[int, int], said: str
) -> None:
    fault = Fault(Kind.LONG_CUT, nodes, 25)
    found = missing(fault, ALL, looks(heights(*early, *nodes), heights(*late, *nodes)))
    assert said in found


def test_in_a_short_cut_the_others_need_not_be_ahead_yet() -> None:
    same = heights(10, 10, "v1")
    assert missing(Fault(Kind.CUT, ("v1",), 4), ALL, looks(same, same)) == ()


def test_a_reset_that_ends_nothing_is_named() -> None:
    found = missing(Fault(Kind.RESET, ("v1", "v2"), 0), ALL, looks({}, {}, v1=7, v2=0))
    assert found == ("v2 ended 0 conversations, of at least 3",)


class Standing:
    """A network whose nodes are all as high as that, and have ended so many conversations."""

    validators = ALL

    def __init__(self, height: int, ended: int) -> None:
        self.said = height
        self.ended = ended

    def clients(self, *names: str) -> dict[str, "Standing"]:
        return dict.fromkeys(names, self)

    def operators(self, name: str) -> "Standing":
        assert name in ALL
        return self

    def height(self) -> int:
        return self.said

    def ask(self, method: str, path: str) -> Reply:
        assert (method, path) == ("GET", "/metrics")
        series = (
            "# TYPE packtrail_sessions_ended_total counter",
            f'packtrail_sessions_ended_total{{reason="closed"}} {self.ended}.0',
            'packtrail_sessions_ended_total{reason="slow"} 1.0',
            "packtrail_height 9.0",
        )
        return Reply(200, {}, "\n".join(series).encode())


def test_it_looks_when_nodes_have_settled_at_the_end_and_after_the_recovery() -> None:
    network, waited = Standing(10, 5), list[float]()

    def wait(seconds: float) -> None:
        waited.append(seconds)
        network.said += 4

    watch = Watch(network, Fault(Kind.LONG_CUT, ("v1",), 25))
    watch.wait(wait)
    network.ended += 2
    assert waited == [2, 23]
    assert watch.missing() == (
        "v1 went on from height 14 to 18",
        "v1 was as high as the others, 18",
        "v1 ended 2 conversations, of at least 3",
    )


def test_of_a_fault_of_processes_it_asks_nothing() -> None:
    waited = list[float]()
    watch = Watch(Standing(10, 0), Fault(Kind.KILL, ("v1",), 6))
    watch.wait(waited.append)
    assert waited == [6]
    assert watch.missing() == ()
