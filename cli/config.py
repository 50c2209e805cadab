"""`packtrail config`: what a node is told, by whom, and what it may be told."""

import os
from typing import Annotated, Any

import msgspec
import typer

from cli.failures import CommandError, Exit
from cli.local import DEFAULT_HOME, LocalHomeOption, load_settings, open_home
from cli.options import OutputOption
from cli.output import Format, say, write_json, write_rows

app = typer.Typer(help="A node's configuration.", no_args_is_help=True)


@app.command()
def show(home: LocalHomeOption = DEFAULT_HOME, output: OutputOption = Format.TABLE) -> None:
    """Print every key with its value and who set it: flag, environment, file or default.

    Example: packtrail config show --home maker
    """
    from node.config.describe import fields
    from node.config.errors import InvalidConfig
    from node.config.load import read_config

    place = open_home(home)
    try:
        loaded = read_config(place.config, os.environ)
    except InvalidConfig as error:
        raise CommandError(Exit.USAGE, str(error)) from error
    rows: list[dict[str, Any]] = [
        {
            "key": field.key,
            "value": msgspec.to_builtins(getattr(getattr(loaded.config, field.section), field.name)),
            "set_by": loaded.origins[field.key],
            "variable": field.variable,
            "takes": field.expected,
            "description": field.description,
        }
        for field in fields()
    ]
    write_rows(output, rows, ("key", "value", "set_by"))


@app.command()
def validate(home: LocalHomeOption = DEFAULT_HOME) -> None:
    """Check the configuration; every problem is told with its file, line, key and what was expected.

    Example: packtrail config validate --home maker
    """
    place = open_home(home)
    load_settings(place)
    say(f"{place.config} is valid.")


@app.command()
def schema(
    indent: Annotated[bool, typer.Option(help="Indent the JSON.")] = True,
) -> None:
    """Print the JSON Schema of the configuration, for editors.

    Example: packtrail config schema > node.schema.json
    """
    from node.config.render import config_schema

    if indent:
        write_json(config_schema())
    else:
        from cli.output import write_json_line

        write_json_line(config_schema())
