"""From nothing to a network's genesis, with the commands that operators type; no node runs here."""

import os
import socket
import stat

import msgspec
import pytest

from cli.failures import Exit
from contracts.chain.genesis import decode_genesis, genesis_hash
from network.description import NodeRecord
from network.testnet.ports import free_ports
from network.testnet.process import ProcessId, identify
from network.transport.tls import public_key_of_certificate
from node.api.tokens import Role, TokenFile
from node.home import Home
from node.identity.keystore import KeyKind, Keystore
from node.identity.signer import FileSigner
from node.identity.standing import Standing
from node.storage.files import DiskFiles

MAKER = "9521101000009"
SHOP = "9521104000006"
DESCRIPTION = f"""
[[markets]]
code = "NL"
profile = "eu-fmd"
utc_offset_minutes = 60

[[partners]]
gln = "{MAKER}"
name = "Maker"
roles = ["maker"]
market = "NL"
company_prefixes = ["9521101"]

[[partners]]
gln = "{SHOP}"
name = "Shop"
roles = ["dispenser"]
market = "NL"
"""


@pytest.fixture
def make_home(packtrail, tmp_path):
    def make(name, role, *more):
        return packtrail(
            *("init", "--home", tmp_path / name, "--name", name, "--role", role, "--chain-id", "test"),
            *("--passphrase-file", "keys/passphrase", "--key-cost", "minimum", "--no-input", "-o", "json"),
            *more,
        )

    return make


def test_init_makes_keys_and_configuration(make_home, tmp_path):
    code, out, err = make_home("maker", "validator", "--partner", MAKER, "--peer", "b=127.0.0.1:1234")
    record = msgspec.json.decode(out)
    home = Home(tmp_path / "maker")
    assert code == Exit.OK
    assert record["partners"][0]["gln"] == MAKER
    assert "passphrase is in" in err
    files = [home.config, home.keys / "passphrase", home.keys / "node.json", home.data / "signer"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert 'peers = [{ name = "b", address = "127.0.0.1:1234" }]' in home.config.read_text()
    passphrase = (home.keys / "passphrase").read_bytes().strip()
    key = Keystore(DiskFiles(home.root), "keys").load(KeyKind.NODE, passphrase)
    assert public_key_of_certificate(home.certificate.read_bytes()) == key.public_key


def test_init_never_overwrites_a_home(make_home, tmp_path):
    make_home("maker", "member")
    before = (tmp_path / "maker" / "keys" / "node.json").read_bytes()
    code, _out, err = make_home("maker", "member")
    assert code == Exit.FAILED
    assert "home already" in err
    assert (tmp_path / "maker" / "keys" / "node.json").read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("--partner", "9521101000001"),
        ("--peer", "nowhere"),
        ("--listen", "nonsense"),
        ("--api", "127.0.0.1:7700"),
    ],
)
def test_init_refuses_what_no_node_could_start_with(make_home, tmp_path, arguments):
    code, _out, _err = make_home("maker", "member", *arguments)
    assert code == Exit.USAGE
    assert not (tmp_path / "maker" / "config" / "node.toml").exists()


def test_init_asks_nobody_when_told_so(packtrail, tmp_path):
    code, _out, err = packtrail(
        "init", "--home", tmp_path / "h", "--name", "a", "--chain-id", "test", "--no-input"
    )
    assert code == Exit.USAGE
    assert "--passphrase-file" in err


def test_an_observer_holds_no_partners_key(make_home, packtrail, tmp_path):
    record = msgspec.json.decode(make_home("watch", "observer", "--partner", MAKER)[1])
    assert (record["partner"], record["partners"], record["validator_key"]) == (MAKER, [], "")
    code, _out, _err = packtrail("keys", "new", "--home", tmp_path / "watch", "--partner", SHOP)
    assert code == Exit.NOT_ALLOWED


def test_a_hub_gets_one_more_key(make_home, packtrail, tmp_path):
    make_home("hub", "member", "--partner", MAKER)
    code, out, err = packtrail("keys", "new", "--home", tmp_path / "hub", "--partner", SHOP)
    assert code == Exit.OK
    # As much work as the configuration says, which is what the home was made with.
    costs = [
        msgspec.json.decode(file.read_bytes())["argon2id"]
        for file in Home(tmp_path / "hub").keys.glob("*.json")
    ]
    assert len(costs) == 3
    assert costs == [costs[0]] * 3
    assert msgspec.json.decode(out)["gln"] == SHOP
    assert f'keys.partners = ["{MAKER}", "{SHOP}"]' in err
    record = msgspec.json.decode(packtrail("keys", "export", "--home", tmp_path / "hub")[1])
    assert [entry["gln"] for entry in record["partners"]] == [MAKER, SHOP]
    shown = msgspec.json.decode(packtrail("keys", "show", "--home", tmp_path / "hub", "-o", "json")[1])
    assert [(key["kind"], key["name"]) for key in shown] == [
        *(("node", ""), ("partner", MAKER), ("partner", SHOP))
    ]


def test_the_keys_get_another_passphrase(make_home, packtrail, tmp_path):
    make_home("maker", "member", "--partner", MAKER)
    home = Home(tmp_path / "maker")
    old = (home.keys / "passphrase").read_bytes().strip()
    change = ("keys", "passphrase", "--home", home.root, "--no-input", "-o", "json")
    code, out, err = packtrail(*change, "--new-passphrase-file", tmp_path / "new")
    assert code == Exit.OK
    assert [key["kind"] for key in msgspec.json.decode(out)] == ["node", "partner"]
    new = (tmp_path / "new").read_bytes().strip()
    assert new != old
    assert str(tmp_path / "new") in err
    # The node finds it where it looked for the old one.
    assert (home.keys / "passphrase").read_bytes().strip() == new
    assert Keystore(DiskFiles(home.root), "keys").load(KeyKind.PARTNER, new, MAKER)
    assert packtrail(*change)[0] == Exit.USAGE
    assert packtrail(*change, "--new-passphrase-file", home.keys / "passphrase")[0] == Exit.USAGE


def _records(make_home, tmp_path):
    paths = []
    for name, role, gln in (("maker", "validator", MAKER), ("shop", "member", SHOP)):
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(make_home(name, role, "--partner", gln)[1])
    return paths


def test_a_genesis_from_a_description_and_the_nodes_records(make_home, packtrail, tmp_path):
    (tmp_path / "network.toml").write_text(DESCRIPTION)
    new = ("genesis", "new", "network.toml", "--chain-id", "test", "--file", "g.json", "-o", "json")
    assert packtrail(*new)[0] == Exit.OK
    assert packtrail("genesis", "show", "g.json")[0] == Exit.FAILED  # nobody votes yet
    records = _records(make_home, tmp_path)
    assert packtrail("genesis", "add", *records, "--power", "3", "--file", "g.json")[0] == Exit.OK
    code, out, _err = packtrail("genesis", "show", "g.json", "-o", "json")
    genesis = decode_genesis((tmp_path / "g.json").read_bytes())
    assert code == Exit.OK
    assert msgspec.json.decode(out)["genesis_hash"] == genesis_hash(genesis).hex()
    assert [(node.name, node.power) for node in genesis.nodes] == [("maker", 3), ("shop", 0)]
    assert [len(partner.keys) for partner in genesis.partners] == [1, 1]
    assert (genesis.kind, genesis.clock_offset_ms) == ("production", 0)
    assert packtrail("genesis", "add", records[0], "--file", "g.json")[0] == Exit.FAILED
    assert packtrail(*new)[0] == Exit.FAILED  # never overwritten


def test_a_record_that_was_changed_on_its_way_is_refused(make_home, packtrail, tmp_path):
    (tmp_path / "network.toml").write_text(DESCRIPTION)
    packtrail("genesis", "new", "network.toml", "--chain-id", "test", "--file", "g.json")
    record = _records(make_home, tmp_path)[0]
    record.write_text(record.read_text().replace(MAKER, SHOP))
    code, _out, err = packtrail("genesis", "add", record, "--file", "g.json")
    assert (code, "does not match its checksum" in err) == (Exit.USAGE, True)
    home = tmp_path / "maker"
    packtrail("keys", "new", "--home", home, "--partner", SHOP, "--no-input")
    assert packtrail("keys", "export", "--home", home)[0] == Exit.OK


def test_a_test_clock_needs_a_test_network(packtrail, tmp_path):
    (tmp_path / "network.toml").write_text(DESCRIPTION)
    new = ("genesis", "new", "network.toml", "--chain-id", "test", "--clock-start", "2023-04-01T09:00:00Z")
    assert packtrail(*new)[0] == Exit.USAGE
    assert packtrail(*new, "--test")[0] == Exit.OK
    genesis = msgspec.json.decode((tmp_path / "genesis.json").read_bytes())
    assert genesis["time_ms"] == 1_680_339_600_000
    assert genesis["clock_offset_ms"] < 0


@pytest.mark.parametrize("start", ["yesterday", "2023-04-01T09:00:00"])
def test_a_clock_start_has_a_time_and_an_offset(packtrail, tmp_path, start):
    (tmp_path / "network.toml").write_text(DESCRIPTION)
    code, _out, _err = packtrail(
        "genesis", "new", "network.toml", "--chain-id", "test", "--test", "--clock-start", start
    )
    assert code == Exit.USAGE


@pytest.mark.parametrize(
    "text", ["markets = 1", "[[", '{"markets": []}', DESCRIPTION.replace("eu-fmd", "moon")]
)
def test_a_description_that_is_wrong(packtrail, tmp_path, text):
    (tmp_path / "network.toml").write_text(text)
    assert packtrail("genesis", "new", "network.toml", "--chain-id", "test")[0] == Exit.USAGE
    assert not (tmp_path / "genesis.json").exists()


def test_tokens_are_made_listed_and_revoked(make_home, packtrail, tmp_path):
    make_home("maker", "member")
    home = tmp_path / "maker"
    new = ("token", "new", "--home", home, "--role", "submit", "--role", "read_own", "--name", "line 2")
    made = msgspec.json.decode(packtrail(*new, "-o", "json")[1])
    grant = TokenFile(Home(home).tokens).check(made["token"])
    assert grant.roles == {Role.SUBMIT, Role.READ_OWN}
    listed = packtrail("token", "list", "--home", home, "-o", "json")[1]
    assert made["token"] not in listed
    assert [entry["id"] for entry in msgspec.json.decode(listed)] == [made["id"]]
    assert packtrail("token", "revoke", made["id"][:4], "--home", home, "--yes")[0] == Exit.OK
    assert TokenFile(Home(home).tokens).check(made["token"]) is None
    assert msgspec.json.decode(packtrail("token", "list", "--home", home, "-o", "json")[1]) == []
    shown = packtrail("token", "list", "--home", home, "--revoked", "-o", "json")[1]
    assert msgspec.json.decode(shown)[0]["revoked"]
    assert packtrail("token", "revoke", "zz", "--home", home, "--yes")[0] == Exit.NOT_FOUND


def test_a_token_goes_into_a_private_file(make_home, packtrail, tmp_path):
    make_home("maker", "member")
    file = tmp_path / "token"
    packtrail("token", "new", "--home", tmp_path / "maker", "--role", "admin", "--file", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    grant = TokenFile(Home(tmp_path / "maker").tokens).check(file.read_text().strip())
    assert grant.allows(Role.ADMIN)


def test_configuration_is_shown_checked_and_described(make_home, packtrail, tmp_path, monkeypatch):
    make_home("maker", "member")
    home = ("--home", tmp_path / "maker")
    assert packtrail("config", "validate", *home)[0] == Exit.OK
    monkeypatch.setenv("PACKTRAIL_LOG__LEVEL", "debug")
    rows = {
        row["key"]: row for row in msgspec.json.decode(packtrail("config", "show", *home, "-o", "json")[1])
    }
    assert (rows["log.level"]["value"], rows["log.level"]["set_by"]) == ("debug", "PACKTRAIL_LOG__LEVEL")
    assert msgspec.json.decode(packtrail("config", "schema")[1])["title"] == "Packtrail node"
    config = Home(tmp_path / "maker").config
    config.write_text(config.read_text() + "\n[api]\nlisten = 7\n")
    code, _out, err = packtrail("config", "validate", *home)
    assert code == Exit.USAGE
    assert "node.toml" in err


def test_a_node_that_does_not_run(make_home, packtrail, tmp_path):
    make_home("maker", "member", "--operators", "127.0.0.1:9")
    home = ("--home", tmp_path / "maker")
    assert packtrail("node", "stop", *home)[0] == Exit.NOT_FOUND
    code, out, _err = packtrail("node", "status", *home, "-o", "json")
    assert code == Exit.UNREACHABLE
    assert msgspec.json.decode(out)["running"] is False
    code, _out, err = packtrail("node", "start", *home)
    assert code == Exit.NOT_FOUND
    assert "genesis" in err


def test_a_node_runs_once(make_home, packtrail, tmp_path):
    make_home("maker", "member")
    home = Home(tmp_path / "maker")
    home.genesis.write_text("{}")
    home.process_id.write_bytes(msgspec.json.encode(identify(os.getpid())))
    code, _out, err = packtrail("node", "start", "--home", home.root)
    assert code == Exit.FAILED
    assert f"process {os.getpid()}" in err


def test_a_process_that_is_gone_keeps_nobody_from_trusting_a_home(make_home, packtrail, tmp_path):
    make_home("maker", "validator")
    home = Home(tmp_path / "maker")
    trust = ("node", "trust", "--home", home.root, "--yes")
    home.process_id.write_bytes(msgspec.json.encode(identify(os.getpid())))
    assert packtrail(*trust)[0] == Exit.FAILED
    # As a home has it that was copied while its node ran, or whose power went out.
    home.process_id.write_bytes(msgspec.json.encode(ProcessId(os.getpid(), 1)))
    assert packtrail(*trust)[0] == Exit.OK


def test_a_genesis_that_is_none_stops_the_node(make_home, packtrail, tmp_path):
    make_home("maker", "member", *_free_addresses())
    home = Home(tmp_path / "maker")
    home.genesis.write_text("{}")
    assert packtrail("node", "start", "--home", home.root)[0] == Exit.USAGE
    assert not home.process_id.exists()


def test_an_address_that_is_taken_stops_the_node_before_it_fetches_anything(make_home, packtrail, tmp_path):
    addresses = _free_addresses()
    make_home("maker", "member", *addresses)
    home = Home(tmp_path / "maker")
    home.genesis.write_text("{}")
    host, _, port = addresses[3].rpartition(":")
    with socket.create_server((host, int(port))):
        code, _out, err = packtrail("node", "start", "--home", home.root)
    assert code == Exit.FAILED
    assert f"the node cannot listen: api.listen {addresses[3]}: Address already in use\n" in err
    assert f"set other addresses in {home.config}" in err
    assert not home.process_id.exists()


def _free_addresses():
    listen, api, operators = (f"127.0.0.1:{port}" for port in free_ports(3))
    return "--listen", listen, "--api", api, "--operators", operators


def test_no_home(packtrail, tmp_path):
    code, _out, err = packtrail("keys", "show", "--home", tmp_path / "absent")
    assert code == Exit.NOT_FOUND
    assert "packtrail init" in err


def _network_home(make_home, packtrail, tmp_path, *more):
    """A member's home with a genesis that names it and one validator."""
    (tmp_path / "network.toml").write_text(DESCRIPTION)
    packtrail("genesis", "new", "network.toml", "--chain-id", "test")
    records = {}
    for name, role, gln in (("maker", "validator", MAKER), ("shop", "member", SHOP)):
        records[name] = tmp_path / f"{name}.json"
        extra = more if name == "shop" else ()
        records[name].write_text(make_home(name, role, "--partner", gln, *extra)[1])
    packtrail("genesis", "add", *records.values())
    home = Home(tmp_path / "shop")
    home.genesis.write_bytes((tmp_path / "genesis.json").read_bytes())
    return home


def test_a_members_home_becomes_a_validators(make_home, packtrail, tmp_path):
    home = _network_home(make_home, packtrail, tmp_path)
    make = ("keys", "validator", "--home", home.root, "--no-input")
    code, out, err = packtrail(*make)
    assert (code, "put_node" in err) == (Exit.OK, True)
    record = msgspec.json.decode(out, type=NodeRecord)
    passphrase = (home.keys / "passphrase").read_bytes().strip()
    key = Keystore(DiskFiles(home.root), "keys").load(KeyKind.VALIDATOR, passphrase)
    assert (record.role, record.validator_key) == ("validator", key.public_key)
    FileSigner(DiskFiles(home.data), "signer", "test", key.seed).open()
    standing = Standing(DiskFiles(home.data))
    standing.open()
    assert standing.votes_from == 0
    assert packtrail(*make)[0] == Exit.NOT_ALLOWED


def test_an_interrupted_change_to_a_validators_home_is_finished_with_the_same_key(
    make_home, packtrail, tmp_path
):
    home = _network_home(make_home, packtrail, tmp_path)
    make = ("keys", "validator", "--home", home.root, "--no-input")
    before = home.record.read_bytes()
    first = msgspec.json.decode(packtrail(*make)[1])
    home.record.write_bytes(before)
    signed = (home.data / "signer").read_bytes()
    assert msgspec.json.decode(packtrail(*make)[1]) == first
    assert (home.data / "signer").read_bytes() == signed


def test_a_key_whose_signatures_are_forgotten_listens_before_it_votes(make_home, packtrail, tmp_path):
    home = _network_home(make_home, packtrail, tmp_path)
    make = ("keys", "validator", "--home", home.root, "--no-input")
    before = home.record.read_bytes()
    packtrail(*make)
    home.record.write_bytes(before)
    (home.data / "signer").unlink()
    assert packtrail(*make)[0] == Exit.OK
    standing = Standing(DiskFiles(home.data))
    standing.open()
    assert standing.votes_from is None


def test_a_home_whose_node_runs_gets_no_validators_key(make_home, packtrail, tmp_path):
    home = _network_home(make_home, packtrail, tmp_path)
    home.process_id.write_bytes(msgspec.json.encode(identify(os.getpid())))
    code, _out, err = packtrail("keys", "validator", "--home", home.root, "--no-input")
    assert (code, "runs, as process" in err) == (Exit.FAILED, True)
    assert not list(home.keys.glob("validator*"))


def _findings(packtrail, home):
    code, out, _err = packtrail("doctor", "--home", home.root, "-o", "json")
    return code, {row["check"]: row for row in msgspec.json.decode(out)}


def test_the_doctor_finds_nothing_wrong_with_a_good_home(make_home, packtrail, tmp_path):
    home = _network_home(make_home, packtrail, tmp_path, *_free_addresses())
    code, found = _findings(packtrail, home)
    assert {name for name, row in found.items() if not row["ok"]} <= {"disk", "open files"}
    assert found["identity"]["detail"] == "shop, member, as genesis has it"
    assert code in {Exit.OK, Exit.UNHEALTHY}
    home.process_id.write_bytes(msgspec.json.encode(identify(os.getpid())))
    assert str(os.getpid()) in _findings(packtrail, home)[1]["addresses"]["detail"]


def test_the_doctor_names_what_is_wrong(make_home, packtrail, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        home = _network_home(make_home, packtrail, tmp_path, "--api", address)
        home.tokens.write_text("[]")
        home.tokens.chmod(0o644)
        home.certificate.write_bytes(b"another")
        (home.keys / "passphrase").write_text("wrong")
        code, found = _findings(packtrail, home)
    assert code == Exit.UNHEALTHY
    assert "config/tokens.json" in found["files"]["detail"]
    assert "does not open" in found["keys"]["detail"]
    assert "certificate" in found["identity"]["detail"]
    assert address in found["addresses"]["detail"]


@pytest.mark.parametrize(("file", "check"), [("config", "configuration"), ("genesis", "genesis")])
def test_the_doctor_stops_where_nothing_more_can_be_said(make_home, packtrail, tmp_path, file, check):
    home = _network_home(make_home, packtrail, tmp_path)
    getattr(home, file).write_text("{")
    code, found = _findings(packtrail, home)
    assert code == Exit.UNHEALTHY
    assert found[check]["ok"] is False
    assert list(found)[-1] == check
