"""A start tells what the configuration says otherwise than at the last one."""

import pytest

from node.config.load import load_config
from node.config.remembered import changes_since, remember
from node.storage.memory_files import MemoryFiles

DEFAULT = load_config().config
OTHER = load_config(flags={"p2p.listen": "127.0.0.1:9999", "log.level": "debug"}).config


@pytest.fixture
def files() -> MemoryFiles:
    return MemoryFiles()


def test_nothing_is_told_at_the_first_start_and_without_a_change(files: MemoryFiles) -> None:
    assert changes_since(files, "config", DEFAULT) == ()
    remember(files, "config", DEFAULT)
    assert changes_since(files, "config", DEFAULT) == ()


def test_every_changed_key_is_told(files: MemoryFiles) -> None:
    remember(files, "config", DEFAULT)
    told = changes_since(files, "config", OTHER)
    assert told == (
        'p2p.listen was "127.0.0.1:7700", is "127.0.0.1:9999"',
        'log.level was "info", is "debug"',
    )
    remember(files, "config", OTHER)
    assert changes_since(files, "config", OTHER) == ()


def test_what_was_remembered_may_be_damaged(files: MemoryFiles) -> None:
    remember(files, "config", DEFAULT)
    files.flip("config", 40, 3)
    (told,) = changes_since(files, "config", DEFAULT)
    assert "does not match its checksum" in told
