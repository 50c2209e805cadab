"""I9: a file decayed while its machine was off; what becomes of that.

The node names the file and does not start; then somebody brings the file back, or does what `packtrail node
repair` does (docs/persistence.md). Or it starts: then it read what was written, or said that it could not, or
cut off the end of its log, which nothing tells from a power cut. `make damage` does the same to every kind of
file of a real disk, the database among them.
"""

from typing import TYPE_CHECKING, Final

from node.identity.standing import Standing
from node.storage.errors import StorageDamaged
from node.storage.head_marker import MarkerState, load_head_marker
from node.storage.memory_files import MemoryFiles, Survive
from node.storage.segments import SegmentedLog
from node.storage.slots import SlotFile
from tests.simulation.invariants import Broken

if TYPE_CHECKING:
    from tests.simulation.disks import Decayed
    from tests.simulation.machine import Machine

_RENEWED: Final = 0.5
"""Part of the damaged files that nobody has a copy of."""


def check_opened(machine: "Machine", decayed: "Decayed") -> None:
    """The node has opened its disk although a file decayed: nothing that it read may be changed.

    Raises:
        Broken: Something is, and nobody noticed.
    """
    machine.repairs[_judged(machine.name, decayed)] += 1
    machine.disk.decayed = None


def _judged(name: str, decayed: "Decayed") -> str:
    meant = _told(decayed.name, decayed.sound)
    try:
        found = _told(decayed.name, decayed.files)
    except StorageDamaged as error:
        raise Broken(f"I9: {name} has started in spite of damage: {error}") from error
    if found == meant or isinstance(meant, MarkerState):
        # The marker had decayed before.
        return "damage_harmless"
    if isinstance(found, MarkerState):
        return "damage_noticed"
    if isinstance(found, list) and isinstance(meant, list) and found == meant[: len(found)]:
        return "damage_cut_off"
    raise Broken(f"I9: {name} does not notice that {decayed.name} says something else")


def _told(name: str, files: MemoryFiles) -> object:
    """Return what a file says, read as the node reads it."""
    files = files.copied()
    match name.partition("/")[0]:
        case "head":
            return load_head_marker(files, name)
        case "signer":
            slots = SlotFile(files, name)
            slots.open()
            return slots.record
        case folder:
            return SegmentedLog(files, folder, 1 << 20, bytes).recover()


def notice(machine: "Machine", decayed: "Decayed", error: StorageDamaged) -> None:
    """The node has found damage and does not start: somebody repairs it.

    Raises:
        Broken: It does not say which file is damaged.
    """
    if decayed.name.rpartition("/")[2] not in str(error):
        raise Broken(f"I9: {machine.name} notices the damage of {decayed.name}, and says: {error}")
    machine.repairs["damage_noticed"] += 1
    machine.disk.trap = None
    machine.stop(Survive.KEPT, f"damage noticed: {error}")
    if machine.random.random() >= _RENEWED or not _renewed(machine, decayed.name):
        machine.disk.files = decayed.sound
    machine.disk.decayed = None


def _renewed(machine: "Machine", name: str) -> bool:
    """Make the file anew without a copy of it; false where that is not allowed now.

    A log that is gone is made good by the signer's record, at once. Without that record the node might sign a
    step twice, so it listens for a while before it votes.
    """
    world, files = machine.world, machine.disk.files
    if name == "signer" and machine.name not in world.invariants.sets.voters(world.invariants.height + 1):
        return False
    # What waits for the node's next start does not wait for whoever repairs it.
    trap, machine.disk.trap = machine.disk.trap, None
    if name == "signer":
        Standing(files).suspend()
    for each in files.names("log"):
        files.remove(f"log/{each}")
    files.sync_folder("log")
    if name == "signer":
        files.remove(name)
        machine.begin_signer()
    machine.repairs[f"{name.partition('/')[0]}_renewed"] += 1
    machine.disk.trap = trap
    return True
