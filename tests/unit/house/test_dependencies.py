"""Dependencies are declared where they are used, used where declared, and locked with their hashes."""

import ast
import re
import sys
from importlib import metadata

import pytest

from tests.unit.house.project import FLOORS, ROOT, pyproject, python_files, tree

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-docs.lock")
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)(?: ; [^\\]+)? \\$")
HASHED = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
# Imported where it is installed, at run time: the loop works without it.
OPTIONAL_IMPORTS = {"uvloop"}
# aiohttp hands out its URLs; it brings their library along.
BROUGHT_ALONG = {"yarl"}


def _distribution(requirement: str) -> str:
    """The normalised name in a requirement such as "Foo_bar>=1; python_version < '3.13'"."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", requirement, maxsplit=1)[0]).lower()


def _declared() -> set[str]:
    return {_distribution(requirement) for requirement in pyproject()["project"]["dependencies"]}


def _imported(*folders: str) -> set[str]:
    """The distributions whose modules the files in these folders import."""
    modules: set[str] = set()
    for path in python_files(*folders):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.split(".")[0])
    own = {*FLOORS, "tests"}
    third_party = modules - own - set(sys.stdlib_module_names) - OPTIONAL_IMPORTS
    owners = metadata.packages_distributions()
    return {_distribution(owners.get(module, [module])[0]) for module in third_party}


def test_what_is_imported_is_declared() -> None:
    assert _imported(*FLOORS) - _declared() == set()


def test_what_the_tests_import_is_declared() -> None:
    extra = pyproject()["project"]["optional-dependencies"]["test"]
    declared = _declared() | {_distribution(requirement) for requirement in extra}
    assert _imported("tests") - declared - BROUGHT_ALONG == set()


def test_what_is_declared_is_imported() -> None:
    assert _declared() - _imported(*FLOORS) == set()


def test_every_dependency_has_bounds() -> None:
    extras = pyproject()["project"]["optional-dependencies"].values()
    requirements = [*pyproject()["project"]["dependencies"], *(item for extra in extras for item in extra)]
    unbound = [item for item in requirements if ">=" not in item]
    assert unbound == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_holds_versions_and_hashes_and_nothing_else(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line and line[0] != "#"]
    odd = [line for line in entries if not PINNED.match(line) and not HASHED.match(line)]
    assert odd == []
    assert [line for line in lines if "://" in line or "--index" in line or "--find" in line] == []


@pytest.mark.parametrize("lock", LOCKS[:2])
def test_the_lock_files_cover_what_is_declared_and_what_builds_it(lock: str) -> None:
    pinned = _pinned(lock)
    assert _declared() - pinned.keys() == set()
    assert {_distribution(item) for item in pyproject()["build-system"]["requires"]} - pinned.keys() == set()


def test_the_lock_files_agree() -> None:
    run, develop, document = map(_pinned, LOCKS)
    assert {package: version for package, version in run.items() if develop[package] != version} == {}
    shared = develop.keys() & document.keys()
    assert {package for package in shared if develop[package] != document[package]} == set()


def _pinned(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return dict(match.groups() for line in lines if (match := PINNED.match(line)))
