"""`packtrail init`: a new node's home, with its keys and its configuration."""

import secrets
from typing import Annotated, Any, Final, Literal

import msgspec
import typer

from cli.failures import CommandError, Exit
from cli.local import (
    DEFAULT_HOME,
    KEYS_FOLDER,
    LocalHomeOption,
    NoInputOption,
    disk_errors,
    save_record,
    write_private,
)
from cli.options import OutputOption
from cli.output import Format, say, write_facts, write_json
from cli.passphrase import new_passphrase
from network.description import NodeRecord, PartnerRecord
from node.config.schema import SnapshotsSection
from node.home import SIGNER_FILE, Home

Role = Literal["validator", "member", "observer"]
Cost = Literal["minimum", "interactive", "moderate", "sensitive"]

_SEED_BYTES: Final = 32
_TEST_COST: Final = "minimum"


class NewHome(msgspec.Struct, frozen=True):
    """What `init` was told."""

    name: str
    """The node's name."""
    role: Role
    """What it will do."""
    chain_id: str
    """The network's name: what a validator's signer is bound to."""
    partners: tuple[str, ...]
    """GLNs; the first runs the node."""
    passphrase: bytes
    """Opens the keys."""
    passphrase_file: str
    """File that holds it, relative to the home; empty for none."""
    cost: Cost
    """Work that opening a key takes."""
    listen: str
    """host:port for nodes."""
    api: str
    """host:port for clients."""
    operators: str
    """host:port for operators."""
    peers: tuple[tuple[str, str], ...]
    """(name, host:port) of other nodes."""
    snapshot_interval: int
    """A snapshot is made at every height that this divides; 0 for none."""
    join: bool
    """Whether an observer begins with a snapshot of its peers."""


def init(  # noqa: PLR0913 - one for each option
    *,
    name: Annotated[str, typer.Option(help="The node's name in the network.")],
    chain_id: Annotated[str, typer.Option(help="The network's name, as genesis has it.")],
    home: LocalHomeOption = DEFAULT_HOME,
    role: Annotated[
        Role, typer.Option(help="validator votes, member follows and signs, observer reads.")
    ] = "member",
    partner: Annotated[
        list[str] | None, typer.Option(metavar="GLN", help="Partner it signs for; repeat for a hub.")
    ] = None,
    listen: Annotated[str, typer.Option(metavar="ADDRESS", help="Where nodes call it.")] = "127.0.0.1:7700",
    api: Annotated[str, typer.Option(metavar="ADDRESS", help="Where clients call it.")] = "127.0.0.1:7780",
    operators: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where operators call it.")
    ] = "127.0.0.1:7781",
    peer: Annotated[
        list[str] | None, typer.Option(metavar="NAME=ADDRESS", help="Another node to call; repeat.")
    ] = None,
    passphrase_file: Annotated[
        str, typer.Option(metavar="FILE", help="Relative to the home; made with a random one when missing.")
    ] = "",
    snapshot_interval: Annotated[
        int, typer.Option(metavar="HEIGHTS", min=0, help="How often it makes a snapshot; 0 for never.")
    ] = SnapshotsSection().interval_heights,
    join_by_snapshot: Annotated[
        bool, typer.Option("--join-by-snapshot", help="Begin with a snapshot of its peers; for an observer.")
    ] = False,
    key_cost: Annotated[Cost, typer.Option(help="Work to open a key; minimum only for tests.")] = "moderate",
    no_input: NoInputOption = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make a node's home: keys, configuration, and the public record that goes into genesis.

    Example: packtrail init --home maker --name maker --chain-id demo --role validator --partner 9521101000009
    """
    place = Home(home.expanduser().absolute())
    if place.config.exists():
        raise CommandError(Exit.FAILED, f"{place.root} is a node's home already", "Choose another --home.")
    _check(chain_id, partner or [])
    if join_by_snapshot and role != "observer":
        raise CommandError(Exit.USAGE, f"--join-by-snapshot is for observers: a {role} executes every block")
    with disk_errors():
        for folder in (place.root, place.config_folder, place.keys, place.data):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = place.resolve(passphrase_file) if passphrase_file else None
        passphrase = new_passphrase(file, may_ask=not no_input)
        plan = NewHome(
            *(name, role, chain_id, tuple(partner or ()), passphrase, passphrase_file, key_cost),
            *(listen, api, operators, tuple(map(_peer, peer or ()))),
            *(snapshot_interval, join_by_snapshot),
        )
        _write_config(place, plan)
        record = _make_keys(place, plan)
    _tell(place, record, output)


def _check(chain_id: str, partners: list[str]) -> None:
    from contracts.chain.genesis import MAX_CHAIN_ID_CHARACTERS
    from contracts.gs1.keys import InvalidKey, pack_gln

    if not chain_id or len(chain_id) > MAX_CHAIN_ID_CHARACTERS:
        raise CommandError(Exit.USAGE, f"--chain-id {chain_id!r}: 1 to {MAX_CHAIN_ID_CHARACTERS} characters")
    for gln in partners:
        try:
            pack_gln(gln)
        except InvalidKey as error:
            raise CommandError(Exit.USAGE, f"--partner {gln}: {error}") from error


def _peer(text: str) -> tuple[str, str]:
    name, separator, address = text.partition("=")
    if not separator:
        raise CommandError(Exit.USAGE, f"--peer {text}: expected NAME=HOST:PORT")
    return name, address


def _write_config(home: Home, plan: NewHome) -> None:
    """Write the configuration after checking it as the node will.

    Raises:
        CommandError: A value is not valid.
    """
    from node.config.errors import InvalidConfig
    from node.config.load import load_config
    from node.config.render import render_toml, toml_value

    # Only observers hold no partner's key: they sign nothing.
    signs_for = plan.partners if plan.role != "observer" else ()
    peers: list[dict[str, Any]] = [{"name": name, "address": address} for name, address in plan.peers]
    rows = ", ".join(
        f"{{ name = {toml_value(row['name'])}, address = {toml_value(row['address'])} }}" for row in peers
    )
    flags = {
        "node.name": plan.name,
        "p2p.listen": plan.listen,
        "p2p.peers": f"[{rows}]",
        "api.listen": plan.api,
        "api.operators_listen": plan.operators,
        "keys.passphrase_file": plan.passphrase_file,
        "keys.partners": f"[{', '.join(map(toml_value, signs_for))}]",
        "keys.cost": plan.cost,
        "snapshots.interval_heights": str(plan.snapshot_interval),
        "snapshots.join": "true" if plan.join else "false",
    }
    try:
        config = load_config(flags=flags).config
    except InvalidConfig as error:
        raise CommandError(Exit.USAGE, str(error)) from error
    write_private(home.config, render_toml(config).encode())


def _make_keys(home: Home, plan: NewHome) -> NodeRecord:
    """Make the keys, the certificate and the signer's record; return the public part."""
    from network.transport.tls import make_certificate
    from node.identity.keystore import COSTS, KeyKind, Keystore
    from node.identity.signer import create_signer_record
    from node.identity.standing import Standing
    from node.storage.files import DiskFiles

    store, cost = Keystore(DiskFiles(home.root), KEYS_FOLDER), COSTS[plan.cost]
    seed = secrets.token_bytes(_SEED_BYTES)
    store.create(KeyKind.NODE, plan.passphrase, cost, seed=seed)
    certificate = make_certificate(seed, plan.name)
    home.certificate.write_bytes(certificate)
    validator_key = b""
    if plan.role == "validator":
        validator_key = store.create(KeyKind.VALIDATOR, plan.passphrase, cost).public_key
        create_signer_record(DiskFiles(home.data), SIGNER_FILE, plan.chain_id, validator_key)
        Standing(DiskFiles(home.data)).allow(0)
    signs_for = plan.partners if plan.role != "observer" else ()
    keys = (store.create(KeyKind.PARTNER, plan.passphrase, cost, gln) for gln in signs_for)
    partners = tuple(PartnerRecord(key.name, key.public_key) for key in keys)
    runner = plan.partners[0] if plan.partners else ""
    record = NodeRecord(plan.name, plan.role, certificate, runner, validator_key, partners)
    return save_record(home, record)


def _tell(home: Home, record: NodeRecord, output: Format) -> None:
    if output is not Format.TABLE:
        write_json(record)
        return
    facts = {
        "name": record.name,
        "role": record.role,
        "home": str(home.root),
        "validator key": record.validator_key.hex(),
        "signs for": [entry.gln for entry in record.partners],
    }
    write_facts(output, facts, "A new node's home")
    say("Next: packtrail keys export > NAME.json, and give that file to whoever builds the genesis.")
