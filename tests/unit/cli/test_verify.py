"""`verify proof` and `verify chain` need genesis and files, and nothing else."""

import base64

import msgspec
import pytest

from cli.demo.checks import prove
from cli.failures import Exit
from cli.http import NodeClient
from contracts.chain.genesis import encode_genesis
from contracts.primitives.encoding import encode
from contracts.records.changes import AddKey
from node.home import Home
from node.storage.blocks import height_key
from node.storage.errors import StorageDamaged
from node.storage.history import History
from node.storage.leveldb import LevelOptions, open_level
from node.storage.memory import MemoryStore
from node.storage.proofs import build_proof
from node.storage.store import MAX_SCAN_ROWS, RECEIPTS, put
from tests.support.governed import decide
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import MAKER, WHOLESALER, build_test_genesis, lane_key
from tests.unit.cli.fake_node import Reply


@pytest.fixture(scope="module")
def ledger():
    node = OneNode(build_test_genesis(validators=4))
    node.record(MAKER, node.commission(["A1", "A2"]))
    refused = node.record(WHOLESALER, node.ship(WHOLESALER, MAKER, [pack_key("A1")]))
    assert refused.code != "accepted"
    node.produce()
    return node


@pytest.fixture
def genesis_file(ledger, tmp_path):
    path = tmp_path / "genesis.json"
    path.write_bytes(encode_genesis(ledger.genesis))
    return path


def proof_of(ledger, height):
    receipt = ledger.applied[height - 1].receipts[0]
    return receipt.document_id.hex(), encode(build_proof(History(ledger.store), receipt.document_id))


def test_a_proof_is_checked_offline(ledger, genesis_file, packtrail, tmp_path):
    document, proof = proof_of(ledger, 1)
    (tmp_path / "a.proof").write_bytes(proof)
    code, out, _err = packtrail("verify", "proof", "a.proof", "--genesis", genesis_file, "-o", "json")
    found = msgspec.json.decode(out)
    assert code == Exit.OK
    assert (found["valid"], found["height"], found["document"]) == (True, 1, document)
    assert (found["records"], found["accepted"]) == (["Commission"], True)
    assert found["partner"] == f"{MAKER.name} ({MAKER.gln}), as named in genesis"
    assert found["key"] == lane_key(MAKER).public_key.hex()


def test_a_proof_is_not_made_of_receipts_that_do_not_fit_the_block(ledger):
    store, receipts = MemoryStore(), ledger.applied[0].receipts
    store.write(list(ledger.store.scan(b"", limit=MAX_SCAN_ROWS).rows), sync=True)
    store.write([put(RECEIPTS, height_key(1), encode((*receipts, receipts[-1])))], sync=True)
    with pytest.raises(StorageDamaged, match="not those of its documents"):
        build_proof(History(store), receipts[0].document_id)


def test_a_key_that_governance_added_is_shown_without_guessing_whose_it_is(packtrail, tmp_path):
    """A proof carries no register of partners, and genesis does not know the key."""
    later = MAKER._replace(name="the maker's second key")
    node = OneNode(build_test_genesis(validators=4))
    acts_at = decide(node, AddKey(MAKER.packed, lane_key(later).public_key, 0))
    while node.ledger.tip.height < acts_at:
        node.produce()
    receipt = node.record(later, node.commission(["A1"]))
    node.produce()
    (tmp_path / "a.proof").write_bytes(encode(build_proof(History(node.store), receipt.document_id)))
    (tmp_path / "genesis.json").write_bytes(encode_genesis(node.genesis))
    code, out, _err = packtrail("verify", "proof", "a.proof", "-o", "json")
    found = msgspec.json.decode(out)
    assert (code, found["accepted"]) == (Exit.OK, True)
    assert found["key"] == lane_key(later).public_key.hex()
    assert "not named in genesis" in found["partner"]


def test_a_refusal_is_proven_too_and_from_json(ledger, genesis_file, packtrail, tmp_path):
    _document, proof = proof_of(ledger, 2)
    content = {"proof": base64.b64encode(proof).decode()}
    (tmp_path / "a.json").write_bytes(msgspec.json.encode(content))
    code, out, _err = packtrail("verify", "proof", "a.json", "--genesis", genesis_file, "-o", "json")
    assert code == Exit.OK
    assert msgspec.json.decode(out)["accepted"] is False


def test_a_changed_proof_proves_nothing(ledger, genesis_file, packtrail, tmp_path):
    _document, proof = proof_of(ledger, 1)
    (tmp_path / "a.proof").write_bytes(proof[:-1] + bytes((proof[-1] ^ 1,)))
    code, out, err = packtrail("verify", "proof", "a.proof", "--genesis", genesis_file)
    assert code == Exit.FAILED
    assert out == ""
    assert "proves nothing" in err


def test_a_file_without_a_proof(genesis_file, packtrail, tmp_path):
    (tmp_path / "a.json").write_bytes(b'{"prof": ""}')
    assert packtrail("verify", "proof", "a.json", "--genesis", genesis_file)[0] == Exit.USAGE
    assert packtrail("verify", "proof", "absent", "--genesis", genesis_file)[0] == Exit.NOT_FOUND


def test_the_demonstration_checks_a_proof(ledger, node):
    document, proof = proof_of(ledger, 1)
    node.answers[f"GET /v1/documents/{document}/proof"] = Reply(raw=proof)
    assert prove(NodeClient(node.url), document, ledger.genesis) == 1


@pytest.fixture
def home(ledger, packtrail, tmp_path):
    packtrail(
        *(
            "init",
            "--home",
            tmp_path / "home",
            "--name",
            "observer",
            "--chain-id",
            "test",
            "--role",
            "observer",
        ),
        *("--passphrase-file", "keys/passphrase", "--key-cost", "minimum", "--no-input"),
    )
    found = Home(tmp_path / "home")
    found.genesis.write_bytes(encode_genesis(ledger.genesis))
    store = open_level(found.database, LevelOptions(), create=True)
    store.write(ledger.store.scan(b"", limit=10_000).rows, sync=True)
    store.close()
    return found


def test_a_stopped_nodes_chain_is_verified(home, ledger, packtrail):
    code, out, _err = packtrail("verify", "chain", "--home", home.root, "-o", "json")
    found = msgspec.json.decode(out)
    assert code == Exit.OK
    assert (found["valid"], found["height"]) == (True, 3)
    assert found["app_hash"] == ledger.ledger.tip.app_hash.hex()


def test_a_damaged_file_is_named(home, packtrail):
    path = next(path for path in home.database.iterdir() if path.suffix == ".log" and path.stat().st_size)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    code, out, err = packtrail("verify", "chain", "--home", home.root, "-o", "json")
    assert code == Exit.FAILED
    assert msgspec.json.decode(out)["where"] == path.name
    assert path.name in err


def test_a_running_nodes_chain_is_left_alone(home, packtrail):
    store = open_level(home.database, LevelOptions(), create=False)
    code, _out, err = packtrail("verify", "chain", "--home", home.root)
    store.close()
    assert code == Exit.FAILED
    assert "another process" in err
