"""`packtrail doctor`: what would keep a node in this home from running well."""

import os
import resource
import shutil
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import typer

from cli.failures import CommandError, Exit
from cli.finding import Finding
from cli.home_lock import process_of
from cli.listening import taken_addresses
from cli.local import (
    DEFAULT_HOME,
    KEYS_FOLDER,
    LocalHomeOption,
    load_genesis,
    load_record,
    load_settings,
    open_home,
)
from cli.options import OutputOption
from cli.output import Format, write_rows
from cli.own_identity import Known, known_to, mismatches, own_row
from cli.own_ledger import own_ledger
from network.testnet.process import is_running
from node.home import Home

if TYPE_CHECKING:
    from contracts.chain.genesis import Genesis
    from node.config.schema import Config

_MIN_DESCRIPTORS: Final = 4096
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def doctor(home: LocalHomeOption = DEFAULT_HOME, output: OutputOption = Format.TABLE) -> None:
    """Check a node's home: files, keys, genesis, ledger, addresses, disk. Exit code 6: something is wrong.

    Example: packtrail doctor --home maker
    """
    place = open_home(home)
    findings = list(examine(place))
    rows = [finding._asdict() for finding in findings]
    write_rows(output, rows, ("check", "ok", "detail"), str(place.root))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(Exit.UNHEALTHY)


def examine(home: Home) -> Iterator[Finding]:
    """Yield every finding; what a later check needs and an earlier one found missing is not asked again."""
    yield from _private_files(home)
    try:
        settings = load_settings(home)
    except CommandError as error:
        yield Finding("configuration", ok=False, detail=error.message)
        return
    yield Finding("configuration", ok=True, detail=f"{home.config} is valid")
    yield from _passphrase(home, settings)
    try:
        genesis = load_genesis(home.resolve(settings.node.genesis))
    except CommandError as error:
        yield Finding("genesis", ok=False, detail=error.message)
        return
    yield from _genesis(home, settings, genesis)
    yield from own_ledger(home)
    yield from _addresses(home, settings)
    yield from _machine(home)


def _private_files(home: Home) -> Iterator[Finding]:
    """Secrets, and what decides who may do what, are nobody else's to read."""
    files = [home.config, home.tokens, *(home.keys.glob("*") if home.keys.is_dir() else ())]
    public = {home.certificate}
    open_ones = [
        str(path.relative_to(home.root))
        for path in files
        if path.is_file() and path not in public and path.stat().st_mode & _OTHERS
    ]
    detail = f"others may read {', '.join(open_ones)}: chmod 600" if open_ones else "secrets are private"
    yield Finding("files", ok=not open_ones, detail=detail)


def _passphrase(home: Home, settings: "Config") -> Iterator[Finding]:
    from node.identity.keystore import KeyKind, Keystore, KeystoreError
    from node.identity.passphrase import NoPassphrase, read_passphrase
    from node.storage.errors import StorageError
    from node.storage.files import DiskFiles

    configured = settings.keys.passphrase_file
    try:
        passphrase = read_passphrase(os.environ, home.resolve(configured) if configured else None)
        Keystore(DiskFiles(home.root), KEYS_FOLDER).load(KeyKind.NODE, passphrase)
    except (KeystoreError, NoPassphrase, StorageError) as error:
        yield Finding("keys", ok=False, detail=str(error))
        return
    yield Finding("keys", ok=True, detail="the passphrase opens the node's key")


def _genesis(home: Home, settings: "Config", genesis: "Genesis") -> Iterator[Finding]:
    from contracts.chain.genesis import InvalidGenesis, genesis_hash
    from contracts.ledger.genesis_state import genesis_writes

    try:
        genesis_writes(genesis)
    except InvalidGenesis as error:
        yield Finding("genesis", ok=False, detail=str(error))
        return
    yield Finding(
        "genesis", ok=True, detail=f"network {genesis.chain_id}, hash {genesis_hash(genesis).hex()}"
    )
    yield _identity(home, settings, genesis)
    yield from _contents(home)


def _identity(home: Home, settings: "Config", genesis: "Genesis") -> Finding:
    """The keys here are those that the ledger names, or genesis where there is no ledger."""
    from contracts.primitives.encoding import MalformedBytes
    from node.identity.keystore import KeystoreError
    from node.storage.errors import StorageBusy, StorageDamaged, StorageError

    name = settings.node.name
    try:
        with known_to(home, genesis) as known:
            row = own_row(known, name)
            if row is None:
                return _unlisted(home, name, known)
            wrong = mismatches(home, settings, known, row)
            as_known = f"{name}, {row.role}, as {known.source} has it"
    except StorageBusy:
        return Finding("identity", ok=True, detail="not compared: the node runs, and has its ledger open")
    except (StorageDamaged, MalformedBytes) as damage:
        return Finding("identity", ok=False, detail=f"{damage}: packtrail node repair")
    except (CommandError, KeystoreError, StorageError) as error:
        return Finding("identity", ok=False, detail=str(error))
    return Finding("identity", ok=not wrong, detail="; ".join(wrong) or as_known)


def _contents(home: Home) -> Iterator[Finding]:
    """Yield whether contents of old blocks are here; nothing when the ledger cannot be opened."""
    from node.storage.archived import archived_height
    from node.storage.errors import StorageError
    from node.storage.level_glance import glanced_level

    if not home.database.exists():
        return
    try:
        with glanced_level(home.database) as store:
            archived = archived_height(store)
    except StorageError:
        return
    detail = "contents of all blocks that this node has are in its database"
    if archived:
        detail = (
            f"contents of blocks up to height {archived} are in an archive, kept apart: packtrail archive"
            " verify checks it, packtrail archive restore brings them back"
        )
    yield Finding("contents", ok=True, detail=detail)


def _unlisted(home: Home, name: str, known: Known) -> Finding:
    """A node that begins with genesis may be one that governance admitted since: its home's record tells."""
    is_new = known.height == 0 and home.record.is_file() and load_record(home.record).name == name
    advice = "governance admits nodes (put_node); peers refuse it until then"
    return Finding("identity", ok=is_new, detail=f"{known.source} names no node {name!r}: {advice}")


def _addresses(home: Home, settings: "Config") -> Iterator[Finding]:
    process = process_of(home)
    if process is not None and is_running(process):
        yield Finding("addresses", ok=True, detail=f"the node runs, as process {process.pid}")
        return
    taken = taken_addresses(settings)
    yield Finding("addresses", ok=not taken, detail="; ".join(taken) or "free")


def _machine(home: Home) -> Iterator[Finding]:
    from node.storage.files import MIN_FREE_BYTES

    free = shutil.disk_usage(home.root).free
    yield Finding(
        "disk", ok=free >= MIN_FREE_BYTES, detail=f"{free >> 20} MiB free, {MIN_FREE_BYTES >> 20} wanted"
    )
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    enough = allowed == resource.RLIM_INFINITY or allowed >= _MIN_DESCRIPTORS
    yield Finding("open files", ok=enough, detail=f"{allowed} allowed, {_MIN_DESCRIPTORS} wanted")
