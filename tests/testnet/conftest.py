"""Two networks for all tests here: making one takes longer than most tests that use it.

Every network lives below a temporary folder, its ports are chosen free, and its processes are ended by id.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.testnet.running import MANIFESTS, Running, packtrail

HERE = Path(__file__).parent
PATIENCE_MS = 2_000
"""How long the second validator of `four` waits for a commit: a test waits as long."""
JOIN_WAIT_S = 60
"""How long its observer waits for a snapshot, lest a busy machine lets it fetch blocks instead."""

MEASURED = pytest.StashKey[list[str]]()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes down what a test measured; it is printed when all tests have run, and decides nothing."""
    found = request.config.stash.setdefault(MEASURED, [])
    return lambda text: found.append(f"{request.node.name}: {text}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(MEASURED, []):
        terminalreporter.write_line(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.testnet)


@pytest.fixture(scope="session")
def four_made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    network = Running.make(MANIFESTS / "four.toml", tmp_path_factory.mktemp("four"))
    network.configure("validator-2", "wait_ms = 30000", f"wait_ms = {PATIENCE_MS}")
    network.configure("observer", "join_wait_s = 20", f"join_wait_s = {JOIN_WAIT_S}")
    try:
        yield network
    finally:
        network.close()


@pytest.fixture
def four(four_made: Running) -> Iterator[Running]:
    """Four validators, all of them ready; its observer does not run."""
    four_made.make_whole()
    yield four_made
    four_made.check_nobody_died()


@pytest.fixture(scope="session")
def pharma_made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    state = tmp_path_factory.mktemp("pharma")
    network = Running.of(state, "us-pharma")
    try:
        done = packtrail("testnet", "up", "--manifest", MANIFESTS / "us-pharma.toml", state=state)
        assert done.code == 0, done.err
        yield network
    finally:
        network.close()


@pytest.fixture
def pharma(pharma_made: Running) -> Iterator[Running]:
    """Maker, wholesaler, a stranger, a pharmacy and a regulator's observer, in April 2023."""
    pharma_made.make_whole()
    yield pharma_made
    pharma_made.check_nobody_died()
