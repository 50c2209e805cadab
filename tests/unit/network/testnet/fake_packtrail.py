"""A program with the commands that a test network drives, whose nodes only say that they are ready.

Started as a process of its own by the tests of this folder.
"""

import json
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread


def value(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_status = self.path == "/v1/status"
        known = is_status and self.headers.get("Authorization") == "Bearer pt_fake"
        data = b'{"height": 7, "app_hash": "ab"}' if known else b"{}"
        self.send_response(401 if is_status and not known else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as in the base class
        """Say nothing."""


def start(home: Path) -> None:
    if (home / "broken").exists():
        print("this node is broken", flush=True)
        raise SystemExit(1)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    for address in json.loads((home / "addresses.json").read_text()):
        server = HTTPServer(("127.0.0.1", int(address.rpartition(":")[2])), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
    print("started", flush=True)
    while True:
        signal.pause()


def main() -> None:
    match sys.argv[1:3]:
        case ["init", _]:
            home = Path(value("--home"))
            home.mkdir(parents=True)
            (home / "addresses.json").write_text(json.dumps([value("--api"), value("--operators")]))
            (home / "arguments.json").write_text(json.dumps(sys.argv[1:]))
            print(json.dumps({"name": value("--name")}))
        case ["token", "new"]:
            Path(value("--file")).write_text("pt_fake\n")
        case ["genesis", "new"]:
            Path(value("--file")).write_text(json.dumps([sys.argv[1:]]))
        case ["genesis", "add"]:
            file = Path(value("--file"))
            file.write_text(json.dumps([*json.loads(file.read_text()), sys.argv[1:]]))
        case ["node", "start"]:
            start(Path(value("--home")))
        case _:
            print(f"no such command: {sys.argv[1:]}", file=sys.stderr)
            raise SystemExit(2)


main()
