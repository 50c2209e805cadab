"""A stopped validator's home, made once and copied for every test that damages it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.home import Home
from tests.damage.home import make_home
from tests.simulation.outcome import quiet


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return make_home(tmp_path_factory.mktemp("repair") / "home")


@pytest.fixture
def home(made: Home, tmp_path: Path) -> Iterator[Home]:
    shutil.copytree(made.root, tmp_path / "home")
    with quiet():
        yield Home(tmp_path / "home")
