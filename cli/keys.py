"""`packtrail keys`: the keys of a node's home. Secrets are never shown."""

from typing import Annotated

import msgspec
import typer

from cli.failures import CommandError, Exit
from cli.init import Cost
from cli.local import (
    DEFAULT_HOME,
    KEYS_FOLDER,
    LocalHomeOption,
    NoInputOption,
    disk_errors,
    load_record,
    load_settings,
    open_home,
    record_file,
    write_private,
)
from cli.options import OutputOption
from cli.output import Format, say, write_json, write_rows
from cli.passphrase import known_passphrase
from network.description import PartnerRecord

app = typer.Typer(help="The keys in a node's home.", no_args_is_help=True)


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
    key_cost: Annotated[
        Cost, typer.Option(help="Work to open the key; minimum only for tests.")
    ] = "moderate",
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
        key = store.create(KeyKind.PARTNER, passphrase, COSTS[key_cost], partner)
        added = (*record.partners, PartnerRecord(partner, key.public_key))
        grown = msgspec.structs.replace(record, partners=added)
        write_private(record_file(place), msgspec.json.format(msgspec.json.encode(grown), indent=2) + b"\n")
    names = ", ".join(f'"{entry.gln}"' for entry in grown.partners)
    say(f"Made. Now set keys.partners = [{names}] in {place.config}; the ledger must know the key too.")
    write_json({"gln": partner, "public_key": key.public_key.hex()})
