"""Whether a stopped home's ledger and record of signatures are such that its node starts, and votes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.finding import Finding
from cli.home_lock import process_of
from network.testnet.process import is_running
from node.home import SIGNER_FILE, Home

if TYPE_CHECKING:
    from node.setting import Setting

_REPAIR = "packtrail node repair fetches it from peers"
_ASIDE = "packtrail node repair puts it aside"
_NO_SIGNER = (
    "bring no copy back, which may be older than its last vote: packtrail node repair --give-up-signer begins"
    " an empty record, with which the validator listens before it votes"
)


def own_ledger(home: Home) -> Iterator[Finding]:
    """Yield what a start would say of ledger, log, outbox and signer; nothing is changed."""
    from contracts.chain.genesis import InvalidGenesis
    from node.config.errors import InvalidConfig
    from node.identity.keystore import KeystoreError
    from node.identity.passphrase import NoPassphrase
    from node.logs import configure_logs
    from node.repair.diagnosis import glanced_at
    from node.setting import NotThisNode, read_setting
    from node.storage.errors import StorageBusy, StorageDamaged, StorageError

    configure_logs("warning", "text")
    process = process_of(home)
    if process is not None and is_running(process):
        yield from _not_looked_at(home, "the node runs")
        return
    try:
        setting = read_setting(home)
    except (InvalidConfig, InvalidGenesis, KeystoreError, NoPassphrase, NotThisNode, StorageError) as error:
        yield Finding("ledger", ok=False, detail=f"not looked at, for the node would not start: {error}")
        return
    try:
        with glanced_at(setting) as copy:
            yield from _signer(copy, home)
            yield from _ledger(copy, home)
    except StorageDamaged as damage:
        yield Finding("signer", ok=False, detail=f"{damage}; {_NO_SIGNER}")
    except StorageBusy:
        yield from _not_looked_at(home, "another process has the ledger open")
    except (StorageError, OSError) as error:
        yield Finding("ledger", ok=False, detail=str(error))


def _not_looked_at(home: Home, reason: str) -> Iterator[Finding]:
    if (home.data / SIGNER_FILE).exists():
        # Only a validator has a record.
        yield Finding("signer", ok=True, detail=f"not looked at: {reason}")
    yield Finding("ledger", ok=True, detail=f"not looked at: {reason}")


def _signer(setting: "Setting", home: Home) -> Iterator[Finding]:
    """Yield what a validator signed last, and whether it votes here; nothing for other nodes.

    Args:
        setting: Of a copy, which is mended as a start would.
        home: The home itself.

    Raises:
        StorageDamaged: Its record is missing or damaged.
        StorageError: It is another key's, or the disk refused.
    """
    from network.peer.face import VALIDATOR
    from node.identity.standing import Standing
    from node.last_height import last_signed
    from node.storage.files import DiskFiles

    if setting.node.role != VALIDATOR:
        return
    signed = last_signed(setting)
    last = f"signed last at height {signed.sign.height}" if signed is not None else "nothing was signed yet"
    detail = f"{last}; it votes as soon as it has caught up"
    if Standing(DiskFiles(home.data)).look() is None:
        detail = (
            f"{last}; this home was copied, moved or brought back since, or its record began anew: the node"
            " listens before it votes. Let no other node use its key"
        )
    yield Finding("signer", ok=True, detail=detail)


def _ledger(setting: "Setting", home: Home) -> Iterator[Finding]:
    from node.last_height import last_known
    from node.places import change_waits
    from node.repair.diagnosis import Part, refused
    from node.storage.leveldb import has_level

    if change_waits(home):
        yield Finding("ledger", ok=True, detail="a new database waits, and takes its place at the next start")
        return
    found = refused(setting)
    for each in found:
        advice = f"; {_REPAIR if each.part is Part.DATABASE else _ASIDE}" if each.is_damage else ""
        said = f"{each.part} ({each.where}): {each.reason}{advice}"
        yield Finding("ledger", ok=False, detail=said.replace(str(setting.home.data), str(home.data)))
    if found:
        return
    marker = last_known(setting)
    there = f"opens; height {marker.height} was durable" if marker is not None else "opens"
    none = "none yet: the first start begins with genesis, or with a snapshot of its peers"
    yield Finding("ledger", ok=True, detail=there if has_level(home.database) else none)
