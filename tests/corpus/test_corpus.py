"""Every event of every public EPCIS file comes to the end that `expected.tsv` says, and no file does harm.

The files are not part of this project; $PACKTRAIL_PUBLIC_DATA names their folder. Without it these tests are
skipped; `make corpus` fails instead.
"""

import itertools
from pathlib import Path

import pytest

from tests.corpus.expected import RECORDS, REVIEW, data_folder, read_table, yields_records
from tests.corpus.outcomes import Row, files_of, rows_of

LEAST_WITH_RECORDS = 40
"""Events that must yield records."""

TABLE = read_table()
BY_FILE: dict[str, list[Row]] = {
    file: [entry.row for entry in rows]
    for file, rows in itertools.groupby(TABLE, lambda entry: entry.row.file)
}

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def data() -> Path:
    folder = data_folder()
    if not folder.is_dir():
        pytest.skip(f"no public EPCIS files in {folder}: set PACKTRAIL_PUBLIC_DATA")
    return folder


@pytest.mark.parametrize("file", BY_FILE)
async def test_a_file(data, file):
    assert await rows_of(data, file) == BY_FILE[file]


def test_no_file_is_left_out(data):
    assert files_of(data) == list(BY_FILE)


def test_every_outcome_was_reviewed():
    assert [entry.row for entry in TABLE if entry.note in ("", REVIEW)] == []


def test_enough_events_yield_records(capsys):
    events = {(entry.row.file, entry.row.event) for entry in TABLE if entry.row.event != "-"}
    fresh = {(entry.row.file, entry.row.event) for entry in TABLE if entry.row.fresh.startswith(RECORDS)}
    found = {(entry.row.file, entry.row.event) for entry in TABLE if yields_records(entry.row)}
    with capsys.disabled():
        print(
            f"\n{len(BY_FILE)} public files, {len(events)} events: {len(found)} yield records,"
            f" {len(fresh)} of them on a ledger that knows prefixes, places and products only"
        )
    assert len(found) >= LEAST_WITH_RECORDS
