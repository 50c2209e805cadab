"""A damaged node is repaired from its peers, signs nothing twice, and refuses where nobody can help."""

import shutil
from pathlib import Path

from node.home import SIGNER_FILE, Home
from tests.testnet.client import until
from tests.testnet.history import History
from tests.testnet.load import Load, birth, units
from tests.testnet.running import Ended, Running, packtrail
from tests.testnet.test_faults import PREFIXES

NAME = "validator-4"


def repair(network: Running, *options: str, name: str = NAME) -> Ended:
    """Run the command on a stopped node."""
    home = network.folder.home(name)
    return packtrail("node", "repair", "--home", home, "--output", "json", *options, state=network.state)


def flip(path: Path, share: float) -> None:
    """Flip a bit at that share of a file."""
    data = bytearray(path.read_bytes())
    data[int(len(data) * share)] ^= 1
    path.write_bytes(data)


def a_little_history(network: Running) -> History:
    """Let documents come into the chain under load."""
    history = History()
    with Load(network.clients(*network.validators), PREFIXES, history):
        until(lambda: history.committed >= 12, "documents are committed")
    return history


def test_a_damaged_database_is_fetched_anew_while_the_others_go_on(four: Running) -> None:
    history = a_little_history(four)
    four.stop(NAME)
    home = Home(four.folder.home(NAME))
    signed = (home.data / SIGNER_FILE).read_bytes()
    (manifest,) = home.database.glob("MANIFEST-*")
    flip(manifest, 0.5)
    first = four.client("validator-1")
    history.note(first.submit([birth(first.now_ms(), units(PREFIXES["validator-1"], 1))]))

    done = repair(four)
    assert done.code == 0, done.err
    assert "damaged: database" in done.err
    assert done.json["height"] > 0
    assert done.json["own rows complete"] is False
    assert f"{done.json['kept in']}/database has what is left of the old database" in done.err
    kept = Path(done.json["kept in"])
    assert (kept / "database" / manifest.name).exists()
    assert (kept / "head").exists()
    # The record of what it signed is what it was: so no step can be signed twice.
    assert (home.data / SIGNER_FILE).read_bytes() == signed

    four.recover(NAME)
    # It votes again: without it two of three are no quorum.
    four.kill("validator-3")
    history.note(first.submit([birth(first.now_ms(), units(PREFIXES["validator-1"], 1))]))
    four.recover("validator-3")
    history.check(four.clients(*four.validators))
    four.same_ledger()
    for name in four.validators:
        assert four.client(name, None).get("/v1/evidence")["evidence"] == []


def test_nothing_damaged_is_said(four: Running) -> None:
    four.stop(NAME)
    done = repair(four, "--thorough")
    assert (done.code, done.out) == (0, b"")
    assert "Nothing is damaged" in done.err
    four.recover(NAME)


def test_a_running_node_is_not_touched(four: Running) -> None:
    done = repair(four)
    assert done.code == 1
    assert "runs, as process" in done.err


def test_without_the_record_of_what_it_signed_nothing_is_done(four: Running) -> None:
    four.stop(NAME)
    home = Home(four.folder.home(NAME))
    kept = (home.data / SIGNER_FILE).read_bytes()
    (home.data / SIGNER_FILE).unlink()
    shutil.rmtree(home.database)
    before = sorted(path.name for path in home.data.iterdir())
    done = repair(four)
    assert done.code == 6
    assert "not knowing what it signed last" in done.err
    assert sorted(path.name for path in home.data.iterdir()) == before
    (home.data / SIGNER_FILE).write_bytes(kept)
    # With it, even a database that is gone comes back.
    done = repair(four)
    assert done.code == 0, done.err
    four.recover(NAME)
    four.same_ledger()


def test_a_validator_that_lost_its_data_folder_listens_and_votes_again(four: Running) -> None:
    history = a_little_history(four)
    four.stop(NAME)
    shutil.rmtree(Home(four.folder.home(NAME)).data)
    refused = repair(four)
    assert refused.code == 6
    assert "--give-up-signer" in refused.err
    done = repair(four, "--give-up-signer")
    assert done.code == 0, done.err
    assert "listens before it votes" in done.err

    four.start(NAME)
    with Load(four.clients(*four.validators[:3]), PREFIXES, history):
        # It listens for some heights; without documents they would come at the pace of heartbeats.
        four.wait_for_votes(NAME)
    # Its vote counts: without it two of three are no quorum.
    four.kill("validator-3")
    first = four.client("validator-1")
    history.note(first.submit([birth(first.now_ms(), units(PREFIXES["validator-1"], 1))]))
    four.recover("validator-3")
    history.check(four.clients(*four.validators))
    four.same_ledger()
    for name in four.validators:
        assert four.client(name, None).get("/v1/evidence")["evidence"] == []


def test_without_peers_nothing_is_changed(four: Running) -> None:
    four.stop(*four.validators)
    home = Home(four.folder.home(NAME))
    current = home.database / "CURRENT"
    named = current.read_bytes()
    current.write_bytes(b"MANIFEST-999999\n")
    done = repair(four, "--patience", "2")
    assert done.code == 5
    assert "nothing was changed" in done.err
    assert "Connection refused" in done.err or "refused" in done.err
    assert current.read_bytes() == b"MANIFEST-999999\n"
    current.write_bytes(named)
    four.recover(*four.validators)
    four.same_ledger()
