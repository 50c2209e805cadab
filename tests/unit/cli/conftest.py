"""Every test of the command line runs without this machine's settings."""

import os
import shutil

import pytest

from cli.main import run
from node.home import Home
from tests.damage.home import make_home
from tests.unit.cli.fake_node import fake_node


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch, tmp_path):
    for name in os.environ:
        if name.startswith("PACKTRAIL_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PACKTRAIL_PROFILES", str(tmp_path / "profiles.toml"))
    monkeypatch.setenv("PACKTRAIL_TESTNETS", str(tmp_path / "testnets"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def node():
    with fake_node() as found:
        yield found


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A stopped validator's home."""
    return make_home(tmp_path_factory.mktemp("made") / "home")


@pytest.fixture
def home(made, tmp_path):
    """A copy of it, for one test."""
    shutil.copytree(made.root, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def packtrail(capsys):
    """Runs a command; returns its exit code, standard output and standard error."""

    def call(*arguments):
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return int(code), captured.out, captured.err

    return call
