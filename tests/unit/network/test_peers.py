"""Sessions between nodes: the same tests over loopback TLS and over memory."""

from network.wire.messages import Tip


async def test_two_nodes_meet_and_talk(net):
    alder = net.listening("alder", height=4)
    birch = net.node("birch")
    birch.peers.start(None, {"alder": alder.peers.address})
    await birch.recorder.until(lambda: birch.names == ["alder"])
    await alder.recorder.until(lambda: alder.names == ["birch"])
    assert birch.recorder.ups[0][1].height == 4
    assert birch.peers.send("alder", Tip(1, bytes(32), -1, 0))
    await alder.recorder.until(lambda: alder.recorder.messages)
    assert alder.recorder.messages == [("birch", Tip(1, bytes(32), -1, 0))]
