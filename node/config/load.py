"""Where a configuration's values come from: flag > environment > TOML file > default.

Every layer is checked, also where a higher one overrides it, and all problems are reported at once: source,
line, key, what stands there, what was expected. Unknown keys are problems in every layer. Environment
variables are `PACKTRAIL_SECTION__KEY`; others that begin with `PACKTRAIL_` (the home, the passphrase) are not
configuration and are left alone.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import msgspec
from msgspec import inspect

from network.toml_bounds import check_toml
from node.config.describe import (
    ENVIRONMENT_PREFIX,
    ENVIRONMENT_SEPARATOR,
    FieldDescription,
    expected_of,
    fields,
    sections,
    type_at,
)
from node.config.errors import ConfigProblem, InvalidConfig
from node.config.lines import key_lines, line_of
from node.config.schema import Config

MAX_FILE_BYTES: Final = 1 << 20
MAX_PROBLEMS: Final = 100
"""Problems that are told of at once: a file with more is no configuration that a slip has spoilt."""
_ERROR_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_TOML_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_SHOWN_CHARACTERS = 60


class LoadedConfig(msgspec.Struct, frozen=True):
    """A valid configuration, and who said what."""

    config: Config
    """The values."""
    origins: Mapping[str, str]
    """By dotted key: the flag, the variable, `file:line`, or `default`."""


class _Layer:
    """The values that one source sets, by dotted key."""

    def __init__(self, known: Mapping[str, FieldDescription], problems: list[ConfigProblem]) -> None:
        self.values: dict[str, object] = {}
        self.places: dict[str, str] = {}
        self._known = known
        self._problems = problems

    def set(self, key: str, value: object, source: str, lines: dict[str, int] | None = None) -> None:
        """Take a value after checking it; without `lines` it comes from a place that knows only text."""
        if len(self._problems) >= MAX_PROBLEMS:
            return
        is_text, line = lines is None, line_of(lines or {}, key)
        field = self._known.get(key)
        if field is None:
            self._problems.append(_unknown(self._known, key, source, line))
            return
        is_list = isinstance(field.default, tuple)
        try:
            if is_text and is_list:
                value = _list_of(str(value))
            self.values[key] = msgspec.convert(value, field.type, strict=is_list or not is_text)
            self.places[key] = f"{source}:{line}" if line else source
        except (msgspec.ValidationError, UnicodeEncodeError) as error:
            # Variables may hold bytes that are no UTF-8; Python hands them on as half surrogate pairs.
            self._problems.append(_wrong(field, value, str(error), source, lines or {}))


def _list_of(text: str) -> object:
    """Read a list from a flag's or a variable's text: written as in TOML, or separated by commas."""
    if not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        check_toml(text)
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise msgspec.ValidationError(str(error)) from error


def _unknown(known: Iterable[str], key: str, source: str, line: int) -> ConfigProblem:
    near = difflib.get_close_matches(key, list(known), n=1)
    expected = f"a known key, perhaps `{near[0]}`" if near else "a known key (see `packtrail config schema`)"
    return ConfigProblem(source, line, key, "unknown key", expected)


def _wrong(
    field: FieldDescription, value: object, message: str, source: str, lines: dict[str, int]
) -> ConfigProblem:
    """Say what is wrong with a value, as near to the fault as the path in msgspec's message leads."""
    found = _ERROR_PATH.search(message)
    path = found["path"] if found else ""
    at = value
    for part in re.findall(r"\[(\d+)\]|\.(\w+)", path):
        at = cast("Any", at)[int(part[0])] if part[0] else cast("Any", at)[part[1]]
    expected = expected_of(type_at(inspect.type_info(field.type), path)) if path else field.expected
    shown = repr(at)
    if len(shown) > _SHOWN_CHARACTERS:
        shown = shown[:_SHOWN_CHARACTERS] + "…"
    if " field `" in message:
        shown = message.partition(" - at")[0].removeprefix("Object ")
    key = field.key + path
    return ConfigProblem(source, line_of(lines, key), key, f"found {shown}", expected)


def _flatten(tables: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the dotted keys of a TOML document, two levels deep."""
    for section, table in tables.items():
        if section in sections() and isinstance(table, dict):
            for name, value in table.items():
                yield f"{section}.{name}", value
        else:
            yield section, table


def _file_layer(layer: _Layer, text: str, source: str, problems: list[ConfigProblem]) -> None:
    try:
        check_toml(text)
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = _TOML_LINE.search(str(error))
        line = int(at[1]) if at else len(text.splitlines())
        problems.append(ConfigProblem(source, line, "", str(error), "valid TOML"))
        return
    lines = key_lines(text)
    for key, value in _flatten(tables):
        layer.set(key, value, source, lines)


def _environment_layer(layer: _Layer, environment: Mapping[str, str]) -> None:
    for variable in sorted(environment):
        section, separator, name = variable.removeprefix(ENVIRONMENT_PREFIX).partition(ENVIRONMENT_SEPARATOR)
        if variable.startswith(ENVIRONMENT_PREFIX) and separator:
            key = f"{section}.{name}".lower()
            layer.set(key, environment[variable], variable)


def load_config(
    text: str = "",
    source: str = "node.toml",
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, str] | None = None,
) -> LoadedConfig:
    """Put the layers together.

    Args:
        text: Content of the TOML file.
        source: Its name, for problems.
        environment: Environment variables, all of them.
        flags: Values from the command line by dotted key, such as `p2p.listen`.

    Raises:
        InvalidConfig: With every problem.
    """
    known = {field.key: field for field in fields()}
    problems: list[ConfigProblem] = []
    from_file, from_environment, from_flags = (_Layer(known, problems) for _ in range(3))
    _file_layer(from_file, text, source, problems)
    _environment_layer(from_environment, environment or {})
    for key, value in (flags or {}).items():
        from_flags.set(key, value, "--" + key.replace(".", "-").replace("_", "-"))
    values: dict[str, object] = {key: field.default for key, field in known.items()}
    origins = dict.fromkeys(known, "default")
    for layer in (from_file, from_environment, from_flags):
        values.update(layer.values)
        origins.update(layer.places)
    config = _build(values)
    problems.extend(_contradictions(config, origins))
    if problems:
        raise InvalidConfig(problems)
    return LoadedConfig(config, origins)


def _build(values: Mapping[str, object]) -> Config:
    parts = {}
    for section, kind in sections().items():
        names = kind.__struct_fields__
        parts[section] = kind(**{name: values[f"{section}.{name}"] for name in names})
    return Config(**cast("Any", parts))


def _contradictions(config: Config, origins: Mapping[str, str]) -> Iterator[ConfigProblem]:
    """Yield what no single key can be blamed for."""

    def problem(key: str, found: str, expected: str) -> ConfigProblem:
        place, _colon, line = origins[key].rpartition(":")
        if place and line.isdigit():
            return ConfigProblem(place, int(line), key, found, expected)
        return ConfigProblem(origins[key], 0, key, found, expected)

    if config.pool.lane_bytes > config.pool.total_bytes:
        yield problem("pool.lane_bytes", f"found {config.pool.lane_bytes}", "at most `pool.total_bytes`")
    listeners = (config.p2p.listen, config.api.listen, config.api.operators_listen)
    fixed = [address for address in listeners if not address.endswith(":0")]
    if len(set(fixed)) < len(fixed):
        expected = "an address other than `api.listen` and `api.operators_listen`"
        yield problem("p2p.listen", f"three listeners share {', '.join(sorted(set(fixed)))}", expected)
    names = [peer.name for peer in config.p2p.peers]
    for name in sorted({name for name in names if names.count(name) > 1 or name == config.node.name}):
        yield problem(
            "p2p.peers", f"found {name!r} twice or naming this node", "every other node at most once"
        )


def read_config(
    path: Path, environment: Mapping[str, str] | None = None, flags: Mapping[str, str] | None = None
) -> LoadedConfig:
    """Read the TOML file at `path` (a missing one counts as empty) and put the layers together.

    Raises:
        InvalidConfig: With every problem, also when the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise InvalidConfig(
                [_unreadable(path, "the file is too long", f"at most {MAX_FILE_BYTES} bytes")]
            )
        text = data.decode("utf-8")
    except FileNotFoundError:
        text = ""
    except UnicodeDecodeError as error:
        raise InvalidConfig([_unreadable(path, str(error), "UTF-8 text")]) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidConfig([_unreadable(path, reason, "a file this user may read")]) from error
    return load_config(text, str(path), environment, flags)


def _unreadable(path: Path, found: str, expected: str) -> ConfigProblem:
    return ConfigProblem(str(path), 0, "", found, expected)
