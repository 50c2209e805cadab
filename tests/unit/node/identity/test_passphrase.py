"""Where the passphrase comes from."""

import pytest

from node.identity.passphrase import NoPassphrase, read_passphrase


def test_the_environment_goes_before_the_configuration(tmp_path):
    named, configured = tmp_path / "named", tmp_path / "configured"
    named.write_bytes(b"from the named file\n")
    configured.write_bytes(b"from the configured file\r\n")
    assert read_passphrase({"PACKTRAIL_PASSPHRASE": "text"}, configured) == b"text"
    assert read_passphrase({"PACKTRAIL_PASSPHRASE_FILE": str(named)}, configured) == b"from the named file"
    assert read_passphrase({}, configured) == b"from the configured file"


def test_only_one_line_end_is_cut_off(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b" spaces stay \n\n")
    assert read_passphrase({}, path) == b" spaces stay \n"


@pytest.mark.parametrize(
    ("environment", "content", "message"),
    [
        ({}, None, "set PACKTRAIL_PASSPHRASE or"),
        ({"PACKTRAIL_PASSPHRASE": "a", "PACKTRAIL_PASSPHRASE_FILE": "b"}, None, "both"),
        ({"PACKTRAIL_PASSPHRASE": ""}, None, "empty"),
        ({"PACKTRAIL_PASSPHRASE_FILE": "/nowhere/at/all"}, None, "No such file"),
        ({}, b"\n", "empty"),
        ({}, b"x" * 5_000, "at most 4096"),
    ],
)
def test_no_usable_passphrase_says_why(tmp_path, environment, content, message):
    configured = None
    if content is not None:
        configured = tmp_path / "file"
        configured.write_bytes(content)
    with pytest.raises(NoPassphrase, match=message):
        read_passphrase(environment, configured)


def test_the_longest_passphrase_with_a_line_end_is_taken(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 4_096 + b"\r\n")
    assert read_passphrase({}, path) == b"x" * 4_096
