"""Writes `expected.tsv` anew, so that a change in what becomes of the public files is reviewed as a diff.

    python -m tests.corpus.rewrite              shows the difference
    python -m tests.corpus.rewrite --rewrite    writes it; changed rows are marked REVIEW

Every marked row must get a note that says why its outcome is right by LAW.md; until then the tests fail.
"""

import argparse
import asyncio
import difflib
import sys

import structlog

from tests.corpus.expected import data_folder, read_table, write_table
from tests.corpus.outcomes import Row, files_of, rows_of

_ERRORS_ONLY = 40


async def _all_rows() -> list[Row]:
    data = data_folder()
    return [row for file in files_of(data) for row in await rows_of(data, file)]


def main() -> int:
    """Show or write what becomes of all files; return 1 when that differs and was not written."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rewrite", action="store_true", help="write expected.tsv")
    rewrite = parser.parse_args().rewrite
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(_ERRORS_ONLY))
    if not data_folder().is_dir():
        print(f"no folder {data_folder()}: set PACKTRAIL_PUBLIC_DATA", file=sys.stderr)
        return 1
    rows = asyncio.run(_all_rows())
    if rewrite:
        write_table(rows)
        return 0
    before, after = (["\t".join(row) for row in table] for table in ([e.row for e in read_table()], rows))
    changes = list(difflib.unified_diff(before, after, "expected.tsv", "found", lineterm="", n=0))
    print("\n".join(changes) or "nothing differs")
    return 1 if changes else 0


if __name__ == "__main__":
    sys.exit(main())
