"""`packtrail evidence`: whom the ledger convicted, and what a node keeps itself."""

import msgspec

from cli.failures import Exit
from tests.unit.cli.fake_node import Reply


def conviction(name, *, votes):
    offence = {"height": 7, "round": 1, "type": "prevote", "recorded_at": 9}
    return {
        "validator": name,
        "partner": "9521104000004",
        "public_key": "ab" * 32,
        "votes": votes,
        "count": 3,
        "offences": [{**offence, "height": 4}, offence],
    }


def test_the_convicted_are_listed_and_one_that_votes_is_a_matter_for_a_person(node, packtrail):
    node.answers["GET /v1/convictions"] = Reply(body={"height": 9, "convictions": []})
    assert packtrail("evidence", "--node", node.url)[0] == Exit.OK
    gone, west = conviction("gone", votes=False), conviction("west", votes=True)
    node.answers["GET /v1/convictions"] = Reply(body={"height": 9, "convictions": [gone]})
    code, out, err = packtrail("evidence", "--node", node.url)
    assert (code, err) == (Exit.OK, "")
    assert "prevotes at 7/1" in " ".join(out.split())
    node.answers["GET /v1/convictions"] = Reply(body={"height": 9, "convictions": [gone, west]})
    code, out, err = packtrail("evidence", "--node", node.url, "--output", "json")
    assert code == Exit.UNHEALTHY
    assert msgspec.json.decode(out) == [gone, west]
    assert "west voted twice" in err


def test_what_a_node_keeps_itself_is_listed_too(node, packtrail):
    kept = {"validator": "west", "height": 7, "round": 1, "type": "prevote", "recorded_at": None}
    node.answers["GET /v1/evidence"] = Reply(body={"chain_id": "net", "evidence": [kept]})
    code, out, _err = packtrail("evidence", "--kept", "--node", node.url, "--output", "json")
    assert code == Exit.OK
    assert msgspec.json.decode(out) == [kept]


def test_a_fork_is_told_and_makes_the_exit_code(node, packtrail):
    blocks = [
        {"block_id": letter * 64, "round": 0, "here": letter == "a", "signers": ["west", "east"]}
        for letter in "ab"
    ]
    fork = {"height": 7, "found": "2026-11-22T10:00:00Z", "blocks": blocks}
    fork |= {"convicted": ["west"], "suspected": [], "settled": "", "proof": "00"}
    node.answers["GET /v1/evidence"] = Reply(body={"chain_id": "net", "evidence": [], "fork": fork})
    code, out, err = packtrail("evidence", "--kept", "--node", node.url)
    assert code == Exit.UNHEALTHY
    assert "a" * 10 in out
    assert "forked at height 7" in err
    assert "one step: west." in err
    assert "as far as is known here: nobody." in err
    code, out, _err = packtrail("evidence", "--kept", "--node", node.url, "--output", "json")
    assert (code, msgspec.json.decode(out)) == (Exit.UNHEALTHY, [])
