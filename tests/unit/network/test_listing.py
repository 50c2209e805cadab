"""Who may connect changes while nodes run: over real TLS, the next handshake knows."""

from contracts.chain.genesis import Node
from network.peer.config import PeerConfig
from network.peer.directory import Directory
from network.peer.handshake import LocalNode
from network.transport.tls import TlsIdentity, trust
from tests.unit.network.harness import CERTIFICATES, CHAIN, DIRECTORY, GENESIS_HASH, NODES, seed_of

STRANGER = Node("stranger", "member", CERTIFICATES["stranger"])
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


async def test_who_has_another_role_by_now_must_say_so(tcp):
    directory = Directory(CHAIN, GENESIS_HASH, NODES)
    alder = tcp.listening("alder", directory=directory)
    birch = tcp.node("birch", config=QUICK)
    birch.peers.start(None, {"alder": alder.peers.address})
    await alder.recorder.until(lambda: alder.names == ["birch"])
    directory.list_anew((NODES[0], Node("birch", "member", CERTIFICATES["birch"])))
    alder.peers.list_changed()
    await alder.recorder.until(lambda: alder.names == [])


def test_what_is_no_certificate_is_left_out():
    context = TlsIdentity(seed_of("alder"), CERTIFICATES["alder"], DIRECTORY.certificates).server_context()
    trust(context, (b"", b"nonsense", CERTIFICATES["stranger"]))
    assert context.cert_store_stats()["x509"] == len(DIRECTORY.certificates) + 1
