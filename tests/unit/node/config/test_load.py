"""Where values come from, and how every mistake is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.config.errors import ConfigProblem, InvalidConfig
from node.config.load import MAX_FILE_BYTES, MAX_PROBLEMS, load_config, read_config
from node.config.schema import Config, PeerAddress

ADDRESS = "host:port, such as 127.0.0.1:7700 or [::1]:7700"
NAME = "a name: 1 to 63 of A-Z, a-z, 0-9, dot, hyphen, underscore; a letter or digit first"


def problems(*args, **kwargs):
    with pytest.raises(InvalidConfig) as caught:
        load_config(*args, **kwargs)
    return list(caught.value.problems)


def problems_or_none(text):
    try:
        load_config(text)
    except InvalidConfig as invalid:
        return invalid.problems
    return None


def test_nothing_said_gives_the_defaults():
    loaded = load_config()
    assert loaded.config == Config()
    assert set(loaded.origins.values()) == {"default"}


def test_flag_before_environment_before_file_before_default():
    text = '[p2p]\nlisten = "h:1"\n[api]\nlisten = "h:2"\noperators_listen = "h:3"\n'
    environment = {"PACKTRAIL_API__LISTEN": "h:4", "PACKTRAIL_API__OPERATORS_LISTEN": "h:5"}
    loaded = load_config(text, "my.toml", environment, {"api.operators_listen": "h:6"})
    config = loaded.config
    assert (config.p2p.listen, config.api.listen, config.api.operators_listen) == ("h:1", "h:4", "h:6")
    assert loaded.origins["p2p.listen"] == "my.toml:2"
    assert loaded.origins["api.listen"] == "PACKTRAIL_API__LISTEN"
    assert loaded.origins["api.operators_listen"] == "--api-operators-listen"
    assert loaded.origins["log.level"] == "default"


@pytest.mark.parametrize(
    "text",
    [
        '[p2p]\npeers = [{name = "a", address = "h:1"}, {name = "b", address = "[::1]:2"}]',
        '[[p2p.peers]]\nname = "a"\naddress = "h:1"\n[[p2p.peers]]\nname = "b"\naddress = "[::1]:2"',
        'p2p.peers = [\n  {name = "a", address = "h:1"},\n  {name = "b", address = "[::1]:2"},\n]',
    ],
)
def test_peers_in_every_way_that_toml_writes_them(text):
    assert load_config(text).config.p2p.peers == (PeerAddress("a", "h:1"), PeerAddress("b", "[::1]:2"))


def test_values_from_text_are_converted():
    environment = {
        "PACKTRAIL_STORAGE__BLOOM_BITS": "0",
        "PACKTRAIL_METRICS__ENABLED": "false",
        "PACKTRAIL_LOG__LEVEL": "debug",
        "PACKTRAIL_KEYS__PARTNERS": "plant, dc",
        "PACKTRAIL_P2P__PEERS": '[{name = "a", address = "h:1"}]',
    }
    config = load_config(environment=environment, flags={"node.name": "maker"}).config
    assert (config.storage.bloom_bits, config.metrics.enabled, config.log.level) == (0, False, "debug")
    assert config.keys.partners == ("plant", "dc")
    assert config.p2p.peers == (PeerAddress("a", "h:1"),)
    assert config.node.name == "maker"
    assert load_config(environment={"PACKTRAIL_KEYS__PARTNERS": ""}).config.keys.partners == ()


def test_other_variables_are_left_alone():
    environment = {"PACKTRAIL_HOME": "x", "PACKTRAIL_PASSPHRASE": "y", "A__B": "z", "PATH": "p"}
    assert load_config(environment=environment).config == Config()


CASES = [
    ("[p2p]\nlisen = 1", 2, "p2p.lisen", "unknown key", "a known key, perhaps `p2p.listen`"),
    ("\n[qqq]\na = 1", 2, "qqq", "unknown key", "a known key (see `packtrail config schema`)"),
    ("p2p = 3", 1, "p2p", "unknown key", "a known key (see `packtrail config schema`)"),
    ('[log]\n# a\nlevel = "loud"', 3, "log.level", "found 'loud'", "one of debug, error, info, warning"),
    ("[log]\nlevel = 1", 2, "log.level", "found 1", "one of debug, error, info, warning"),
    ("[storage]\nbloom_bits = 99", 2, "storage.bloom_bits", "found 99", "an integer from 0 to 32"),
    ('[storage]\nbloom_bits = "9"', 2, "storage.bloom_bits", "found '9'", "an integer from 0 to 32"),
    ("[metrics]\nenabled = 1", 2, "metrics.enabled", "found 1", "true or false"),
    ('[p2p]\nlisten = "nowhere"', 2, "p2p.listen", "found 'nowhere'", ADDRESS),
    ('[p2p]\nlisten = "h:65536"', 2, "p2p.listen", "found 'h:65536'", ADDRESS),
    ('[p2p]\npeers = "a"', 2, "p2p.peers", "found 'a'", "a list of tables with name, address"),
    ('[p2p]\npeers = ["a"]', 2, "p2p.peers[0]", "found 'a'", "a table with name, address"),
    (
        '[[p2p.peers]]\nname = "a"',
        1,
        "p2p.peers[0]",
        "found missing required field `address`",
        "a table with name, address",
    ),
    (
        '[[p2p.peers]]\nname = "a"\naddress = "h:1"\n[[p2p.peers]]\nname = "b"\naddress = "?"',
        6,
        "p2p.peers[1].address",
        "found '?'",
        ADDRESS,
    ),
    (
        '[p2p]\npeers = [{name = "a", place = "h:1"}]',
        2,
        "p2p.peers[0]",
        "found contains unknown field `place`",
        "a table with name, address",
    ),
    ('[keys]\npartners = ["a", "!"]', 2, "keys.partners[1]", "found '!'", NAME),
    (
        f'[node]\nname = "{"x" * 80}"',
        2,
        "node.name",
        f"found '{'x' * 59}…",
        NAME,
    ),
]


@pytest.mark.parametrize(("text", "line", "key", "found", "expected"), CASES)
def test_a_mistake_in_a_file_is_named(text, line, key, found, expected):
    assert problems(text, "my.toml") == [ConfigProblem("my.toml", line, key, found, expected)]


def test_a_file_that_is_no_toml_is_named_with_its_line():
    (problem,) = problems("[p2p]\nlisten = \n", "my.toml")
    assert (problem.source, problem.line, problem.expected) == ("my.toml", 2, "valid TOML")
    (problem,) = problems("[p2p]\nlisten = [1", "my.toml")
    assert problem.line == 2


def test_nesting_without_end_is_a_problem_not_a_crash():
    (problem,) = problems("a = " + "[" * 100_000)
    assert problem.expected == "valid TOML"
    (problem,) = problems(environment={"PACKTRAIL_P2P__PEERS": "[" * 100_000})
    assert problem.source == "PACKTRAIL_P2P__PEERS"


def test_mistakes_in_variables_and_flags_are_named():
    environment = {
        "PACKTRAIL_P2P__LISEN": "x",
        "PACKTRAIL_STORAGE__BLOOM_BITS": "many",
        "PACKTRAIL_KEYS__PARTNERS": "a,!",
        "PACKTRAIL_P2P__PEERS": "[{",
    }
    found = problems(environment=environment, flags={"metrics.enabled": "perhaps"})
    assert [(one.source, one.key, one.found) for one in found] == [
        ("PACKTRAIL_KEYS__PARTNERS", "keys.partners[1]", "found '!'"),
        ("PACKTRAIL_P2P__LISEN", "p2p.lisen", "unknown key"),
        ("PACKTRAIL_P2P__PEERS", "p2p.peers", "found '[{'"),
        ("PACKTRAIL_STORAGE__BLOOM_BITS", "storage.bloom_bits", "found 'many'"),
        ("--metrics-enabled", "metrics.enabled", "found 'perhaps'"),
    ]
    assert all(one.line == 0 for one in found)


def test_all_problems_are_reported_at_once_also_those_that_a_flag_overrides():
    text = '[log]\nlevel = "loud"\nformat = "xml"\n'
    assert len(problems(text, flags={"log.level": "debug"})) == 2


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("[pool]\nlane_bytes = 100000000\n", 2, "pool.lane_bytes"),
        ("[pool]\ntotal_bytes = 2000000\n", 0, "pool.lane_bytes"),
        ('[api]\nlisten = "h:1"\noperators_listen = "h:1"', 0, "p2p.listen"),
        ('[p2p]\nlisten = "127.0.0.1:7780"', 2, "p2p.listen"),
        ('[p2p]\npeers = [{name = "a", address = "h:1"}, {name = "a", address = "h:2"}]', 2, "p2p.peers"),
        ('[node]\nname = "a"\n[p2p]\npeers = [{name = "a", address = "h:1"}]', 4, "p2p.peers"),
    ],
)
def test_contradictions_between_keys_are_named(text, line, key):
    (problem,) = problems(text, "my.toml")
    assert (problem.line, problem.key) == (line, key)
    assert problem.source == ("my.toml" if line else "default")


def test_ports_that_the_system_chooses_do_not_contradict():
    flags = dict.fromkeys(("p2p.listen", "api.listen", "api.operators_listen"), "127.0.0.1:0")
    load_config(flags=flags)


def test_the_message_has_one_line_for_each_problem():
    with pytest.raises(InvalidConfig) as caught:
        load_config("[p2p]\nlisen = 1\n", "my.toml", {"PACKTRAIL_LOG__LEVEL": "loud"})
    assert str(caught.value).splitlines() == [
        "my.toml:2: p2p.lisen: unknown key; expected a known key, perhaps `p2p.listen`",
        "PACKTRAIL_LOG__LEVEL: log.level: found 'loud'; expected one of debug, error, info, warning",
    ]


@given(st.text(max_size=200))
def test_any_text_gives_a_configuration_or_problems(text):
    assert problems_or_none(text) != ()


TOML_VALUES = st.recursive(
    st.sampled_from(['"a"', "1", "true", "1.5", "2020-01-01", '"h:1"', "[]", "{}"]),
    lambda inner: st.one_of(
        inner.map(lambda value: f"[{value}, {value}]"), inner.map(lambda value: f"{{name = {value}}}")
    ),
    max_leaves=4,
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["p2p.peers", "p2p.listen", "log.level", "storage.bloom_bits", "keys.partners"]),
            TOML_VALUES,
        ),
        unique_by=lambda pair: pair[0],
    )
)
def test_any_values_give_a_configuration_or_problems_with_a_line(pairs):
    found = problems_or_none("\n".join(f"{key} = {value}" for key, value in pairs))
    assert all(problem.line > 0 and problem.key for problem in found or ())


def test_a_file_is_read(tmp_path):
    path = tmp_path / "node.toml"
    assert read_config(path).config == Config()
    path.write_text('[node]\nname = "Maker-1"\n')
    loaded = read_config(path, {}, {})
    assert loaded.config.node.name == "Maker-1"
    assert loaded.origins["node.name"] == f"{path}:2"


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"\xff", "UTF-8 text"), (b"#" * (MAX_FILE_BYTES + 1), f"at most {MAX_FILE_BYTES} bytes")],
)
def test_a_file_that_cannot_be_text_is_named(tmp_path, content, expected):
    path = tmp_path / "node.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidConfig) as caught:
        read_config(path)
    assert [(one.source, one.expected) for one in caught.value.problems] == [(str(path), expected)]


def test_a_folder_in_its_place_is_named(tmp_path):
    with pytest.raises(InvalidConfig, match="Is a directory"):
        read_config(tmp_path)


def test_a_file_of_nonsense_is_refused_quickly() -> None:
    text = "[node]\n" + "".join(f"key{number} = 1\n" for number in range(2_000))
    with pytest.raises(InvalidConfig) as found:
        load_config(text)
    assert len(found.value.problems) == MAX_PROBLEMS
