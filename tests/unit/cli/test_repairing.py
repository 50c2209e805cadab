"""What `node repair` tells of its work: no height where the ledger was not touched, and what may be lost."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cli.failures import Exit
from node.home import LOG_FOLDER, OUTBOX_FOLDER, Home
from node.repair.rebuilding import NewDatabase, Repaired

Packtrail = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("folder", "part", "options"), [(LOG_FOLDER, "log", ()), (OUTBOX_FOLDER, "outbox", ("--give-up-outbox",))]
)
def test_where_the_ledger_was_not_touched_nothing_is_said_of_it(
    home: Home, packtrail: Packtrail, folder: str, part: str, options: tuple[str, ...]
) -> None:
    first = min((home.data / folder).iterdir())
    data = bytearray(first.read_bytes())
    data[40] ^= 1
    first.write_bytes(data)
    code, out, err = packtrail("node", "repair", "--home", home.root, "-o", "json", *options)
    assert code == Exit.OK, err
    done = msgspec.json.decode(out)
    assert set(done) == {"damaged", "kept in"}
    assert done["damaged"][0].startswith(part)
    assert (Path(done["kept in"]) / folder / first.name).read_bytes() == data
    assert "could be read" not in err


@pytest.fixture
def fetched(home: Home, monkeypatch: pytest.MonkeyPatch) -> Callable[[NewDatabase], Path]:
    """Lets a repair have gone as is said, without peers; returns where it put the old database."""
    aside = home.data / "damaged-1"

    def prepare(new: NewDatabase) -> Path:
        aside.mkdir()
        monkeypatch.setattr("node.repair.rebuilding.repair", lambda *_args: Repaired(str(aside), new))
        return aside

    return prepare


Fetched = Callable[[NewDatabase], Path]
REBUILD = ("node", "repair", "--rebuild", "--home")


@pytest.mark.parametrize("form", ["table", "json"])
def test_rows_that_could_not_be_read_are_missed_aloud(
    home: Home, packtrail: Packtrail, fetched: Fetched, form: str
) -> None:
    aside = fetched(NewDatabase(15, bytes(32), 42, is_whole=False))
    (aside / home.database.name).mkdir()
    code, out, err = packtrail(*REBUILD, home.root, "-o", form)
    assert code == Exit.OK
    assert "own rows complete" in out
    assert "42 rows were saved" in err
    assert f"{aside / home.database.name} has what is left of the old database" in err
    if form == "json":
        assert msgspec.json.decode(out)["own rows complete"] is False


def test_a_database_that_was_gone_is_not_said_to_be_kept(
    home: Home, packtrail: Packtrail, fetched: Fetched
) -> None:
    fetched(NewDatabase(15, bytes(32), 0, is_whole=False))
    _code, _out, err = packtrail(*REBUILD, home.root)
    assert "has what is left" not in err
    assert "Nothing is left of the old database" in err


def test_of_rows_that_are_all_there_nothing_is_said(
    home: Home, packtrail: Packtrail, fetched: Fetched
) -> None:
    fetched(NewDatabase(15, bytes(32), 42, is_whole=True))
    code, out, err = packtrail(*REBUILD, home.root, "-o", "json")
    done = msgspec.json.decode(out)
    assert (code, done["own rows kept"], done["own rows complete"]) == (Exit.OK, 42, True)
    assert "could be read" not in err
