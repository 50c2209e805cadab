"""TOML that would cost the parser too much is refused before it parses."""

import tomllib

import pytest

from network.toml_bounds import MAX_BYTES, MAX_KEY_PARTS, check_toml


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a = 1",
        "[a.b.c]\nd = '127.0.0.1'",
        "x" * 200_000,
        "a" + ".b" * (MAX_KEY_PARTS - 1),
        "1.5, " * 9_000,
    ],
)
def test_what_people_write_is_let_through(text: str) -> None:
    check_toml(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = 1\n" + "a." * 20_000 + "b = 1", "line 2, column 1"),
        ("[" + "a . " * 40 + "b]", "line 1, column 2"),
        ("x" * (MAX_BYTES + 1), "characters"),
    ],
)
def test_what_nobody_writes_is_refused(text: str, place: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError, match=place):
        check_toml(text)
