"""What commands print: JSON and nothing else for programs, tables for people."""

import msgspec
import pytest

from cli.output import Format, show, write_facts, write_rows


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "-"),
        ("", "-"),
        ([], "-"),
        ({}, "-"),
        (0, "0"),
        (False, "no"),
        (True, "yes"),
        (["a", 1], "a, 1"),
        ({"a": 1, "b": None}, "a 1, b -"),
    ],
)
def test_a_value_in_a_cell(value, expected):
    assert show(value) == expected


def test_facts_and_rows_as_json(capsys):
    write_facts(Format.JSON, {"a": b"\x00"})
    assert msgspec.json.decode(capsys.readouterr().out) == {"a": "AA=="}
    write_rows(Format.JSON, [{"a": 1}, {"a": 2}], ("a",))
    assert msgspec.json.decode(capsys.readouterr().out) == [{"a": 1}, {"a": 2}]


def test_json_lines(capsys):
    write_rows(Format.JSONL, [{"a": 1}, {"a": 2}], ("a",))
    write_facts(Format.JSONL, {"b": 3})
    assert capsys.readouterr().out == '{"a":1}\n{"a":2}\n{"b":3}\n'


def test_a_table_shows_names_as_they_are(capsys):
    write_rows(Format.TABLE, [{"a_b": "[red]x[/red]", "left_out": 1}], ("a_b",), "Title")
    out = capsys.readouterr().out
    assert "[red]x[/red]" in out
    assert "a b" in out
    assert "left" not in out
