"""`packtrail node reindex` at a terminal: what it says when it is done, and when a block is damaged."""

import msgspec
import structlog

from cli.failures import Exit
from node.assembly import open_store
from node.setting import read_setting
from node.storage.store import BLOCKS, put
from tests.damage.home import make_home


def test_a_database_is_built_anew_or_stays_as_it_is(packtrail, tmp_path):
    home = make_home(tmp_path / "home")
    before = structlog.get_config()
    try:
        code, out, _err = packtrail("node", "reindex", "--home", home.root, "--output", "json")
        told = msgspec.json.decode(out)
        assert (code, told["blocks executed"]) == (Exit.OK, told["height"])
        assert told["old database in"].endswith("damaged-1")
        store = open_store(read_setting(home), home.database)
        store.write([put(BLOCKS, (3).to_bytes(8, "big"), b"no block")], sync=True)
        store.close()
        code, _out, err = packtrail("node", "reindex", "--home", home.root)
        assert code == Exit.FAILED
        assert "nothing was changed: height 3" in err
        assert "packtrail node repair --rebuild" in err
    finally:
        structlog.configure(**before)
