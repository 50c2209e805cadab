"""What the operators of a network agreed on after its ledger forked, told to one stopped node (ADR 28)."""

import typer

from cli.failures import CommandError, Exit
from cli.local import disk_errors
from cli.output import say
from node.home import Home
from node.storage.blocks import BlockStore
from node.storage.forks import Settled, load_fork, settle
from node.storage.leveldb import LevelOptions, open_level


def settle_home(place: Home, block_id: str, *, yes: bool) -> None:
    """Make durable which of two blocks stands, in the database of a stopped node.

    Args:
        place: Its home.
        block_id: The block's id, hex.
        yes: Do not ask.

    Raises:
        CommandError: The node knows of no fork, or of none with this block; or the disk refused.
    """
    with disk_errors():
        store = open_level(place.database, LevelOptions(), create=False)
        try:
            kept = load_fork(store)
            if kept is None:
                raise CommandError(Exit.NOT_FOUND, f"the node in {place.root} knows of no fork")
            proof = kept.proof
            rivals = {each.block_id.hex(): each.block_id for each in (proof.first, proof.second)}
            if block_id not in rivals:
                raise CommandError(
                    Exit.USAGE,
                    f"{block_id} is none of the blocks of height {proof.height}: {', '.join(rivals)}",
                )
            if not yes:
                typer.confirm("Have all operators agreed that this block stands?", abort=True, err=True)
            settle(store, Settled(proof.height, rivals[block_id]))
            own = BlockStore(store).commit_of(proof.height)
        finally:
            store.close()
    if own is None or own.block_id == rivals[block_id]:
        say(f"Block {block_id} stands. The node goes on with it at its next start.")
        return
    say(f"Block {block_id} stands, and this node has the other one of height {proof.height}.")
    say(f"  Name peers that have it in p2p.peers, then: packtrail node repair --rebuild --home {place.root}")
