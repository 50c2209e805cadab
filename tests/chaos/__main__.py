"""Command line: `python -m tests.chaos --minutes 20 --seed 1`; see README.md."""

import argparse
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from network.testnet.runner import start_all
from tests.chaos.faults import commit
from tests.chaos.plan import draw
from tests.chaos.vitals import Vitals
from tests.testnet.client import until
from tests.testnet.history import History
from tests.testnet.load import Load
from tests.testnet.running import MANIFESTS, PROGRAM, Running

AIM_S: Final = 20.0
"""A recovery is to take no longer."""
BETWEEN: Final = 30
"""The network is left alone between two faults until so many documents are committed."""
LOAD_PAUSE_S: Final = 0.5
"""Between two documents of one of the seven clients."""
SAMPLED: Final = 10
"""Of how many documents one is asked for at every node; all are asked for at one."""
PREFIXES: Final = {f"validator-{number}": f"952110{number}" for number in range(1, 8)}


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments ask for; 1 when something was lost, differs, or did not come back."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long things go on happening")
    parser.add_argument("--seed", type=int, default=1, help="what happens")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="packtrail-chaos-") as state:
        network = Running.make(MANIFESTS / "seven.toml", Path(state))
        try:
            start_all(network.folder, network.folder.load(), PROGRAM)
            network.start(*network.names("validator", "observer"))
            summary = run(network, options.seed, options.minutes * 60)
        except BaseException:
            for node in network.folder.load().nodes:
                print(
                    f"--- {node.name}", *network.folder.log(node.name).read_text().splitlines()[-8:], sep="\n"
                )
            raise
        finally:
            network.close()
    print(msgspec.json.encode(summary).decode())
    return 0


def run(network: Running, seed: int, seconds: float) -> dict[str, Any]:
    """Let things happen for so long, check everything, and return the figures."""
    history, recovered = History(), defaultdict[str, list[float]](list)
    clients = network.clients(*network.validators)
    ends = time.monotonic() + seconds
    with Vitals(network) as vitals, Load(clients, PREFIXES, history, LOAD_PAUSE_S):
        for fault in draw(seed, network.validators, network.names("observer")):
            if time.monotonic() > ends:
                break
            before = history.committed
            until(lambda before=before: history.committed >= before + BETWEEN, "documents are committed")
            took = commit(network, fault, history)
            recovered[f"{fault.kind} {len(fault.nodes)}"].append(took)
            what = f"{fault.kind} {', '.join(fault.nodes)}"
            print(f"{history.promised:7} documents  {took:6.1f} s to recover from {what}", flush=True)
        network.check_nobody_died()
    everybody = {**clients, **network.clients(*network.names("observer"))}
    head = one_head(everybody)
    first = dict([next(iter(everybody.items()))])
    found = history.check(first), history.check(everybody, every=SAMPLED)
    return {"seed": seed, **_faults(recovered), **_told(history, found), **_nodes(head, vitals)}


def one_head(clients: dict[str, Any]) -> dict[str, Any]:
    """Wait until all nodes have one head, and return it: a block's id stands for all blocks before it."""
    found: list[dict[str, Any]] = []

    def is_one() -> bool:
        found[:] = [client.get("/v1/status") for client in clients.values()]
        return len({(head["height"], head["block_id"], head["app_hash"]) for head in found}) == 1

    until(is_one, "all nodes have the same head")
    return found[0]


def _faults(recovered: dict[str, list[float]]) -> dict[str, Any]:
    print(f"\n{'fault':16} {'times':>5} {'median s':>9} {'longest s':>9}")
    for kind, times in sorted(recovered.items()):
        print(f"{kind:16} {len(times):5} {statistics.median(times):9.1f} {max(times):9.1f}")
    every = [took for times in recovered.values() for took in times]
    return {
        "faults": {kind: len(times) for kind, times in sorted(recovered.items())},
        "longest_recovery_s": round(max(every), 1),
        "recovered_within_20_s": f"{sum(took <= AIM_S for took in every)} of {len(every)}",
    }


def _told(history: History, found: tuple[int, int]) -> dict[str, Any]:
    return {
        "documents_told": history.promised,
        "documents_told_committed": history.committed,
        "documents_found_at_one_node": found[0],
        "documents_found_at_every_node": found[1],
    }


def _nodes(head: dict[str, Any], vitals: Vitals) -> dict[str, Any]:
    growth = vitals.growth()
    print(f"\n{'process':16} {'s':>6} {'MB before':>10} {'after':>7} {'files before':>13} {'after':>6}")
    for one in growth:
        print(
            f"{one.node:16} {one.seconds:6.0f} {one.memory_mb[0]:10.1f} {one.memory_mb[1]:7.1f}"
            f" {one.descriptors[0]:13.0f} {one.descriptors[1]:6.0f}"
        )
    return {
        "height": head["height"],
        "app_hash": head["app_hash"],
        "most": vitals.most(),
        "memory_grew_at_most_mb": max((one.memory_mb[1] - one.memory_mb[0] for one in growth), default=0.0),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
