"""Who is let in: the table of refusals, alone and over real connections."""

import pytest

from contracts.chain.genesis import Node
from contracts.primitives.hashing import Hash
from network.peer.directory import Directory
from network.peer.face import PeerIdentity
from network.peer.handshake import Handshake, HandshakeRefused, LocalNode, build_hello
from network.wire.errors import LocalProtocolError
from network.wire.messages import PROTOCOL_VERSION, Hello
from tests.unit.network.harness import CERTIFICATES, CHAIN, DIRECTORY, GENESIS_HASH, NODES, ROLES

ALDER = LocalNode("alder", "validator")


def hello(**changes):
    fields = {
        "version": PROTOCOL_VERSION,
        "chain_id": CHAIN,
        "genesis_hash": GENESIS_HASH,
        "node": "birch",
        "role": "validator",
        "height": 3,
        "tip": bytes(32),
    }
    return Hello(**(fields | changes))


def test_a_node_of_the_network_is_let_in():
    handshake = Handshake(ALDER, DIRECTORY, CERTIFICATES["birch"], "birch")
    assert handshake.check(hello()) == PeerIdentity("birch", "validator")


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("version", {"version": PROTOCOL_VERSION + 1}),
        ("chain_id", {"chain_id": "other-net"}),
        ("genesis", {"genesis_hash": bytes(32)}),
        ("name", {"node": "cedar"}),
        ("role", {"role": "king"}),
        ("version", {"version": PROTOCOL_VERSION + 1, "chain_id": "other-net", "role": "king"}),
    ],
)
def test_a_hello_that_does_not_fit_is_refused_with_the_first_reason(code, changes):
    with pytest.raises(HandshakeRefused) as refused:
        Handshake(ALDER, DIRECTORY, CERTIFICATES["birch"]).check(hello(**changes))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("code", "certificate", "dialled"),
    [
        ("certificate", CERTIFICATES["stranger"], ""),
        ("certificate", b"", ""),
        ("itself", CERTIFICATES["alder"], ""),
        ("node", CERTIFICATES["birch"], "cedar"),
    ],
)
def test_a_certificate_that_does_not_fit_is_refused_before_any_word(code, certificate, dialled):
    with pytest.raises(HandshakeRefused) as refused:
        Handshake(ALDER, DIRECTORY, certificate, dialled).identify()
    assert refused.value.code == code


def test_an_observer_cannot_pass_for_a_validator():
    as_itself = hello(node="olive", role="validator")
    let_in = Handshake(ALDER, DIRECTORY, CERTIFICATES["olive"]).check(as_itself)
    assert let_in == PeerIdentity("olive", "observer")
    as_another = hello(node="birch", role="validator")
    with pytest.raises(HandshakeRefused) as refused:
        Handshake(ALDER, DIRECTORY, CERTIFICATES["olive"]).check(as_another)
    assert refused.value.code == "name"


def test_a_hello_says_where_this_node_stands():
    assert build_hello(LocalNode("birch", "validator"), DIRECTORY, 3, bytes(32)) == hello()


def test_the_directory_finds_nodes_by_name_and_certificate():
    assert DIRECTORY.by_name("maple") == PeerIdentity("maple", "member")
    assert DIRECTORY.by_name("nobody") is None
    assert DIRECTORY.by_certificate(CERTIFICATES["olive"]) == PeerIdentity("olive", "observer")
    assert set(DIRECTORY.certificates) == {CERTIFICATES[name] for name in ROLES}


@pytest.mark.parametrize("name", ["", "a" * 129])
def test_a_name_that_the_protocol_cannot_carry_is_ours_to_fix(name):
    with pytest.raises(LocalProtocolError, match="characters"):
        Directory(CHAIN, GENESIS_HASH, [Node(name, "member", b"x")])


OTHER_CHAIN = Directory("other-net", GENESIS_HASH, NODES)
OTHER_GENESIS = Directory(CHAIN, Hash(bytes(32)), NODES)


@pytest.mark.parametrize(
    ("code", "name", "role", "directory"),
    [
        ("chain_id", "birch", "validator", OTHER_CHAIN),
        ("genesis", "birch", "validator", OTHER_GENESIS),
    ],
)
async def test_over_a_real_connection_too(net, code, name, role, directory):
    alder = net.listening("alder")
    other = net.node(name, local=LocalNode(name, role), directory=directory)
    other.peers.start(None, {"alder": alder.peers.address})
    await other.recorder.until(lambda: other.peers.counters.last_failure or other.peers.counters.ended)
    assert other.peers.counters.last_failure["alder"].startswith(f"goodbye: {code}: {code} is ")
    assert alder.peers.counters.ended[code] >= 1
    assert alder.names == other.names == []
    assert alder.recorder.log == other.recorder.log == []


async def test_a_validator_that_claims_the_name_of_another(net):
    alder = net.listening("alder")
    other = net.node("birch", local=LocalNode("cedar", "validator"))
    other.peers.start(None, {"alder": alder.peers.address})
    await other.recorder.until(lambda: other.peers.counters.last_failure)
    assert other.peers.counters.last_failure["alder"].startswith("goodbye: name: ")
    assert alder.names == []


async def test_another_node_answers_than_the_one_that_was_dialled(net):
    alder = net.listening("alder")
    birch = net.node("birch")
    birch.peers.start(None, {"cedar": alder.peers.address})
    await birch.recorder.until(lambda: birch.peers.counters.last_failure)
    assert birch.peers.counters.last_failure["cedar"] == "node: cedar was dialled, alder answered"
    assert alder.names == birch.names == []


async def test_a_node_that_dials_itself(net):
    alder = net.listening("alder")
    twin = net.node("alder", local=LocalNode("alder", "validator"))
    twin.peers.start(None, {"birch": alder.peers.address})
    await twin.recorder.until(lambda: twin.peers.counters.last_failure)
    assert twin.peers.counters.last_failure["birch"].startswith(("itself", "goodbye: itself"))
    assert alder.names == twin.names == []
