"""API tokens: kept as hashes, known at once, revoked for ever."""

import stat

import pytest

from node.api.tokens import NoSuchToken, Role, TokenFile
from node.storage.errors import StorageDamaged

NOW = "2026-11-21T22:00:00.000Z"
LATER = "2026-11-22T22:00:00.000Z"


@pytest.fixture
def tokens(tmp_path):
    return TokenFile(tmp_path / "config" / "tokens.json")


def test_a_token_is_granted_its_roles_and_partner(tokens):
    token, entry = tokens.create("line", [Role.READ_OWN, Role.SUBMIT, Role.SUBMIT], NOW, "9521101000009")
    grant = tokens.check(token)
    assert (grant.id, grant.name, grant.partner) == (entry.id, "line", "9521101000009")
    assert grant.roles == {Role.SUBMIT, Role.READ_OWN}
    assert grant.allows(Role.ADMIN, Role.SUBMIT)
    assert not grant.allows(Role.ADMIN)


def test_the_file_does_not_hold_the_token_and_is_private(tokens, tmp_path):
    token, _entry = tokens.create("line", [Role.SUBMIT], NOW)
    path = tmp_path / "config" / "tokens.json"
    assert token not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("token", ["", "pt_", "pt_unknown", "💊"])
def test_an_unknown_token_grants_nothing(tokens, token):
    assert tokens.check(token) is None
    tokens.create("line", [Role.SUBMIT], NOW)
    assert tokens.check(token) is None


def test_a_running_node_sees_new_and_revoked_tokens_at_once(tokens, tmp_path):
    running = TokenFile(tmp_path / "config" / "tokens.json")
    assert running.check("pt_x") is None
    token, entry = tokens.create("line", [Role.SUBMIT], NOW)
    assert running.check(token) is not None
    tokens.revoke(entry.id, LATER)
    assert running.check(token) is None
    (tmp_path / "config" / "tokens.json").unlink()
    assert running.check(token) is None


def test_a_revoked_token_stays_in_the_file_with_its_first_revocation(tokens):
    _token, entry = tokens.create("line", [Role.SUBMIT], NOW)
    assert tokens.revoke(entry.id[:3], LATER).revoked == LATER
    assert tokens.revoke(entry.id, "2027-01-01T00:00:00.000Z").revoked == LATER
    assert [kept.revoked for kept in tokens.list()] == [LATER]


@pytest.mark.parametrize("identifier", ["", "zz"])
def test_an_id_that_names_no_token(tokens, identifier):
    tokens.create("line", [Role.SUBMIT], NOW)
    with pytest.raises(NoSuchToken):
        tokens.revoke(identifier, LATER)


def test_ids_are_never_given_twice(tmp_path):
    drawn = [b"\1" * 32, b"\7" * 4, b"\2" * 32, b"\7" * 4, b"\10" * 4]
    tokens = TokenFile(tmp_path / "tokens.json", lambda _count: drawn.pop(0))
    ids = [tokens.create("line", [Role.SUBMIT], NOW)[1].id for _ in range(2)]
    assert ids == ["07070707", "08080808"]


def test_a_token_without_a_role_is_not_made(tokens):
    with pytest.raises(ValueError, match="without a role"):
        tokens.create("line", [], NOW)


@pytest.mark.parametrize("content", [b"{", b"[{}]", b'[{"id": 1}]', b" " * (5 << 20)])
def test_a_damaged_file_opens_no_door(tokens, tmp_path, content):
    token, _entry = tokens.create("line", [Role.SUBMIT], NOW)
    assert tokens.check(token) is not None
    (tmp_path / "config" / "tokens.json").write_bytes(content)
    for _ in range(2):
        with pytest.raises(StorageDamaged, match="tokens"):
            tokens.check(token)
