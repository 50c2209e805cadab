"""Which of a partner's keys signs: one that acts at the next height, or none."""

from contracts.state.rows import KeyRow
from node.pool.bundler import LaneKey
from tests.support.parties import MAKER
from tests.unit.node.api.harness import Api
from tests.unit.node.api.samples import commission


async def test_a_key_that_the_ledger_does_not_know_signs_nothing(api: Api) -> None:
    lane = next(lane for lane, key in api.context.submissions.keys.items() if key.partner == MAKER.gln)
    api.context.chain.keys.pop(lane)
    reply = await api.post("/v1/documents", {"records": [commission("A1")], "partner": MAKER.gln})
    assert (reply.status, reply.code) == (409, "key_not_registered")
    assert lane.hex() in reply.json["detail"]


async def test_a_key_that_does_not_act_signs_nothing(api: Api) -> None:
    keys, height = api.context.chain.keys, api.context.chain.tip.height
    lane = next(lane for lane, key in api.context.submissions.keys.items() if key.partner == MAKER.gln)
    body = {"records": [commission("A1")], "partner": MAKER.gln}
    for row, span in (
        (KeyRow(1, 1, height + 1), f"acts from height 1 to {height}"),
        (KeyRow(1, height + 2, 0), f"acts from height {height + 2} on"),
    ):
        keys[lane] = row
        reply = await api.post("/v1/documents", body)
        assert (reply.status, reply.code) == (409, "key_not_active")
        assert f"{lane.hex()} {span}" in reply.json["detail"]
    keys[lane] = KeyRow(1, 1, height + 2)
    assert (await api.post("/v1/documents", body)).status == 202


async def test_of_two_keys_the_one_that_began_last_signs(api: Api) -> None:
    submissions, keys = api.context.submissions, api.context.chain.keys
    first, second = sorted(submissions.keys)[:2]
    gln = submissions.keys[first].partner
    submissions.keys[second] = LaneKey(second, bytes(32), gln)
    for began, signs in (((0, 1), second), ((1, 0), first), ((1, 1 << 40), first)):
        keys[first], keys[second] = KeyRow(1, began[0], 0), KeyRow(1, began[1], 0)
        assert submissions.lanes()[gln] == signs
