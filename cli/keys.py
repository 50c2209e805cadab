"""`packtrail keys`: the keys of a node's home. Secrets are never shown."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cli.failures import CommandError, Exit
from cli.home_lock import stopped_home
from cli.init import Cost
from cli.local import (
    DEFAULT_HOME,
    KEYS_FOLDER,
    LocalHomeOption,
    NoInputOption,
    disk_errors,
    load_genesis,
    load_record,
    load_settings,
    open_home,
    record_file,
    save_record,
    write_private,
)
from cli.options import OutputOption
from cli.output import Format, say, write_json, write_rows
from cli.passphrase import chosen_passphrase, known_passphrase
from network.description import PartnerRecord
from node.home import SIGNER_FILE

app = typer.Typer(help="The keys in a node's home.", no_args_is_help=True)

KeyCostOption = Annotated[
    Cost | None, typer.Option(help="Work to open the key, if other than keys.cost of the configuration.")
]


@app.command()
def show(home: LocalHomeOption = DEFAULT_HOME, output: OutputOption = Format.TABLE) -> None:
    """List the keys: what each is for, and its public part.

    Example: packtrail keys show --home maker
    """
    from node.identity.keystore import Keystore
    from node.storage.files import DiskFiles

    place = open_home(home)
    with disk_errors():
        keys = Keystore(DiskFiles(place.root), KEYS_FOLDER).list()
    rows = [{"kind": str(key.kind), "name": key.name, "public_key": key.public_key.hex()} for key in keys]
    write_rows(output, rows, ("kind", "name", "public_key"))


@app.command()
def export(home: LocalHomeOption = DEFAULT_HOME) -> None:
    """Print the node's public record as JSON: what `genesis add` takes.

    Example: packtrail keys export --home maker > maker.json
    """
    write_json(load_record(record_file(open_home(home))))


@app.command()
def new(
    partner: Annotated[str, typer.Option(metavar="GLN", help="Partner whose bundles it will sign.")],
    home: LocalHomeOption = DEFAULT_HOME,
    key_cost: KeyCostOption = None,
    no_input: NoInputOption = False,
) -> None:
    """Make a key for one more partner, and add it to the node's public record.

    Example: packtrail keys new --home hub --partner 9521105000005
    """
    from contracts.gs1.keys import InvalidKey, pack_gln
    from node.identity.keystore import COSTS, KeyKind, Keystore
    from node.storage.files import DiskFiles

    try:
        pack_gln(partner)
    except InvalidKey as error:
        raise CommandError(Exit.USAGE, f"--partner {partner}: {error}") from error
    place = open_home(home)
    record = load_record(record_file(place))
    if record.role == "observer":
        raise CommandError(Exit.NOT_ALLOWED, "an observer signs nothing and holds no partner's key")
    settings = load_settings(place)
    configured = settings.keys.passphrase_file
    passphrase = known_passphrase(place.resolve(configured) if configured else None, may_ask=not no_input)
    with disk_errors():
        store = Keystore(DiskFiles(place.root), KEYS_FOLDER)
        # A passphrase other than that of the keys there would make a home that no passphrase opens.
        store.load(KeyKind.NODE, passphrase)
        key = store.create(KeyKind.PARTNER, passphrase, COSTS[key_cost or settings.keys.cost], partner)
        added = (*record.partners, PartnerRecord(partner, key.public_key))
        grown = save_record(place, msgspec.structs.replace(record, partners=added))
    names = ", ".join(f'"{entry.gln}"' for entry in grown.partners)
    say(f"Made. Now set keys.partners = [{names}] in {place.config}; the ledger must know the key too.")
    write_json({"gln": partner, "public_key": key.public_key.hex()})


@app.command()
def validator(
    home: LocalHomeOption = DEFAULT_HOME,
    key_cost: KeyCostOption = None,
    no_input: NoInputOption = False,
) -> None:
    """Make a member's home that of a validator: its key to vote with, and the public record that says so.

    The node votes when the network has decided so: propose `put_node` with what is printed. Interrupted, the
    same command again finishes it.

    Example: packtrail keys validator --home shop
    """
    from node.identity.keystore import COSTS, KeyKind, Keystore
    from node.identity.signer import create_signer_record
    from node.identity.standing import Standing
    from node.storage.files import DiskFiles

    with stopped_home(home) as place:
        record = load_record(record_file(place))
        if record.role != "member":
            raise CommandError(Exit.NOT_ALLOWED, f"{record.name} is no member: its record says {record.role}")
        settings = load_settings(place)
        chain_id = load_genesis(place.resolve(settings.node.genesis)).chain_id
        configured = settings.keys.passphrase_file
        passphrase = known_passphrase(place.resolve(configured) if configured else None, may_ask=not no_input)
        with disk_errors():
            store, data = Keystore(DiskFiles(place.root), KEYS_FOLDER), DiskFiles(place.data)
            store.load(KeyKind.NODE, passphrase)
            is_new = not any(key.kind is KeyKind.VALIDATOR for key in store.list())
            if is_new:
                store.create(KeyKind.VALIDATOR, passphrase, COSTS[key_cost or settings.keys.cost])
            key = store.load(KeyKind.VALIDATOR, passphrase)
            if data.read(SIGNER_FILE) is None:
                # A key that was there may have signed what nobody remembers here: it listens before it votes.
                standing = Standing(data)
                standing.suspend()
                create_signer_record(data, SIGNER_FILE, chain_id, key.public_key)
                if is_new:
                    standing.allow(0)
            whole = save_record(
                place, msgspec.structs.replace(record, role="validator", validator_key=key.public_key)
            )
    say("Made. Next: propose put_node with this, and start the node before it acts (docs/governance.md).")
    write_json(whole)


@app.command()
def passphrase(
    new_passphrase_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Holds the new passphrase; made with a random one when missing. Else asks."
        ),
    ] = None,
    home: LocalHomeOption = DEFAULT_HOME,
    no_input: NoInputOption = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Encrypt the home's keys under a new passphrase. Interrupted, the same command again finishes it.

    The file that keys.passphrase_file names gets it too. Backups and retired keys keep the old one.

    Example: packtrail keys passphrase --home maker --new-passphrase-file /run/secrets/new
    """
    from node.identity.keystore import Keystore
    from node.storage.files import DiskFiles

    place = open_home(home)
    configured = load_settings(place).keys.passphrase_file
    file = place.resolve(configured) if configured else None
    if new_passphrase_file is not None and file is not None and new_passphrase_file.absolute() == file:
        raise CommandError(Exit.USAGE, f"{file} holds the present passphrase; name another file for the new")
    old = known_passphrase(file, may_ask=not no_input)
    new = chosen_passphrase(new_passphrase_file, may_ask=not no_input)
    with disk_errors():
        changed = Keystore(DiskFiles(place.root), KEYS_FOLDER).change_passphrase(old, new)
        if file is not None:
            write_private(file, new + b"\n")
    say(
        "Changed. The node reads it at its next start."
        if file
        else "Changed: keep it where the node finds it."
    )
    write_rows(output, [{"kind": str(key.kind), "name": key.name} for key in changed], ("kind", "name"))
