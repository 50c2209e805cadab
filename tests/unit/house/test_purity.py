"""What import-linter cannot see in the pure packages: floats, addresses, hashes that change with the run."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.house.project import FLOORS, PURE, name, python_files, tree

# `hash` depends on PYTHONHASHSEED, the others on the machine or on the caller's scope.
BANNED_CALLS = {"eval", "exec", "float", "globals", "hash", "open", "print", "vars"}
SEEN_BY_CONSENSUS = ("consensus", "contracts.primitives", "contracts.chain")


@pytest.mark.parametrize("path", python_files(*PURE), ids=name)
def test_a_pure_module_has_no_float_and_asks_nothing_of_the_machine(path: Path) -> None:
    assert list(_impurities(tree(path))) == []


def _impurities(module: ast.Module) -> Iterator[str]:
    lawful = set(_inside_dunder_hash(module))
    for node in ast.walk(module):
        match node:
            case ast.Call() if node in lawful:
                pass
            case ast.Constant(value=float() | complex()):
                yield f"line {node.lineno}: the float {node.value}"
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield f"line {node.lineno}: / gives a float, // does not"
            case ast.Call(func=ast.Name(id=called)) if called in BANNED_CALLS:
                yield f"line {node.lineno}: {called}()"
            case ast.AsyncFunctionDef() | ast.Await() | ast.Global():
                yield f"line {node.lineno}: {type(node).__name__}"
            case _:
                pass


def _inside_dunder_hash(module: ast.Module) -> Iterator[ast.AST]:
    """What `__hash__` does serves dictionaries of one process, whose order is that of insertion."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and node.name == "__hash__":
            yield from ast.walk(node)


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("x = 0.5", "line 1: the float 0.5"),
        ("x = a / b", "line 1: / gives a float, // does not"),
        ("x /= 2", "line 1: / gives a float, // does not"),
        ("x = hash(b'')", "line 1: hash()"),
        ("async def f() -> None: ...", "line 1: AsyncFunctionDef"),
    ],
)
def test_the_check_finds_what_it_looks_for(source: str, finding: str) -> None:
    assert list(_impurities(ast.parse(source))) == [finding]


def test_whole_numbers_are_pure() -> None:
    assert list(_impurities(ast.parse("x = a // b % 7"))) == []


def test_a_hash_for_dictionaries_is_pure() -> None:
    assert list(_impurities(ast.parse("class A:\n  def __hash__(self): return hash(self.key)"))) == []


def test_consensus_sees_only_the_primitives_and_the_chain_of_the_law() -> None:
    """The import contract names what is forbidden; this names what is allowed, so that new folders count."""
    others = [
        f"{name(path)} imports {imported}"
        for path in python_files("consensus")
        for imported in _imports(tree(path))
        if imported.split(".")[0] in FLOORS and not _is_within(imported, SEEN_BY_CONSENSUS)
    ]
    assert others == []


def _imports(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)
