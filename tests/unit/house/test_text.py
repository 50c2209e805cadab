"""Text that is the same on every machine, with clean lines; and no test that was switched off."""

import posixpath
import re

from tests.unit.house.project import ROOT, files, name, python_files

TEXT_SUFFIXES = {
    *("", ".cfg", ".in", ".lock", ".md", ".toml", ".tsv", ".txt", ".typed", ".yaml", ".yml"),
    *(".css", ".html", ".js", ".json", ".jsonl", ".py", ".svelte", ".ts", ".xml"),
}

# Written in pieces, so that this file does not hold what it looks for.
MACHINE_PATHS = re.compile(
    "|".join("/" + folder + "/" for folder in ("work", "farm", "root", r"home/[a-z]+"))
)
REGISTRY_HOSTS = re.compile(
    "|".join(
        r"\.".join(parts)
        for parts in (
            ("pypi", "org"),
            ("python" + "hosted", "org"),
            ("registry", "npmjs"),
            ("registry", "yarnpkg"),
            ("crates", "io"),
            ("proxy", "golang"),
            ("repo", "maven"),
            ("deb", "debian", "org"),
        )
    )
)
EMPTY_SKIP = re.compile(r"@pytest\.mark\.(skip\b|skip\(\)|xfail\b(?!\())")


def _lines() -> list[tuple[str, int, str]]:
    """Every line of every text file: its file, its number from 1, its text."""
    lines = []
    for path in files():
        if path.suffix in TEXT_SUFFIXES:
            text = path.read_bytes().decode("utf-8")
            lines += [(name(path), number, line) for number, line in enumerate(text.split("\n"), 1)]
    return lines


def _matching(pattern: re.Pattern[str]) -> list[str]:
    return [f"{file}:{at}: {line.strip()[:100]}" for file, at, line in _lines() if pattern.search(line)]


def test_no_path_of_one_machine() -> None:
    assert _matching(MACHINE_PATHS) == []


def test_no_host_of_a_package_registry() -> None:
    assert _matching(REGISTRY_HOSTS) == []


DOCUMENT = re.compile(r"(?<![\w/.-])[\w/.-]+\.md\b")
ELSEWHERE = {
    *("NNNN-short-title.md", "states.md", "events.md", "verdicts.md", "rule-99.md"),  # to come, or made
    *("log_format.md", "table_format.md", "impl.md"),  # of LevelDB's own documentation
}


def test_every_document_that_is_named_is_here() -> None:
    here = {name(path) for path in files()}
    lost = []
    ours = [
        line
        for line in _lines()
        if line[0].endswith((".py", ".md", ".toml", "Makefile")) and ".md" in line[2]
    ]
    for file, at, line in ours:
        for found in set(DOCUMENT.findall(line)) - ELSEWHERE:
            near = posixpath.normpath(posixpath.join(posixpath.dirname(file), found))
            if near not in here and not any(f"/{each}".endswith(f"/{found}") for each in here):
                lost.append(f"{file}:{at}: {found}")
    assert lost == []


def test_lines_end_with_their_last_word() -> None:
    unclean = [f"{file}:{number}" for file, number, line in _lines() if line != line.rstrip(" \t\r")]
    assert unclean == []


def test_files_end_with_one_newline() -> None:
    unclean = []
    for path in files():
        text = path.read_text(encoding="utf-8") if path.suffix in TEXT_SUFFIXES else ""
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            unclean.append(name(path))
    assert unclean == []


def test_no_test_is_switched_off_without_a_reason() -> None:
    off = [
        f"{name(path)}:{number}"
        for path in python_files("tests")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if EMPTY_SKIP.search(line) and path.name != "test_text.py"
    ]
    assert off == []


def test_no_test_sleeps() -> None:
    """But the one that asks processes of their own, again and again, whether something is so by now."""
    asks_again = "tests/testnet/client.py"
    call = re.compile(r"\b(time|asyncio)\.sleep\(\s*(?!0\s*\))")
    asleep = [
        f"{name(path)}:{number}"
        for path in python_files("tests")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if call.search(line) and name(path) != asks_again
    ]
    assert asleep == []


def test_the_licence_is_apache_2() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_decisions_are_numbered_in_order_and_once() -> None:
    records = [path.name for path in sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))]
    assert [int(record[:4]) for record in records] == list(range(1, len(records) + 1))
    titles = [(ROOT / "docs" / "adr" / record).read_text(encoding="utf-8")[:7] for record in records]
    assert titles == [f"# {record[:4]}:"[:7] for record in records]
