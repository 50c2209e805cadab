"""A regulator who comes late and trusts nobody: the same ledger, no writes, every byte checked."""

import http.client
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from contracts.gs1.dates import format_timestamp
from contracts.gs1.keys import check_digit
from node.home import Home
from tests.testnet.client import Reply, until
from tests.testnet.damage import damaged_copy, draw_flips
from tests.testnet.running import Ended, Running, packtrail

OBSERVER = "regulator"
PACK_GTIN, CASE_GTIN = "00300010123455", "10300010123452"
PACKS = [f"(01){PACK_GTIN}(21)T{number}" for number in range(8)]
CASES = [f"(01){CASE_GTIN}(21)C{number}" for number in range(2)]
_PALLET = "30300019000000017"[:17]
PALLET = f"(00){_PALLET}{check_digit(_PALLET)}"
WHOLESALER = {"receiver": "0399999999991", "destination": "0399993456780"}
FEW, MANY = 24, 200
SEED = 20230401


class Story:
    """What the other partners did before the regulator came: document ids by what they say."""

    def __init__(self, network: Running) -> None:
        self._maker, self._wholesaler, self._stranger = (
            network.client(name) for name in ("maker", "wholesaler", "stranger")
        )
        self._at = format_timestamp(self._maker.now_ms())
        self.documents: dict[str, str] = {}

    def play(self) -> None:
        """Make eight packs, pack them into cases and a pallet, sell it; a stranger reaches for it in vain."""
        batch = {"lot": "T9", "expiry": "2025-06-30", "line": "LINE-1"}
        made = [
            self._record("commission", gtin=gtin, serials=serials, **batch)
            for gtin, serials in ((PACK_GTIN, _serials(PACKS)), (CASE_GTIN, _serials(CASES)))
        ]
        packed = [
            self._record("pack", parent=parent, children=children)
            for parent, children in ((CASES[0], PACKS[:4]), (CASES[1], PACKS[4:]), (PALLET, CASES))
        ]
        self.documents["made"] = self._maker.accept(*made)["document"]
        self.documents["packed"] = self._maker.accept(*packed)["document"]
        reference = {"type": "po", "value": "PO-7"}
        terms = {**WHOLESALER, "purpose": "sale", "ownership_passes": True, "references": [reference]}
        sold = self._record("ship", items=[PALLET], **terms)
        self.documents["sold"] = self._maker.accept(sold)["document"]
        shipment = self._shipment(self.documents["sold"])
        receipt = self._record("receive", shipment=shipment, mode="all")
        reply = self._stranger.submit([receipt], record_refusal=True)
        assert (reply.status, reply.body["accepted"]) == (http.client.OK, False), reply
        self.documents["refused"] = reply.body["document"]
        self.documents["received"] = self._wholesaler.accept(receipt)["document"]

    def _record(self, record: str, **fields: object) -> dict[str, object]:
        return {"record": record, "at": self._at, **fields}

    def _shipment(self, document: str) -> str:
        """Return the shipment that a document announced, once all who are asked about it know it."""
        for client in (self._wholesaler, self._stranger):
            until(lambda client=client: client.document(document), "it hears of the shipment")
        (shipment,) = self._wholesaler.get("/v1/shipments", state="outstanding")["shipments"]
        assert shipment["announced"]["document"] == document
        return shipment["shipment"]


def _serials(items: list[str]) -> list[str]:
    return [item.partition("(21)")[2] for item in items]


@pytest.fixture(scope="module")
def story(pharma_made: Running) -> Story:
    """The story is over; only then does the observer start, with nothing but its keys and genesis."""
    pharma_made.make_whole()
    pharma_made.stop(OBSERVER)
    shutil.rmtree(Home(pharma_made.folder.home(OBSERVER)).data)
    told = Story(pharma_made)
    told.play()
    pharma_made.recover(OBSERVER)
    return told


def test_it_has_the_same_ledger(pharma: Running, story: Story) -> None:
    clients = pharma.clients(*pharma.validators, OBSERVER)

    def heads() -> set[tuple[int, str]]:
        found = [client.get("/v1/status") for client in clients.values()]
        return {(head["height"], head["app_hash"]) for head in found}

    until(lambda: len(heads()) == 1, "all nodes have one height and one app hash")
    for client in clients.values():
        assert client.document(story.documents["received"])["accepted"] is True
        refused = client.document(story.documents["refused"])
        assert (refused["accepted"], refused["code"]) == (False, "not_receiver")
        assert client.item(PACKS[0])["holder"] == WHOLESALER["receiver"]


def test_it_refuses_every_write(pharma: Running, story: Story) -> None:
    """Whatever its own description says can be posted or deleted, and whatever the token."""
    observer = pharma.client(OBSERVER)
    paths = observer.get("/openapi.json")["paths"]
    writes = [
        (method.upper(), path.replace("{id}", "x"))
        for path, methods in paths.items()
        for method in methods.keys() & {"post", "put", "patch", "delete"}
    ]
    assert len(writes) >= 5
    for token in (None, "", "made-up"):
        for method, path in writes:
            reply = pharma.client(OBSERVER, token).ask(method, path, {})
            assert (reply.status, reply.code) == (http.client.FORBIDDEN, "read_only_node"), (method, path)
            assert OBSERVER in reply.body["detail"]


# ----------------------------------------------------------------------------------------------- proofs


@pytest.fixture
def proven(pharma: Running, story: Story) -> dict[str, bytes]:
    """Proofs by what they prove, as the observer gives them."""
    observer = pharma.client(OBSERVER)
    paths = {what: f"/v1/documents/{story.documents[what]}/proof" for what in ("sold", "refused")}
    # It follows: the block that certifies the last verdict may be on its way.
    return {
        what: until(lambda path=path: _bytes_of(observer.ask("GET", path)), f"{what} can be proven")
        for what, path in paths.items()
    }


def _bytes_of(reply: Reply) -> bytes:
    return reply.data if reply.status == http.client.OK else b""


def verify_proof(proof: bytes, genesis: bytes, folder: Path) -> Ended:
    """Check a proof in a folder that holds it and genesis, and nothing else."""
    (folder / "record.proof").write_bytes(proof)
    (folder / "genesis.json").write_bytes(genesis)
    arguments = ("verify", "proof", folder / "record.proof", "--genesis", folder / "genesis.json")
    return packtrail(*arguments, "--output", "json", state=folder)


def test_proofs_need_genesis_alone(
    pharma: Running, story: Story, proven: dict[str, bytes], tmp_path: Path
) -> None:
    genesis = pharma.folder.genesis.read_bytes()
    found = verify_proof(proven["sold"], genesis, tmp_path).json
    place = pharma.client("maker").document(story.documents["sold"])
    assert (found["valid"], found["document"]) == (True, story.documents["sold"])
    assert (found["height"], found["records"], found["accepted"]) == (place["height"], ["Ship"], True)
    assert found["partner"] == "Maker (0300011111116), as named in genesis"
    # That a rule refused it is proven too.
    found = verify_proof(proven["refused"], genesis, tmp_path).json
    assert (found["document"], found["code"]) == (story.documents["refused"], "not_receiver")


def test_a_proof_that_was_touched_proves_nothing(
    pharma: Running, proven: dict[str, bytes], tmp_path: Path
) -> None:
    genesis = pharma.folder.genesis.read_bytes()
    proof = bytearray(proven["sold"])
    proof[len(proof) // 2] ^= 1
    assert verify_proof(bytes(proof), genesis, tmp_path).code == 1
    other = json.loads(genesis)
    other["chain_id"] = "another-network"
    assert verify_proof(proven["sold"], json.dumps(other).encode(), tmp_path).code == 1


# ---------------------------------------------------------------------------------------- verify chain


@pytest.fixture(scope="module")
def stopped(pharma_made: Running, story: Story, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A copy of the observer's home, after its orderly end."""
    pharma_made.start(OBSERVER)
    pharma_made.stop(OBSERVER)
    target = tmp_path_factory.mktemp("stopped") / "home"
    shutil.copytree(pharma_made.folder.home(OBSERVER), target)
    return Home(target)


def test_verify_chain_passes(pharma: Running, story: Story, stopped: Home) -> None:
    done = packtrail("verify", "chain", "--home", stopped.root, "--output", "json", state=stopped.root)
    assert done.code == 0, done.err
    found = done.json
    validator = pharma.client("maker")
    block = validator.get(f"/v1/blocks/{found['height']}")
    assert (found["valid"], found["block_id"], found["app_hash"]) == (
        True,
        block["block_id"],
        block["app_hash"],
    )
    assert found["height"] >= validator.document(story.documents["received"])["height"]
    assert found["documents"] >= len(story.documents)
    assert found["signatures"] > 3 * found["height"]
    assert found["files"] >= 2


def verify_chain(home: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """Run `verify chain` in this process: its start takes longer than its work."""
    capsys.readouterr()
    code = run(["verify", "chain", "--home", str(home), "--output", "json"])
    return code, json.loads(capsys.readouterr().out)


def check_flips(home: Home, count: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> Counter[str]:
    """Flip one bit after the other, each in a copy of its own; return how many of each kind were found."""
    found: Counter[str] = Counter()
    assert verify_chain(home.root, capsys)[0] == 0
    head = verify_chain(home.root, capsys)[1]["height"]
    for number, flip in enumerate(draw_flips(home, count, SEED)):
        copy = damaged_copy(home, flip, folder / str(number))
        code, facts = verify_chain(copy, capsys)
        assert (code, facts["valid"]) == (1, False), flip
        if flip.kind == "file":
            assert (facts["height"], facts["where"]) == (None, flip.place.name), (flip, facts)
        else:
            assert 0 <= facts["height"] <= head, (flip, facts)
        found[flip.kind] += 1
        shutil.rmtree(copy)
    return found


def test_a_flipped_bit_is_found(stopped: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In every kind of stored value the height is named, in every file of the database the file."""
    found = check_flips(stopped, FEW, tmp_path, capsys)
    assert found.total() == FEW
    assert len(found) == 10


@pytest.mark.slow
def test_many_flipped_bits_are_found(
    stopped: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = check_flips(stopped, MANY, tmp_path, capsys)
    assert found.total() == MANY
    assert min(found.values()) >= MANY // 20
