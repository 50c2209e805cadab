"""Who may connect changes while nodes run: over real TLS, the next handshake knows."""

from contracts.chain.genesis import Node
from network.peer.config import PeerConfig
from network.peer.directory import Directory
from network.peer.handshake import LocalNode
from network.transport.tls import TlsIdentity, trust
from network.wire.messages import BundleRequest, Tip
from tests.unit.network.harness import CERTIFICATES, CHAIN, DIRECTORY, GENESIS_HASH, NODES, seed_of

STRANGER = Node("stranger", "member", CERTIFICATES["stranger"])
TIP = Tip(1, bytes(32), -1, 0)
QUICK = PeerConfig(dial_base_ms=20, dial_cap_ms=50)


async def test_who_is_admitted_comes_in_and_who_is_removed_goes(tcp):
    directory = Directory(CHAIN, GENESIS_HASH, NODES)
    alder = tcp.listening("alder", directory=directory)
    birch = tcp.node("birch")
    birch.peers.start(None, {"alder": alder.peers.address})
    known = Directory(CHAIN, GENESIS_HASH, (*NODES, STRANGER))
    stranger = tcp.node("stranger", local=LocalNode("stranger", "member"), directory=known, config=QUICK)
    stranger.peers.start(None, {"alder": alder.peers.address})
    await alder.recorder.until(lambda: alder.names == ["birch"] and alder.peers.counters.refused_connections)
    directory.list_anew((*NODES, STRANGER))
    alder.transport.pin((*directory.certificates, b"no certificate"))
    alder.peers.list_changed()
    await alder.recorder.until(lambda: alder.names == ["birch", "stranger"])
    await stranger.recorder.until(lambda: stranger.names == ["alder"])
    directory.list_anew(NODES)
    alder.peers.list_changed()
    await alder.recorder.until(lambda: alder.names == ["birch"])
    assert alder.peers.counters.ended["unlisted"] == 1


async def test_who_is_admitted_later_is_dialled_then(tcp):
    known = Directory(CHAIN, GENESIS_HASH, (*NODES, STRANGER))
    stranger = tcp.listening("stranger", local=LocalNode("stranger", "member"), directory=known)
    directory = Directory(CHAIN, GENESIS_HASH, NODES)
    alder = tcp.node("alder", directory=directory, config=QUICK)
    alder.peers.start(None, {"stranger": stranger.peers.address})
    await alder.recorder.until(lambda: "stranger" in alder.peers.unreached())
    assert alder.names == []
    directory.list_anew((*NODES, STRANGER))
    alder.transport.pin(directory.certificates)
    alder.peers.list_changed()
    await alder.recorder.until(lambda: alder.names == ["stranger"])


async def test_who_has_another_role_by_now_comes_back_as_that_and_is_not_heard_as_what_it_was(tcp):
    """It may be behind: only the others' blocks tell it. What its old role may say is passed over."""
    directory = Directory(CHAIN, GENESIS_HASH, NODES)
    alder = tcp.listening("alder", directory=directory)
    birch = tcp.node("birch", config=QUICK)
    birch.peers.start(None, {"alder": alder.peers.address})
    await alder.recorder.until(lambda: alder.names == ["birch"])
    directory.list_anew((NODES[0], Node("birch", "member", CERTIFICATES["birch"])))
    alder.peers.list_changed()
    await alder.recorder.until(lambda: [peer.role for peer in alder.peers.connected()] == ["member"])
    await birch.recorder.until(lambda: birch.names == ["alder"])
    birch.peers.send("alder", BundleRequest((bytes(32),)))
    birch.peers.send("alder", TIP)
    await alder.recorder.until(lambda: alder.recorder.messages)
    assert alder.recorder.messages == [("birch", TIP)]


async def test_who_learns_of_its_own_role_says_so_and_no_more_than_that_role_may(tcp):
    changed = (NODES[0], Node("birch", "member", CERTIFICATES["birch"]))
    alder = tcp.listening("alder", directory=Directory(CHAIN, GENESIS_HASH, changed))
    directory = Directory(CHAIN, GENESIS_HASH, NODES)
    birch = tcp.node("birch", directory=directory, config=QUICK)
    birch.peers.start(None, {"alder": alder.peers.address})
    await alder.recorder.until(lambda: alder.names == ["birch"])
    directory.list_anew(changed)
    birch.peers.list_changed()
    await alder.recorder.until(lambda: len(alder.recorder.ups) == 2)
    assert [hello.role for _name, hello in alder.recorder.ups] == ["validator", "member"]
    await birch.recorder.until(lambda: birch.names == ["alder"])
    assert birch.peers.counters.ended["role"] == 1
    assert not birch.peers.send("alder", BundleRequest((bytes(32),)))
    assert birch.peers.broadcast(BundleRequest((bytes(32),))) == 0


def test_what_is_no_certificate_is_left_out():
    context = TlsIdentity(seed_of("alder"), CERTIFICATES["alder"], DIRECTORY.certificates).server_context()
    trust(context, (b"", b"nonsense", CERTIFICATES["stranger"]))
    assert context.cert_store_stats()["x509"] == len(DIRECTORY.certificates) + 1
