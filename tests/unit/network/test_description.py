"""A genesis grows out of a description and the nodes' public records."""

import msgspec
import pytest

from contracts.chain.genesis import InvalidGenesis, Market, Partner, Profile
from network.description import (
    PRESET_PROFILES,
    Description,
    NodeRecord,
    PartnerRecord,
    add_node,
    build_genesis,
    is_whole,
    sealed,
)

MAKER = Partner("9521101000009", "Maker", ("maker",), "NL")
OWN = Profile("own", 3, 1, 9, ("dispenser",), 1)


def describe(*profiles: str, own: tuple[Profile, ...] = ()) -> Description:
    markets = tuple(Market(f"M{at}", profile, 0) for at, profile in enumerate(profiles))
    return Description(markets=markets, partners=(MAKER,), profiles=own)


def test_markets_bring_the_preset_profiles_they_name():
    genesis = build_genesis(describe("us-dscsa", "eu-fmd", "us-dscsa"), "net", time_ms=7)
    assert [profile.name for profile in genesis.profiles] == ["us-dscsa", "eu-fmd"]
    assert (genesis.kind, genesis.time_ms, genesis.clock_offset_ms) == ("production", 7, 0)


def test_a_described_profile_goes_before_a_preset_one():
    own = msgspec.structs.replace(PRESET_PROFILES[0], sscc_reuse_days=1)
    genesis = build_genesis(describe("eu-fmd", "own", own=(own, OWN)), "net", time_ms=7, is_test=True)
    assert genesis.profiles == (own, OWN)
    assert genesis.kind == "test"


def test_an_unknown_profile_is_refused_with_those_there_are():
    with pytest.raises(InvalidGenesis, match="there are eu-fmd, own, us-dscsa"):
        build_genesis(describe("moon", own=(OWN,)), "net", time_ms=7)


def test_a_node_brings_its_keys():
    genesis = build_genesis(describe("eu-fmd"), "net", time_ms=7)
    record = NodeRecord("a", "validator", b"c", MAKER.gln, b"v" * 32, (PartnerRecord(MAKER.gln, b"k" * 32),))
    grown = add_node(genesis, record, power=5)
    assert (grown.nodes[0].power, grown.nodes[0].validator_key) == (5, b"v" * 32)
    assert grown.partners[0].keys[0].public_key == b"k" * 32
    member = add_node(grown, NodeRecord("b", "member", b"d"), power=5)
    assert member.nodes[1].power == 0
    assert member.partners == grown.partners


@pytest.mark.parametrize(
    "record",
    [
        NodeRecord("b", "member", b"c", "9521104000006"),
        NodeRecord("b", "member", b"c", "", b"", (PartnerRecord("9521104000006", b"k" * 32),)),
        NodeRecord("a", "member", b"c"),
    ],
)
def test_a_node_that_does_not_fit(record):
    genesis = add_node(build_genesis(describe("eu-fmd"), "net", time_ms=7), NodeRecord("a", "member", b"x"))
    with pytest.raises(InvalidGenesis):
        add_node(genesis, record)


def test_a_sealed_record_that_was_changed_anywhere_is_not_whole():
    record = NodeRecord("a", "validator", b"c", MAKER.gln, b"v" * 32, (PartnerRecord(MAKER.gln, b"k" * 32),))
    whole = sealed(record)
    assert is_whole(record)
    assert is_whole(whole)
    assert sealed(whole) == whole
    other = {
        "name": "b",
        "role": "member",
        "certificate": b"d",
        "partner": "",
        "validator_key": b"",
        "partners": (),
    }
    for field, value in other.items():
        assert not is_whole(msgspec.structs.replace(whole, **{field: value}))
    assert not is_whole(msgspec.structs.replace(whole, checksum="0" * 64))
