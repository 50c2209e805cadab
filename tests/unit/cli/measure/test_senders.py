"""Senders against nodes that the test plays."""

import pytest

from cli.failures import CommandError
from cli.measure.course import Sending
from cli.measure.finality import Finality
from cli.measure.goods import Job
from cli.measure.senders import Requests, Target, session, stream
from tests.unit.cli.measure.fake_network import Ledger, fake_network

NAMES = ("node-1", "node-2")


def job(number, node=None, kind="ship"):
    return Job(number % 2 if node is None else node, b'{"records":[{"record":"%s"}]}' % kind.encode(), 1, 0)


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
async def targets(ledger):
    async with fake_network(ledger, NAMES) as found:
        yield found


@pytest.fixture
async def client():
    async with session() as found:
        yield found


def sent(outcomes):
    return sorted((outcome.height, outcome.code) for outcome in outcomes)


@pytest.mark.parametrize("in_flight", [1, 3, 100])
async def test_requests_at_once(client, targets, ledger, in_flight):
    outcomes = await Requests(client, targets).at_once([job(at) for at in range(25)], in_flight)
    assert sent(outcomes) == [(1, "accepted")] * 10 + [(2, "accepted")] * 10 + [(3, "accepted")] * 5
    assert len(ledger.bodies) == 25


async def test_requests_at_a_rate_are_timed_from_when_they_were_due(client, targets):
    outcomes = await Requests(client, targets).at_rate([job(at) for at in range(6)], 10_000.0)
    assert len(sent(outcomes)) == 6
    assert all(outcome.latency_s > 0 for outcome in outcomes)


async def test_a_refusal_is_an_outcome(client, targets, ledger):
    ledger.refuse["ship"] = "not_holder"
    outcomes = await Requests(client, targets).at_once([job(0)], 1)
    assert sent(outcomes) == [(0, "not_holder")]
    assert sent(await stream(client, targets, [job(0), job(1)], 5)) == [(0, "not_holder")] * 2


async def test_what_is_turned_away_is_sent_again(client, targets, ledger):
    ledger.turn_away = 3
    outcomes = await Requests(client, targets).at_once([job(at) for at in range(4)], 4)
    assert sent(outcomes) == [(1, "accepted")] * 4


@pytest.mark.parametrize("rate", [None, 20_000.0])
@pytest.mark.parametrize("in_flight", [1, 7, 1_000])
async def test_streams_answer_every_line_in_order(client, targets, ledger, in_flight, rate):
    jobs = [job(at) for at in range(200)]
    outcomes = await stream(client, targets, jobs, in_flight, rate)
    assert len(outcomes) == len(ledger.bodies) == 200
    assert len({outcome.document for outcome in outcomes}) == 200
    assert [outcome.job.node for outcome in outcomes] == [0] * 100 + [1] * 100


async def test_a_node_that_nothing_goes_to_gets_no_stream(client, targets):
    assert len(await stream(client, targets, [job(0, node=1)], 5)) == 1


async def test_a_refused_stream_is_an_error(client, targets):
    stranger = [Target(target.name, target.url, "token-of-another") for target in targets]
    with pytest.raises(ExceptionGroup) as failed:
        await stream(client, stranger, [job(0)], 5)
    assert failed.group_contains(CommandError, match="node-1 refuses the stream")


async def test_the_slowest_node_counts(client, targets, ledger):
    finality = Finality(client, targets)
    await stream(client, targets, [job(at) for at in range(35)], 5)
    ledger.lag["node-2"] = 3
    first, second = await finality.reached(4)
    assert first < second
    assert await finality.agree() == 4
    assert await finality.documents(1, 0, 4) == 35
    assert await finality.documents(1, 2, 4) == 15


async def test_nodes_that_disagree_are_an_error(client, targets, ledger):
    ledger.split.add("node-2")
    with pytest.raises(CommandError, match="different app hashes"):
        await Finality(client, targets).agree()


@pytest.mark.parametrize(
    ("sending", "words"),
    [
        (Sending("requests", 9, 64), "one request per document, 64 under way"),
        (Sending("rate", 9, 0, 100.0), "one request per document, evenly, 100 documents a second"),
        (Sending("stream", 9, 5), "NDJSON, one stream per node, at most 5 documents under way in each"),
    ],
    ids=lambda value: value.name if isinstance(value, Sending) else "",
)
def test_a_way_of_sending_says_what_it_does(sending, words):
    assert sending.method == words
