"""The same documents give the same app hash in another process, whatever its hash seed (I2)."""

import os
import subprocess
import sys

import pytest

from tests.scenarios.law.workload import Workload

SEED, DOCUMENTS = 7, 400


def run(hash_seed: str) -> str:
    """Return what the workload prints in a process of its own."""
    command = [sys.executable, "-m", "tests.scenarios.law.workload", str(SEED), str(DOCUMENTS)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=120
    ).stdout


@pytest.fixture(scope="module")
def here() -> Workload:
    workload = Workload(SEED)
    for _ in range(DOCUMENTS):
        workload.step()
    return workload


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_another_process_gets_the_same_app_hash(here: Workload, hash_seed: str) -> None:
    app_hash, height, _verdicts = run(hash_seed).split(" ", 2)
    assert (app_hash, int(height)) == (here.ledger.app_hash.hex(), DOCUMENTS)


def test_the_workload_is_mixed(here: Workload) -> None:
    assert here.verdicts["accepted"] > DOCUMENTS // 10
    assert len(here.verdicts) > 15
