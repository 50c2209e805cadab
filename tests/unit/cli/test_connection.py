"""Which node a command talks to, and with which token."""

import pytest

from cli.connection import DEFAULT_NODE, connect
from cli.failures import CommandError, Exit
from network.testnet.layout import Folder, NetworkFile, NodeEntry
from tests.unit.cli.fake_node import Reply


def test_nothing_said():
    assert connect().url == DEFAULT_NODE


def test_a_node_goes_before_a_profile():
    assert connect("127.0.0.1:9", "absent").url == "http://127.0.0.1:9"


def test_a_profile_of_the_profiles_file(tmp_path, node):
    (tmp_path / "profiles.toml").write_text(f'[depot]\nnode = "{node.url}"\ntoken_file = "depot.token"\n')
    (tmp_path / "depot.token").write_text("pt_depot\n")
    node.answers["GET /v1/status"] = Reply(body={})
    connect(profile="depot").get("/v1/status")
    assert node.requests[0].headers["authorization"] == "Bearer pt_depot"


def test_a_token_on_the_command_line_goes_first(tmp_path, node):
    (tmp_path / "token").write_text("pt_file")
    node.answers["GET /v1/status"] = Reply(body={})
    connect(node.url, token="pt_line", token_file=tmp_path / "token").get("/v1/status")
    connect(node.url, token_file=tmp_path / "token").get("/v1/status")
    assert [request.headers["authorization"] for request in node.requests] == [
        "Bearer pt_line",
        "Bearer pt_file",
    ]


def test_a_node_of_a_test_network(tmp_path):
    folder = Folder(tmp_path / "testnets" / "demo")
    folder.token("maker").parent.mkdir(parents=True)
    folder.token("maker").write_text("pt_maker")
    maker = NodeEntry("maker", "validator", "", "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3")
    folder.save(NetworkFile("demo", (maker,)))
    assert connect(profile="demo/maker").url == "http://127.0.0.1:2"
    with pytest.raises(CommandError, match="it has maker"):
        connect(profile="demo/absent")


def test_the_address_in_a_homes_configuration(tmp_path):
    config = tmp_path / "home" / "config"
    config.mkdir(parents=True)
    (config / "node.toml").write_text('[api]\nlisten = "127.0.0.1:4711"\n')
    assert connect(home=tmp_path / "home").url == "http://127.0.0.1:4711"


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, Exit.NOT_FOUND), ("[other]\nnode = 'x'\n", Exit.NOT_FOUND), ("[depot]\nnod = 'x'\n", Exit.USAGE)],
)
def test_a_profile_that_is_not_there(tmp_path, content, code):
    if content is not None:
        (tmp_path / "profiles.toml").write_text(content)
    with pytest.raises(CommandError) as error:
        connect(profile="depot")
    assert error.value.code is code


def test_a_token_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError) as error:
        connect(token_file=tmp_path / "absent")
    assert error.value.code is Exit.NOT_FOUND
