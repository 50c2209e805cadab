"""A configuration as text, and the descriptions that people read."""

import tomllib

import msgspec
import pytest

from node.config.describe import fields, sections
from node.config.load import load_config
from node.config.render import config_schema, render_toml, toml_value
from node.config.schema import Config, KeysSection, LogSection, NodeSection, P2pSection, PeerAddress

OTHER = Config(
    node=NodeSection(name="maker", genesis='a "quoted"\\ name\x7f\n.json'),
    p2p=P2pSection(listen="[::1]:1", peers=(PeerAddress("a", "h:1"), PeerAddress("b", "h:2"))),
    keys=KeysSection(partners=("x", "y")),
    log=LogSection(level="debug"),
)


@pytest.mark.parametrize("config", [Config(), OTHER])
def test_what_is_written_reads_back(config):
    assert load_config(render_toml(config)).config == config


def test_defaults_are_commented_out_and_still_valid_when_uncommented():
    text = render_toml(Config())
    assert tomllib.loads(text) == {section: {} for section in sections()}
    keys = {field.key for field in fields()}
    lines = [line.removeprefix("# ") for line in text.splitlines()]
    active = [line for line in lines if line.startswith("[") or line.partition(" = ")[0] in names(keys)]
    assert load_config("\n".join(active)).config == Config()


def names(keys):
    return {key.partition(".")[2] for key in keys}


def test_every_key_is_described():
    for field in fields():
        assert field.description.endswith("."), field.key
        assert field.expected
        assert field.variable == f"PACKTRAIL_{field.section}__{field.name}".upper()
        assert msgspec.convert(field.default, field.type) == field.default, "a default keeps its own bounds"


def test_the_schema_holds_every_description():
    schema = config_schema()
    definitions = schema["$defs"]
    for section, kind in sections().items():
        properties = definitions[kind.__name__]["properties"]
        described = {field.name: field.description for field in fields() if field.section == section}
        assert {name: part["description"] for name, part in properties.items()} == described
        assert definitions[kind.__name__]["additionalProperties"] is False


def test_a_value_that_no_configuration_holds_is_refused():
    with pytest.raises(TypeError, match="float"):
        toml_value(1.5)
