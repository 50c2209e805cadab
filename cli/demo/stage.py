"""`packtrail testnet demo`: raises the network, plays the story, checks it, and writes down what happened."""

import os
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from cli.clock import format_ms, now_ms
from cli.demo.checks import check_recorded, journey_of, prove, same_height
from cli.demo.goods import draw_goods
from cli.demo.recall import run_recall
from cli.demo.story import REGULATOR, Story
from cli.http import NodeClient
from cli.local import load_genesis
from cli.output import Format, say, write_facts, write_json, write_json_line, write_rows
from network.testnet.homes import prepare
from network.testnet.layout import Folder, NetworkFile
from network.testnet.program import Program
from network.testnet.runner import read_token, remove, start_all, stop_all, wait_ready

READY_TIMEOUT_S: Final = 60.0
_SHELF_LIFE_MS: Final = 2 * 365 * 86_400_000
_SHORT_HASH: Final = 16


def run_demo(
    manifest: Path, root: Path, result: Path, output: Format, program: Program, *, keep: bool
) -> None:
    """Run the demonstration on a new network.

    Args:
        manifest: Its manifest.
        root: Where networks are kept.
        result: Where the facts go, as JSON.
        output: How they are printed.
        program: How nodes are started.
        keep: Let the network run on.

    Raises:
        CommandError: Something went otherwise than it must.
    """
    began = time.monotonic()
    remove(manifest, root)
    folder, network = prepare(manifest, root, program)
    say(f"Starting {len(network.nodes)} nodes; their logs are in {folder.root / 'logs'}")
    try:
        network = start_all(folder, network, program)
        wait_ready(folder, network.nodes, READY_TIMEOUT_S)
        facts = _perform(folder, network)
        facts["seconds"] = round(time.monotonic() - began, 3)
        _write(result, facts)
        _show(facts, output)
    except BaseException:
        stop_all(folder, folder.load())
        raise
    if keep:
        _show_addresses(network)
    else:
        stop_all(folder, folder.load())
    say(f"Done in {facts['seconds']:.1f} s; the facts are in {result}")


def _perform(folder: Folder, network: NetworkFile) -> dict[str, Any]:
    clients = {
        node.name: NodeClient(f"http://{node.api}", read_token(folder, node.name)) for node in network.nodes
    }
    genesis = load_genesis(folder.genesis)

    def network_time() -> int:
        return now_ms() + genesis.clock_offset_ms

    # A date, so the day's end in the market is of no matter.
    expiry = format_ms(network_time() + _SHELF_LIFE_MS)[:10]
    goods = draw_goods(os.urandom, expiry)
    story = Story(clients, goods, network_time, say)
    dispensed = story.play()
    recall = run_recall(story, goods)
    observer = clients[REGULATOR.node]
    nodes = same_height(clients, max(refusal.height for refusal in story.refusals))
    check_recorded(clients, story.refusals)
    proven = prove(observer, dispensed, genesis)
    say(f"The dispense is proven with genesis alone: it is in block {proven}.")
    return {
        "seconds": 0.0,
        "nodes": msgspec.to_builtins(nodes),
        "documents": {"accepted": story.accepted, "refused": len(story.refusals)},
        "refusals": [{"attempt": entry.attempt, "code": entry.code} for entry in story.refusals],
        "journey": journey_of(observer, story.pack),
        "pack": story.pack,
        "recall": recall,
    }


def _write(path: Path, facts: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n")


def _show(facts: dict[str, Any], output: Format) -> None:
    match output:
        case Format.JSON:
            write_json(facts)
        case Format.JSONL:
            write_json_line(facts)
        case Format.TABLE:
            columns = ("height", "time", "record", "partner", "place")
            write_rows(output, facts["journey"], columns, f"Journey of {facts['pack']}")
            write_rows(
                output, facts["refusals"], ("attempt", "code"), "Attempts that were refused, on all six nodes"
            )
            write_facts(output, facts["recall"], "The recall")
            rows = [{**node, "app_hash": node["app_hash"][:_SHORT_HASH] + "…"} for node in facts["nodes"]]
            write_rows(output, rows, ("name", "role", "height", "app_hash"), "Six nodes, one ledger")


def _show_addresses(network: NetworkFile) -> None:
    say(f"The network runs on; packtrail testnet down {network.name} stops it. Its addresses:")
    for node in network.nodes:
        say(f"  {node.name:<12} http://{node.api}/  (--profile {network.name}/{node.name})")
