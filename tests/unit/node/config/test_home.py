"""Where the files of a home lie."""

from pathlib import Path

from node.home import HEAD_FILE, LOG_FOLDER, OUTBOX_FOLDER, SIGNER_FILE, Home


def test_everything_lies_in_the_home_and_nothing_twice(tmp_path):
    home = Home(tmp_path)
    named = [value for value in vars(home).values() if value != tmp_path]
    named += [home.data / name for name in (HEAD_FILE, LOG_FOLDER, OUTBOX_FOLDER, SIGNER_FILE)]
    assert all(path.is_relative_to(tmp_path) for path in named)
    assert len(set(named)) == len(named)
    assert list(tmp_path.iterdir()) == [], "naming files makes none"


def test_names_in_the_configuration_are_relative_to_the_home_or_absolute(tmp_path):
    home = Home(tmp_path)
    assert home.resolve("genesis.json") == home.genesis
    assert home.resolve("/etc/passphrase") == Path("/etc/passphrase")
