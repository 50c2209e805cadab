"""Command line: `python -m tests.chaos --minutes 20 --seed 1`; see README.md."""

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from network.testnet.runner import start_all
from tests.chaos.faults import commit
from tests.chaos.judging import Judgement, Recovery, judge
from tests.chaos.plan import draw
from tests.chaos.report import Observed, summary, table, verdict
from tests.chaos.vitals import Vitals
from tests.support.measured import measured_commit, record
from tests.testnet.client import until
from tests.testnet.history import History
from tests.testnet.load import Load
from tests.testnet.running import MANIFESTS, PROGRAM, Running

BETWEEN: Final = 30
"""The network is left alone between two faults until so many documents are committed."""
LOAD_PAUSE_S: Final = 0.5
"""Between two documents of one of the seven clients."""
SAMPLED: Final = 10
"""Of how many documents one is asked for at every node; all are asked for at one."""
SMALL: Final = {
    f"cache_bytes = {128 << 20}": f"cache_bytes = {8 << 20}",
    f"write_buffer_bytes = {32 << 20}": f"write_buffer_bytes = {4 << 20}",
}
"""What the nodes' databases keep in memory, instead of their defaults: it is full within minutes, and what
grows afterwards is something else."""
PREFIXES: Final = {f"validator-{number}": f"952110{number}" for number in range(1, 8)}


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments ask for; 1 when something was lost, differs, leaks, or came back late."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long things go on happening")
    parser.add_argument("--seed", type=int, default=1, help="what happens")
    parser.add_argument("--lenient", action="store_true", help="slow recoveries and memory are only reported")
    parser.add_argument("--record", type=Path, help="keep the tables in this file, with the commit")
    options = parser.parse_args(arguments)
    commit_id = measured_commit()
    with tempfile.TemporaryDirectory(prefix="packtrail-chaos-") as state:
        network = Running.make(MANIFESTS / "seven.toml", Path(state))
        every = network.names("validator", "observer")
        try:
            for name, (default, instead) in itertools.product(every, SMALL.items()):
                network.configure(name, default, instead)
            start_all(network.folder, network.folder.load(), PROGRAM)
            network.start(*every)
            observed = run(network, options.seed, options.minutes * 60)
        except BaseException:
            for node in network.folder.load().nodes:
                print(
                    f"--- {node.name}", *network.folder.log(node.name).read_text().splitlines()[-8:], sep="\n"
                )
            raise
        finally:
            network.close()
    judgement = judge(observed.recoveries, observed.growths, observed.most["memory_mb"])
    lines = told(observed, judgement, is_lenient=options.lenient)
    print("", *lines, sep="\n")
    if options.record is not None:
        record(options.record, " ".join(("python -m tests.chaos", *arguments)), commit_id, lines)
    return judgement.is_failure(is_lenient=options.lenient)


def run(network: Running, seed: int, seconds: float) -> Observed:
    """Let things happen for so long, check everything, and return what was measured."""
    history, recoveries = History(), list[Recovery]()
    observers = network.names("observer")
    clients = network.clients(*network.validators)
    ends = time.monotonic() + seconds
    with Vitals(network) as vitals, Load(clients, PREFIXES, history, LOAD_PAUSE_S):
        for fault in draw(seed, network.validators, observers):
            if time.monotonic() > ends:
                break
            before = history.committed
            until(lambda before=before: history.committed >= before + BETWEEN, "documents are committed")
            recovery = commit(network, fault, history)
            recoveries.append(recovery)
            what = f"{recovery.seconds:6.1f} s to recover from {fault.kind} {', '.join(fault.nodes)}"
            print(f"{history.promised:7} documents  {what}", flush=True)
        network.check_nobody_died()
    head = network.same_ledger(*observers)
    first = dict([next(iter(clients.items()))])
    everybody = {**clients, **network.clients(*observers)}
    documents = {
        "documents_told": history.promised,
        "documents_told_committed": history.committed,
        "documents_found_at_one_node": history.check(first),
        "documents_found_at_every_node": history.check(everybody, every=SAMPLED),
    }
    return Observed(seed, recoveries, vitals.growth(), vitals.most(), documents, head)


def told(observed: Observed, judgement: Judgement, *, is_lenient: bool) -> list[str]:
    """Return all that is said of a run: tables, a line for everything wrong, and one of JSON."""
    last = msgspec.json.encode(summary(observed, judgement, is_lenient=is_lenient)).decode()
    return [*table(observed), "", *verdict(judgement, is_lenient=is_lenient), last]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
