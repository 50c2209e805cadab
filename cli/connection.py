"""Which node a command talks to, and with which token.

--node, else --profile, else the API address in the configuration of --home, else the default address. A
profile `NETWORK/NODE` is a node of a test network on this machine; any other is a table of the profiles file:

    [warehouse]
    node = "http://10.20.0.5:7780"
    token_file = "warehouse.token"      # relative to the profiles file

The token is --token, else the content of --token-file, else the profile's.
"""

import inspect
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import msgspec
import typer

from cli.failures import CommandError, Exit
from cli.http import NodeClient
from network.testnet.layout import DEFAULT_FOLDER, Folder, NoSuchNetwork, find_node
from network.toml_bounds import check_toml

P = ParamSpec("P")

DEFAULT_NODE: Final = "http://127.0.0.1:7780"
_PANEL: Final = "Which node"


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of the profiles file."""

    node: str
    """http://host:port."""
    token_file: str = ""
    """File with the token, relative to the profiles file; empty for none."""


NodeOption = Annotated[
    str | None,
    typer.Option(
        "--node",
        metavar="URL",
        envvar="PACKTRAIL_NODE",
        help="API of the node to ask, http://host:port.",
        rich_help_panel=_PANEL,
    ),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        envvar="PACKTRAIL_PROFILE",
        help="A named node: NETWORK/NODE of a test network, or a table of the profiles file.",
        rich_help_panel=_PANEL,
    ),
]
HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="FOLDER",
        envvar="PACKTRAIL_HOME",
        help="Home of a node on this machine: its configured API address is used.",
        rich_help_panel=_PANEL,
    ),
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="TOKEN",
        envvar="PACKTRAIL_TOKEN",
        help="API token; a file is safer.",
        rich_help_panel=_PANEL,
    ),
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        metavar="FILE",
        envvar="PACKTRAIL_TOKEN_FILE",
        help="File with the API token.",
        rich_help_panel=_PANEL,
    ),
]


def talks_to_node(command: Callable[Concatenate[NodeClient, P], None]) -> Callable[..., None]:
    """Give a command that takes a client first the options that say which node, in its place."""

    def with_options(
        *arguments: Any,  # noqa: ANN401 - handed through
        node: str | None,
        profile: str | None,
        home: Path | None,
        token: str | None,
        token_file: Path | None,
        **options: Any,  # noqa: ANN401 - handed through
    ) -> None:
        command(connect(node, profile, home, token, token_file), *arguments, **options)

    added = {
        "node": NodeOption,
        "profile": ProfileOption,
        "home": HomeOption,
        "token": TokenOption,
        "token_file": TokenFileOption,
    }
    own = list(inspect.signature(command).parameters.values())[1:]
    kind = inspect.Parameter.KEYWORD_ONLY
    new = [inspect.Parameter(name, kind, default=None, annotation=form) for name, form in added.items()]
    # typer reads both: the signature for names and defaults, the annotations for types.
    with_options.__dict__["__signature__"] = inspect.Signature([*own, *new])
    with_options.__annotations__ = {**{entry.name: entry.annotation for entry in own}, **added}
    with_options.__doc__ = command.__doc__
    with_options.__name__ = command.__name__
    return with_options


def connect(
    node: str | None = None,
    profile: str | None = None,
    home: Path | None = None,
    token: str | None = None,
    token_file: Path | None = None,
) -> NodeClient:
    """Return a client for what the options say.

    Raises:
        CommandError: A profile, home or token file does not exist or is not readable.
    """
    known = _find_profile(profile) if profile and not node else (None, None)
    url = node or known[0] or (_address_of(home) if home else DEFAULT_NODE)
    file = token_file or known[1]
    return NodeClient(url, token or (_read_token(file) if file else ""))


def testnet_root() -> Path:
    """Return the folder where test networks are kept ($PACKTRAIL_TESTNETS)."""
    return Path(os.environ.get("PACKTRAIL_TESTNETS") or DEFAULT_FOLDER)


def profiles_file() -> Path:
    """Return where named nodes are looked up ($PACKTRAIL_PROFILES)."""
    chosen = os.environ.get("PACKTRAIL_PROFILES")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "packtrail" / "profiles.toml"


def _find_profile(name: str) -> tuple[str, Path | None]:
    network, separator, node = name.partition("/")
    if separator:
        return _testnet_node(network, node)
    path = profiles_file()
    try:
        text = path.read_text(encoding="utf-8")
        check_toml(text)
        profiles = msgspec.convert(tomllib.loads(text), dict[str, Profile])
    except FileNotFoundError as error:
        advice = f"Write it to {path}, or name a test network's node as NETWORK/NODE."
        raise CommandError(Exit.NOT_FOUND, f"there is no profile {name!r}", advice) from error
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(Exit.USAGE, f"{path}: {error}") from error
    if name not in profiles:
        there = ", ".join(sorted(profiles)) or "none"
        raise CommandError(Exit.NOT_FOUND, f"there is no profile {name!r} in {path}", f"There is {there}.")
    found = profiles[name]
    return found.node, path.parent / found.token_file if found.token_file else None


def _testnet_node(network: str, node: str) -> tuple[str, Path | None]:
    folder = Folder(testnet_root() / network)
    try:
        entry = find_node(folder.load(), node)
    except NoSuchNetwork as error:
        raise CommandError(Exit.NOT_FOUND, str(error), "packtrail testnet up starts one.") from error
    return f"http://{entry.api}", folder.token(node)


def _address_of(home: Path) -> str:
    # The configuration's module reads schemas at import; commands that name a node do without it.
    from node.config.errors import InvalidConfig
    from node.config.load import read_config
    from node.home import Home

    try:
        return f"http://{read_config(Home(home).config, os.environ).config.api.listen}"
    except InvalidConfig as error:
        raise CommandError(Exit.USAGE, str(error)) from error


def _read_token(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(Exit.NOT_FOUND, f"the token file {path} cannot be read: {error}") from error
