"""Writes the vectors of this folder, or checks that they are what the code makes today.

    python -m tests.vectors.generate            writes the files
    python -m tests.vectors.generate --check    returns 1, naming the file, when one differs

A vector that changes is a change of the ledger: it forks every network that runs. So the files are committed,
and the tests read the files, not this script.
"""

import sys
from collections.abc import Callable
from typing import Any, Final

from tests.vectors import chain_cases, ed25519_cases, encoding_cases, hash_cases, merkle_cases
from tests.vectors.notation import FOLDER, text_of

FILES: Final[dict[str, Callable[[], Any]]] = {
    "chain.json": chain_cases.build,
    "ed25519.json": ed25519_cases.build,
    "encoding.json": encoding_cases.build,
    "genesis.json": chain_cases.genesis_document,
    "hashes.json": hash_cases.build,
    "merkle.json": merkle_cases.build,
}


def main(arguments: list[str]) -> int:
    """Write or check every file; return 1 when a checked one differs."""
    differing = 0
    for name, build in FILES.items():
        text, path = text_of(build()), FOLDER / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        differing += 1
        if "--check" in arguments:
            print(f"{name}: not what the code makes")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"{name}: written")
    return int(differing > 0 and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
