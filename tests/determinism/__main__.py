"""Execute one workload on every Python that is found, under several hash seeds, and compare the app hashes.

python -m tests.determinism [SEED DOCUMENTS]

The law needs msgspec and PyNaCl only; a little environment of each other Python gets them from the lock file,
checked against its hashes. What is not installed is said aloud and left out. PACKTRAIL_PYTHONS names others,
by their paths, separated by spaces.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "build" / "determinism"
PYTHONS: Final = ("python3.11", "python3.12", "python3.13", "python3.14")
"""What is looked for when nothing else is said."""
NEEDED: Final = frozenset({"msgspec", "pynacl", "cffi", "pycparser"})
HASH_SEEDS: Final = ("0", "1", "4242")
SEED, DOCUMENTS = 7, 1_000
TIMEOUT_S: Final = 600


def main(arguments: list[str]) -> int:
    """Compare; 1 when two app hashes differ."""
    seed, documents = map(int, arguments) if arguments else (SEED, DOCUMENTS)
    answers: dict[str, str] = {}
    for name, python in [("this Python", Path(sys.executable)), *_others()]:
        for hash_seed in HASH_SEEDS:
            answer = _run(python, hash_seed, seed, documents)
            answers[f"{name} ({_version(python)}), hash seed {hash_seed}"] = answer
            print(f"{name} {_version(python)}, PYTHONHASHSEED={hash_seed}: {answer.split()[0]}", flush=True)
    differing = len(set(answers.values()))
    print(f"{len(answers)} runs of {documents} documents, {differing} different outcomes")
    return int(differing != 1)


def _others() -> list[tuple[str, Path]]:
    found = []
    for name in os.environ.get("PACKTRAIL_PYTHONS", "").split() or PYTHONS:
        if not _answers(name):
            print(f"{name} is not here")
            continue
        if _version(Path(name)) == _version(Path(sys.executable)):
            continue
        found.append((name, _environment(name)))
    return found


def _answers(name: str) -> bool:
    path = shutil.which(name)
    if path is None:
        return False
    return subprocess.run([path, "-c", "import venv"], capture_output=True, check=False).returncode == 0


def _environment(name: str) -> Path:
    """Make an environment with what the law needs, or take the one that is there."""
    folder = FOLDER / _version(Path(name))
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([name, "-m", "venv", "--clear", str(folder)], check=True)
        wanted = folder / "requirements.lock"
        wanted.write_text(_locked(), encoding="utf-8")
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
        subprocess.run([*pip, "--only-binary=:all:", "--require-hashes", "-r", str(wanted)], check=True)
        (folder / "installed").touch()
    return python


def _locked() -> str:
    """Return the lock file's entries of what the law needs."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.findall(r"^[A-Za-z0-9_.-]+==[^\n]*(?:\n[ \t]+[^\n]*)*", text, re.MULTILINE)
    return "\n".join(entry for entry in entries if entry.split("==")[0].lower() in NEEDED) + "\n"


def _version(python: Path) -> str:
    code = "import platform; print(platform.python_version())"
    return subprocess.run(
        [str(python), "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def _run(python: Path, hash_seed: str, seed: int, documents: int) -> str:
    """Return what the workload prints: app hash, height and verdicts."""
    return subprocess.run(
        [str(python), "-m", "tests.scenarios.law.workload", str(seed), str(documents)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT_S,
    ).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
