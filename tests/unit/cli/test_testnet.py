"""`packtrail testnet` around stand-in nodes: what is printed, and how it ends."""

import sys
from pathlib import Path

import msgspec
import pytest

from cli import testnet
from cli.failures import Exit
from network.testnet.program import Program

FAKE = Path(__file__).parents[1] / "network" / "testnet" / "fake_packtrail.py"
MANIFEST = """
name = "net"
[[markets]]
code = "NL"
profile = "eu-fmd"
utc_offset_minutes = 60
[[partners]]
gln = "9521101000009"
name = "Maker"
roles = ["maker"]
market = "NL"
[[nodes]]
name = "a"
role = "validator"
"""


@pytest.fixture
def network(monkeypatch, tmp_path, packtrail):
    monkeypatch.setattr(testnet, "PROGRAM", Program((sys.executable, str(FAKE))))
    (tmp_path / "net.toml").write_text(MANIFEST)
    assert packtrail("testnet", "up", "--manifest", "net.toml")[0] == Exit.OK
    yield packtrail
    packtrail("testnet", "down", "net")


def test_a_network_is_raised_looked_at_hurt_and_stopped(network, tmp_path):
    code, out, _err = network("testnet", "status", "net", "-o", "json")
    assert code == Exit.OK
    (row,) = msgspec.json.decode(out)
    assert (row["name"], row["height"], row["app_hash"], row["ready"]) == ("a", 7, "ab", True)
    assert network("testnet", "logs", "net", "--node", "a")[1] == "started\n"
    assert network("testnet", "logs", "net")[1] == "a: started\n"
    assert network("testnet", "perturb", "net", "kill", "--node", "a")[0] == Exit.OK
    assert network("testnet", "status", "net")[0] == Exit.UNHEALTHY
    assert network("testnet", "perturb", "net", "kill", "--node", "a")[0] == Exit.FAILED
    assert network("testnet", "perturb", "net", "restart", "--node", "a")[0] == Exit.OK
    assert network("testnet", "perturb", "net", "kill")[0] == Exit.USAGE
    assert network("testnet", "perturb", "net")[0] == Exit.OK
    code, _out, err = network("testnet", "down", "net")
    assert (code, err) == (Exit.OK, "Network net has stopped.\n")
    code, _out, err = network("testnet", "down", "net", "--remove")
    assert (code, err) == (Exit.OK, "Network net was not running.\n")
    assert not (tmp_path / "testnets" / "net").exists()


def test_a_changed_manifest_needs_fresh(network, tmp_path):
    (tmp_path / "net.toml").write_text(MANIFEST + "# changed\n")
    code, _out, err = network("testnet", "up", "--manifest", "net.toml")
    assert code == Exit.FAILED
    assert "--fresh" in err
    assert network("testnet", "up", "--manifest", "net.toml", "--fresh")[0] == Exit.OK


def test_a_profile_names_a_node_of_it(network):
    code, _out, err = network("status", "--profile", "net/a")
    assert code == Exit.UNHEALTHY, err


@pytest.mark.parametrize(
    "command", [("down",), ("status",), ("logs",), ("perturb", "absent", "kill", "--node", "a")]
)
def test_a_network_that_is_not_there(packtrail, command):
    arguments = command if len(command) > 1 else (*command, "absent")
    assert packtrail("testnet", *arguments)[0] == Exit.NOT_FOUND


def test_an_unknown_shipped_manifest(packtrail):
    code, _out, err = packtrail("testnet", "up", "absent")
    assert code == Exit.NOT_FOUND
    assert "demo, four, seven, us-pharma" in err


def test_a_manifest_that_is_wrong(packtrail, tmp_path):
    (tmp_path / "net.toml").write_text("name = 7")
    assert packtrail("testnet", "up", "--manifest", "net.toml")[0] == Exit.USAGE
    assert packtrail("testnet", "up", "--manifest", "absent.toml")[0] == Exit.NOT_FOUND
