"""What is built and released: the version, the data files, the commands that the documents name."""

import os
import re
import subprocess
from importlib import import_module, metadata

import pytest

from tests.unit.house.project import FLOORS, ROOT, pyproject

COMMANDS = [
    *("demo", "testnet", "test", "lint", "types", "simulate", "bench", "docs", "clean"),
    *("coverage", "corpus"),
]


def test_the_version_is_said_once_and_installed() -> None:
    assert metadata.version("packtrail") == pyproject()["project"]["version"]


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)
    assert headings[0] == "Unreleased"


def test_the_data_files_of_the_packages_exist() -> None:
    missing = [
        f"{package}/{pattern}"
        for package, patterns in pyproject()["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
        if not list((ROOT / package).glob(pattern))
    ]
    assert missing == []


def test_all_five_packages_are_built() -> None:
    include = pyproject()["tool"]["setuptools"]["packages"]["find"]["include"]
    assert sorted(include) == sorted(f"{floor}*" for floor in FLOORS)


def test_the_command_leads_to_a_function() -> None:
    module, _, function = pyproject()["project"]["scripts"]["packtrail"].partition(":")
    assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize("command", COMMANDS)
def test_make_knows_the_command(command: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{command}:.*## ", makefile, re.MULTILINE)


def test_continuous_integration_calls_the_same_commands_and_is_a_valid_script() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    for command in ("test", "lint", "types", "coverage", "planted", "corpus", "simulate", "demo"):
        assert re.search(rf"make {command}\b", text)
    subprocess.run(["bash", "-n", str(script)], check=True)
