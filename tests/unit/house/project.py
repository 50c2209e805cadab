"""Where the project's files are: read by all tidy tests, changed by none."""

import ast
import functools
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]

#: The packages, from the person at the terminal down to the law.
FLOORS = ("cli", "node", "network", "consensus", "contracts")

#: The packages whose results every node must compute alike.
PURE = ("consensus", "contracts")

#: What runs and tools leave behind; git ignores it.
MADE = {"__pycache__", "build", "dist", "htmlcov"}


def is_made(path: Path) -> bool:
    """Whether a path belongs to a run, a tool or git rather than to the project."""
    return path.name in MADE or path.name.endswith(".egg-info") or path.name == ".coverage"


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if is_made(path):
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file of the project."""
    top = [path for path in sorted(ROOT.iterdir()) if not is_made(path)]
    hidden = {".ci", ".editorconfig", ".gitignore", ".pre-commit-config.yaml"}
    found = [path for path in top if path.is_file() and (path.name[0] != "." or path.name in hidden)]
    for folder in top:
        if folder.is_dir() and (folder.name[0] != "." or folder.name in hidden):
            found.extend(_walk(folder))
    return tuple(found)


def python_files(*folders: str) -> list[Path]:
    """Every Python file of the project, or of the named top folders."""
    return [
        path
        for path in files()
        if path.suffix == ".py" and (not folders or path.relative_to(ROOT).parts[0] in folders)
    ]


@functools.cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name(path: Path) -> str:
    """A file's path as people write it, from the project's root."""
    return path.relative_to(ROOT).as_posix()


@functools.cache
def pyproject() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
