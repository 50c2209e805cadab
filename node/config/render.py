"""A configuration as text: the TOML file that `init` writes, and the JSON Schema for editors."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from node.config.describe import fields
from node.config.schema import Config


def render_toml(config: Config) -> str:
    """Return the file for `config`: every key with what it is for; those at their default commented out."""
    return "\n".join(_lines(config)) + "\n"


def _lines(config: Config) -> Iterator[str]:
    yield "# A Packtrail node. A flag goes before PACKTRAIL_SECTION__KEY, that before this file."
    section = ""
    for field in fields():
        if field.section != section:
            section = field.section
            yield ""
            yield f"[{section}]"
        value = getattr(getattr(config, section), field.name)
        yield f"# {field.description} Takes {field.expected}."
        mark = "# " if value == field.default else ""
        yield f"{mark}{field.name} = {toml_value(value)}"


def toml_value(value: object) -> str:
    """Return a value of a configuration as TOML writes it.

    Raises:
        TypeError: No configuration holds such a value.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            # A TOML basic string escapes as JSON does; DEL is the one character that JSON leaves bare.
            return json.dumps(value).replace("\x7f", "\\u007f")
        case tuple():
            return "[" + ", ".join(map(toml_value, value)) + "]"
        case msgspec.Struct():
            pairs = ((name, getattr(value, name)) for name in value.__struct_fields__)
            return "{ " + ", ".join(f"{name} = {toml_value(part)}" for name, part in pairs) + " }"
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a configuration")


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration, with every description."""
    schema = msgspec.json.schema(Config)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Packtrail node", **schema}
