"""In which line a key stands."""

import pytest

from node.config.lines import key_lines, line_of

TEXT = '''# a comment = 1
top = 1
[ p2p ]
listen = "a = b # [no]"   # other = 2
peers = [
  # inside = 1
  {name = "x", address = "y"},
]
"quoted" = 1

[[p2p.more]]
name = """
hidden = 1
"""
[[p2p.more]]
name = 'it''s'
a.b = 3
[p2p.more.sub]
deep = { x = 1 }
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("top", 2),
        ("p2p", 3),
        ("p2p.listen", 4),
        ("p2p.peers", 5),
        ("p2p.peers[0].name", 5),
        ("p2p.quoted", 9),
        ("p2p.more", 11),
        ("p2p.more[0]", 11),
        ("p2p.more[0].name", 12),
        ("p2p.more[1].name", 16),
        ("p2p.more[1].a.b", 17),
        ("p2p.more.sub.deep", 19),
        ("p2p.nothing", 3),
        ("nothing", 0),
        ("", 0),
    ],
)
def test_the_line_of_a_key_or_of_what_holds_it(key, line):
    assert line_of(key_lines(TEXT), key) == line


def test_what_stands_in_strings_lists_and_comments_is_no_key():
    found = key_lines(TEXT)
    assert not [key for key in found if key.rpartition(".")[2] in ("inside", "hidden", "other", "no")]
