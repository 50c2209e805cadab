"""In which line of a TOML file a key stands, so that a problem can point at it.

The standard library's parser does not say. This reader is no second parser: it looks at files that the parser
has accepted, and a key it does not find (inside an inline table) is reported at the line of what holds it.
"""

import re

_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')
_HEADER = re.compile(r"^\s*(\[{1,2})\s*([^\[\]]+?)\s*\]{1,2}")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\"'.\- ]+?)\s*=")
_MULTI_LINE_QUOTES = ('"""', "'''")


class _Scanner:
    """Walks the lines and remembers in which table and in which open value it is."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self._table = ""
        self._counts: dict[str, int] = {}
        self._depth = 0
        self._quotes = ""

    def take(self, number: int, line: str) -> None:
        if self._quotes:
            if self._quotes in line:
                self._quotes = ""
            return
        if not self._depth and not self._take_header(number, line):
            self._take_key(number, line)
        self._follow(line)

    def _take_header(self, number: int, line: str) -> bool:
        header = _HEADER.match(line)
        if header is None:
            return False
        name = _plain(header[2])
        if header[1] == "[[":
            count = self._counts.get(name, 0)
            self._counts[name] = count + 1
            self.lines.setdefault(name, number)
            name = f"{name}[{count}]"
        self._table = name
        self.lines.setdefault(name, number)
        return True

    def _take_key(self, number: int, line: str) -> None:
        key = _KEY.match(line)
        if key is not None:
            prefix = f"{self._table}." if self._table else ""
            self.lines.setdefault(prefix + _plain(key[1]), number)

    def _follow(self, line: str) -> None:
        """Note whether a value goes on in the next line."""
        for quotes in _MULTI_LINE_QUOTES:
            if line.count(quotes) % 2:
                self._quotes = quotes
                return
        code = _STRING.sub("", line).partition("#")[0]
        if _HEADER.match(code) is None or self._depth:
            self._depth += code.count("[") + code.count("{") - code.count("]") - code.count("}")


def _plain(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))


def key_lines(text: str) -> dict[str, int]:
    """Return the line, from 1, of every table and key, by dotted name such as `p2p.peers[0].address`."""
    scanner = _Scanner()
    for number, line in enumerate(text.splitlines(), start=1):
        scanner.take(number, line)
    return scanner.lines


def line_of(lines: dict[str, int], key: str) -> int:
    """Return the line of `key`, or of the nearest thing that holds it; 0 when nothing does."""
    while key:
        if key in lines:
            return lines[key]
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return 0
