"""The folders of the design and nothing else; lengths that fit a reader's head; names that say something."""

import ast
import re
from pathlib import Path

from tests.unit.house.project import FLOORS, ROOT, is_made, name, python_files, tree

TOP_FOLDERS = {*FLOORS, "tests", "docs"}
TOP_FILES = {
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-docs.lock",
}
MAX_FILE_LINES = 450
MAX_FUNCTION_LINES = 60
STANDS_ALONE = {"cli/light.py": 500}
"""One file by intent: it is copied away, and read whole."""
# Words that say nothing about what a module or class is for.
EMPTY_WORDS = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}


def test_the_top_holds_the_folders_of_the_design_and_nothing_else() -> None:
    visible = [path for path in ROOT.iterdir() if not path.name.startswith(".") and not is_made(path)]
    assert {path.name for path in visible if path.is_dir()} == TOP_FOLDERS
    assert {path.name for path in visible if path.is_file()} <= TOP_FILES


def test_the_law_has_the_folders_that_the_import_contracts_name() -> None:
    folders = {path.name for path in (ROOT / "contracts").iterdir() if path.is_dir() and not is_made(path)}
    assert folders == {"primitives", "gs1", "chain", "records", "state", "rules", "ledger"}


def test_no_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    long = {}
    for path in python_files():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > STANDS_ALONE.get(name(path), MAX_FILE_LINES):
            long[name(path)] = lines
    assert long == {}


def test_no_function_is_longer_than_a_page() -> None:
    long = {}
    for path in python_files(*FLOORS):
        for function in ast.walk(tree(path)):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            length = (function.end_lineno or function.lineno) - _first_line(function) + 1
            if length > MAX_FUNCTION_LINES:
                long[f"{name(path)}:{function.lineno} {function.name}"] = length
    assert long == {}


def _first_line(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The line where a function's body begins, its docstring left out: that one is for the reader."""
    body = function.body
    has_docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    return body[1].lineno if has_docstring and len(body) > 1 else body[0].lineno


def test_names_say_what_a_thing_is_for() -> None:
    empty = [name(path) for path in python_files() if EMPTY_WORDS & _words_of_path(path)]
    for path in python_files():
        classes = [node.name for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]
        empty += [f"{name(path)}: {found}" for found in classes if EMPTY_WORDS & _words(found)]
    assert empty == []


def _words_of_path(path: Path) -> set[str]:
    """The words of a file's folders and name."""
    return {word for part in path.relative_to(ROOT).with_suffix("").parts for word in part.split("_")}


def _words(class_name: str) -> set[str]:
    """The words of a CamelCase name, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z][a-z0-9]*", class_name)}


def test_every_module_of_a_package_says_what_it_is_for() -> None:
    silent = [name(path) for path in python_files(*FLOORS) if not ast.get_docstring(tree(path))]
    assert silent == []


def test_every_package_is_typed() -> None:
    assert [floor for floor in FLOORS if not (ROOT / floor / "py.typed").is_file()] == []
