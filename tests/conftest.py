"""What holds for every test: none depends on speed, so Hypothesis does not look at the clock.

Of tests that run side by side, those of one file share a process. So do all that run real nodes: a network's
ports are those that were free when it was made, and a node that starts later must find its own still free.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("packtrail", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("packtrail")

NETWORKS = Path(__file__).parent / "testnet"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        group = NETWORKS if NETWORKS in item.path.parents else item.path
        item.add_marker(pytest.mark.xdist_group(str(group)))
