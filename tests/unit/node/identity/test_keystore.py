"""Keys at rest: what opens them, what does not, and what is told without opening."""

import msgspec
import pytest

from contracts.primitives import signing
from node.identity import keystore
from node.identity.keystore import (
    COSTS,
    KeyDamaged,
    KeyExists,
    KeyKind,
    KeyMissing,
    Keystore,
    KeystoreError,
    WrongPassphrase,
)
from node.storage.files import DiskFiles
from node.storage.memory_files import MemoryFiles
from tests.unit.node.storage.faults import at_every_crash, restarts

CHEAP = COSTS["minimum"]
SECRET = b"correct horse"
ALL = [(KeyKind.NODE, ""), (KeyKind.VALIDATOR, ""), (KeyKind.PARTNER, "plant"), (KeyKind.PARTNER, "dc-2")]


@pytest.fixture
def files():
    return MemoryFiles()


@pytest.fixture
def keys(files):
    return Keystore(files, "keys")


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_a_key_is_made_and_opened(keys, kind, name):
    info = keys.create(kind, SECRET, CHEAP, name)
    opened = keys.load(kind, SECRET, name)
    assert opened.info == info == keys.find(kind, name)
    assert signing.verify(info.public_key, b"m", signing.sign(opened.seed, b"m"))
    assert opened.public_key == info.public_key


def test_a_seed_from_elsewhere_is_taken(keys):
    info = keys.create(KeyKind.NODE, SECRET, CHEAP, seed=b"\x05" * 32)
    assert info.public_key == signing.public_key_of(b"\x05" * 32)
    with pytest.raises(KeystoreError, match="32 bytes"):
        keys.create(KeyKind.VALIDATOR, SECRET, CHEAP, seed=b"short")


def test_two_keys_differ(keys):
    one = keys.create(KeyKind.PARTNER, SECRET, CHEAP, "a")
    other = keys.create(KeyKind.PARTNER, SECRET, CHEAP, "b")
    assert one.public_key != other.public_key


def test_the_files_hold_no_secret_in_the_clear_and_are_private(tmp_path):
    keys = Keystore(DiskFiles(tmp_path), "keys")
    keys.create(KeyKind.VALIDATOR, SECRET, CHEAP)
    path = tmp_path / "keys/validator.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    opened = keys.load(KeyKind.VALIDATOR, SECRET)
    content = path.read_bytes()
    for form in (opened.seed, opened.seed.hex().encode(), SECRET):
        assert form not in content
    assert opened.seed.hex() not in repr(opened)
    assert str(opened.seed) not in repr(opened)


def test_the_wrong_passphrase_says_so(keys):
    keys.create(KeyKind.NODE, SECRET, CHEAP)
    with pytest.raises(WrongPassphrase, match=r"keys/node.json: this passphrase does not open it"):
        keys.load(KeyKind.NODE, b"incorrect")


def test_a_missing_key_and_one_in_the_way_say_so(keys):
    with pytest.raises(KeyMissing, match=r"keys/node\.json"):
        keys.load(KeyKind.NODE, SECRET)
    with pytest.raises(KeyMissing, match=r"keys/partner-x\.json"):
        keys.find(KeyKind.PARTNER, "x")
    info = keys.create(KeyKind.NODE, SECRET, CHEAP)
    with pytest.raises(KeyExists, match="rotate"):
        keys.create(KeyKind.NODE, SECRET, CHEAP)
    assert keys.find(KeyKind.NODE) == info


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (KeyKind.NODE, "x"),
        (KeyKind.VALIDATOR, "x"),
        (KeyKind.PARTNER, ""),
        (KeyKind.PARTNER, "../node"),
        (KeyKind.PARTNER, "a b"),
        (KeyKind.PARTNER, "é"),
        (KeyKind.PARTNER, "x" * 64),
    ],
)
def test_names_that_no_key_has(keys, kind, name):
    with pytest.raises(KeystoreError, match="name"):
        keys.create(kind, SECRET, CHEAP, name)


def test_a_key_renamed_into_another_kind_does_not_open(files, keys):
    keys.create(KeyKind.NODE, SECRET, CHEAP)
    files.rename("keys/node.json", "keys/validator.json")
    with pytest.raises(KeyDamaged, match="under another's name"):
        keys.load(KeyKind.VALIDATOR, SECRET)


def test_any_changed_character_is_damage_or_changes_nothing_and_is_never_a_wrong_passphrase(files, keys):
    keys.create(KeyKind.PARTNER, SECRET, CHEAP, "plant")
    path = "keys/partner-plant.json"
    original, seed, noticed = files.read(path), keys.load(KeyKind.PARTNER, SECRET, "plant").seed, 0
    for at in range(len(original)):
        files.open(path).write_at(0, original[:at] + bytes((original[at] ^ 1,)) + original[at + 1 :])
        try:
            assert keys.load(KeyKind.PARTNER, SECRET, "plant").seed == seed, (
                "unused bits of base64's last digit"
            )
        except KeyDamaged:
            noticed += 1
    assert noticed >= len(original) - 3


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b"[" * 4_000, b" " * 5_000])
def test_a_file_that_is_no_key_file_is_damage(files, keys, content):
    files.make_folder("keys")
    files.open("keys/node.json").append(content)
    with pytest.raises(KeyDamaged, match=r"keys/node\.json"):
        keys.load(KeyKind.NODE, SECRET)


def rewritten(files, **changes):
    """A key file whose fields were changed by one who knows how to make the checksum fit."""
    file = msgspec.json.decode(files.read("keys/node.json"), type=keystore._KeyFile)
    changed = msgspec.structs.replace(file, **changes).with_checksum()
    files.remove("keys/node.json")
    files.open("keys/node.json").append(msgspec.json.encode(changed))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "version 2"),
        ({"argon2id": COSTS["minimum"].__class__(1, 1 << 40)}, "asks for 1 passes over 1099511627776 bytes"),
        ({"argon2id": COSTS["minimum"].__class__(1_000, 8192)}, "asks for 1000 passes"),
        ({"public_key": bytes(32)}, "not that of its secret"),
    ],
)
def test_a_forged_file_is_refused(files, keys, changes, message):
    keys.create(KeyKind.NODE, SECRET, CHEAP)
    rewritten(files, **changes)
    with pytest.raises(KeyDamaged, match=message):
        keys.load(KeyKind.NODE, SECRET)


def test_a_file_whose_secret_is_of_another_form_is_refused(files, keys):
    keys.create(KeyKind.NODE, SECRET, CHEAP)
    box = keystore._box(SECRET, bytes(16), CHEAP).encrypt(b"\xc0", bytes(24))
    rewritten(files, salt=bytes(16), box=bytes(box))
    with pytest.raises(KeyDamaged, match=r"keys/node\.json"):
        keys.load(KeyKind.NODE, SECRET)
    rewritten(files, salt=b"short")
    with pytest.raises(KeystoreError, match="argon2id"):
        keys.load(KeyKind.NODE, SECRET)


def test_rotation_keeps_the_old_file_and_needs_the_passphrase(files, keys):
    old = keys.create(KeyKind.PARTNER, SECRET, CHEAP, "plant")
    with pytest.raises(WrongPassphrase):
        keys.rotate(KeyKind.PARTNER, b"incorrect", CHEAP, "plant")
    new = keys.rotate(KeyKind.PARTNER, SECRET, CHEAP, "plant")
    assert new.public_key != old.public_key
    assert keys.load(KeyKind.PARTNER, SECRET, "plant").info == new
    assert files.names("keys") == [
        "partner-plant.json",
        f"partner-plant.json.retired-{old.public_key[:4].hex()}",
    ]
    assert list(keys.list()) == [new]


def test_no_crash_while_rotating_leaves_no_key():
    def prepare(files):
        Keystore(files, "keys").create(KeyKind.NODE, SECRET, CHEAP, seed=b"\x01" * 32)

    def run(files, told):
        told.append(Keystore(files, "keys").rotate(KeyKind.NODE, SECRET, CHEAP))

    def check(after, told):
        found = Keystore(after, "keys").load(KeyKind.NODE, SECRET).info
        assert not told or found == told[0]

    assert at_every_crash(prepare, run, check) == 11


def test_a_key_that_was_seen_stays():
    """The network may have been told of it: also when the command that made it was killed."""

    def run(files, _told):
        Keystore(files, "keys").create(KeyKind.NODE, SECRET, CHEAP)

    def check(after, _told):
        seen = Keystore(after, "keys").list()
        for again in restarts(after):
            assert list(Keystore(again, "keys").list()) == list(seen)

    assert at_every_crash(lambda _files: None, run, check) == 6


def test_all_keys_get_another_passphrase(keys):
    made = [keys.create(kind, SECRET, CHEAP, name) for kind, name in ALL]
    assert sorted(keys.change_passphrase(SECRET, b"new"), key=str) == sorted(made, key=str)
    for kind, name in ALL:
        assert keys.load(kind, b"new", name).info in made
        with pytest.raises(WrongPassphrase):
            keys.load(kind, SECRET, name)


def test_nothing_changes_when_a_key_has_a_third_passphrase(keys):
    keys.create(KeyKind.NODE, SECRET, CHEAP)
    keys.create(KeyKind.PARTNER, b"third", CHEAP, "plant")
    with pytest.raises(WrongPassphrase, match="plant"):
        keys.change_passphrase(SECRET, b"new")
    assert keys.load(KeyKind.NODE, SECRET)


def test_a_change_of_passphrase_that_was_interrupted_can_be_finished():
    def prepare(files):
        keys = Keystore(files, "keys")
        for kind, name in ALL[:2]:
            keys.create(kind, SECRET, CHEAP, name)

    def run(files, told):
        told.append(Keystore(files, "keys").change_passphrase(SECRET, b"new"))

    def check(after, told):
        keys = Keystore(after, "keys")
        assert not told or all(keys.load(kind, b"new", name) for kind, name in ALL[:2])
        keys.change_passphrase(SECRET, b"new")
        for again in restarts(after):
            keys = Keystore(again, "keys")
            assert all(keys.load(kind, b"new", name) for kind, name in ALL[:2])

    assert at_every_crash(prepare, run, check) == 16


def test_keys_are_listed_without_a_passphrase(files, keys):
    assert list(keys.list()) == []
    made = [keys.create(kind, SECRET, CHEAP, name) for kind, name in ALL]
    files.open("keys/node.crt").append(b"a certificate")
    assert sorted(keys.list(), key=str) == sorted(made, key=str)
