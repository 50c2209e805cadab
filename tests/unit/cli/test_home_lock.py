"""Who changes a home has it alone, until its process ends however it ends; who only reads asks nobody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.failures import CommandError, Exit
from cli.home_lock import locked, stopped_home
from node.home import Home
from node.storage.leveldb import LevelOptions, open_level

CHANGING = [
    ("node", "start"),
    ("node", "repair"),
    ("node", "reindex"),
    ("node", "archive", "--to", "archive"),
    ("node", "trust", "--yes"),
    ("node", "settle", "00", "--yes"),
    ("keys", "validator", "--no-input"),
    ("archive", "restore", "--from", "archive"),
]
READING = [
    ("node", "status"),
    ("node", "stop"),
    ("keys", "show"),
    ("keys", "export"),
    ("token", "new", "--role", "submit"),
    ("token", "list"),
    ("config", "show"),
    ("config", "validate"),
    ("doctor",),
]
LOCK = "import fcntl, os, sys; fcntl.flock(folder := os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX); "
STAY = LOCK + "print(flush=True); sys.stdin.read()"
LEAVE_TO_A_CHILD = LOCK + "import subprocess; subprocess.Popen(['cat'], pass_fds=[folder])"


@pytest.fixture
def home(packtrail, tmp_path):
    """A stopped validator's home with a complete database on its way to its place."""
    code, _out, err = packtrail(
        *("init", "--home", tmp_path / "maker", "--name", "maker", "--role", "validator"),
        *(
            "--chain-id",
            "test",
            "--passphrase-file",
            "keys/passphrase",
            "--key-cost",
            "minimum",
            "--no-input",
        ),
        *("--operators", "127.0.0.1:9"),
    )
    assert code == Exit.OK, err
    place = Home(tmp_path / "maker")
    place.genesis.write_text("{}")
    store = open_level(place.data / "next" / place.database.name, LevelOptions(), create=True)
    store.write([(b"row", b"1")], sync=True)
    store.close()
    return place


def in_another_process(code: str, home: Home) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", code, str(home.root)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.mark.parametrize("command", CHANGING, ids=" ".join)
def test_nobody_changes_a_home_that_another_command_changes(home, packtrail, command):
    with locked(home):
        code, _out, err = packtrail(*command, "--home", home.root)
    assert code == Exit.FAILED
    assert f"{home.root} is in use by process {os.getpid()}, " in err
    assert "wait until it has ended" in err
    assert (home.data / "next" / home.database.name).exists()
    assert not home.database.exists()


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_what_works_beside_a_running_node_asks_nobody(home, packtrail, command):
    alone = packtrail(*command, "--home", home.root)
    with locked(home):
        beside = packtrail(*command, "--home", home.root)
    assert beside[0] == alone[0]
    assert "in use" not in beside[2]


def test_a_node_has_its_home_alone_from_before_it_joins(home, packtrail, monkeypatch):
    refused = []

    def join_first(place):
        # Half a file is what a full disk leaves.
        place.process_id.write_bytes(b"{")
        refused.append(packtrail("node", "trust", "--yes", "--home", place.root))
        return 0

    monkeypatch.setattr("node.joining.join_first", join_first)
    monkeypatch.setattr("cli.node.taken_addresses", lambda _settings: [])
    assert packtrail("node", "start", "--home", home.root)[0] == Exit.OK
    ((code, _out, err),) = refused
    assert code == Exit.FAILED
    assert f"in use by process {os.getpid()}" in err


def test_a_home_is_free_again_when_a_command_has_ended_or_failed(home, packtrail):
    with pytest.raises(InterruptedError), stopped_home(home.root):
        raise InterruptedError
    for _ in range(2):
        assert packtrail("node", "trust", "--yes", "--home", home.root)[0] == Exit.OK


def test_a_command_that_has_a_home_does_not_get_it_twice(home):
    with stopped_home(home.root), pytest.raises(CommandError, match="in use"), stopped_home(home.root):
        pass


def test_whoever_has_it_is_named_and_a_process_that_is_killed_has_it_no_more(home, packtrail):
    with in_another_process(STAY, home) as other:
        assert other.stdout is not None
        other.stdout.readline()
        code, _out, err = packtrail("node", "trust", "--yes", "--home", home.root)
        assert code == Exit.FAILED
        assert f"in use by process {other.pid}, {sys.executable} -c " in err
        other.kill()
    assert packtrail("node", "trust", "--yes", "--home", home.root)[0] == Exit.OK


def test_what_is_left_of_a_process_that_ended_is_waited_for(home):
    """A thread that waits for the disk outlives its process for a moment; here it is a child."""
    waited = []
    with in_another_process(LEAVE_TO_A_CHILD, home) as other:
        other.wait()

        def let_go(seconds):
            waited.append(seconds)
            if len(waited) == 1:
                other.communicate()

        with locked(home, pause=let_go):
            assert waited


def test_one_that_cannot_be_named_is_waited_for_in_vain(home, monkeypatch):
    monkeypatch.setattr("cli.home_lock._LOCKS", Path("/nowhere"))
    waited = []
    with (
        locked(home),
        pytest.raises(CommandError, match="by another process"),
        locked(home, pause=waited.append),
    ):
        pass
    assert sum(waited) == pytest.approx(5)
