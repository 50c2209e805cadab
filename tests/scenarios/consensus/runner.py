"""Runs the scenarios of this folder, or rewrites what they say happens.

    python -m tests.scenarios.consensus.runner --rewrite [FILE…]

A scenario file is a page of documentation. Lines that begin with `>` are handed to an engine, the indented
lines below are its answer, `##` begins anew; all others are prose. --rewrite writes the answers anew, so that
a change of the engine is reviewed as a change of this documentation. The commands are:

    > start [own=N|none] [height=N] [powers=1,1,1,1] [signers=0,1,2] [idle] [after-bundles]
            [committed=VALUE/ROUND/AUTHORS] [signed=STEP/ROUND/VALUE/HEIGHT]
            [locked=VALUE/ROUND] [valid=VALUE/ROUND]
    > propose ROUND VALUE [valid=ROUND] [by=N]         > prevote|precommit ROUND VALUE AUTHORS [height=N]
    > check ROUND VALUE [invalid] [missing] [untimely] > built ROUND VALUE
    > timeout TIMER [ROUND]                            > certificate ROUND VALUE AUTHORS
    > bundles                                          > restart
    > help N          hand node N what this node sends a peer in its round

`@N` before a command addresses node N, else node 0; a node votes as the validator of its number. What a node
is told to sign comes back to it at once. An input that changes nothing is `not logged`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from consensus.effects import Input, ProposalReceived, Sign, VoteReceived
from consensus.values import NO_VALUE, RoundValue, Step, Timer
from contracts.chain.commit import NO_COMMIT
from contracts.chain.votes import NO_ROUND
from tests.scenarios.consensus.wording import told, told_value
from tests.unit.consensus.driver import Driver, a_commit, a_start, replayed, value

FOLDER = Path(__file__).parent


def scenario_files() -> list[Path]:
    """Return the scenario files in order."""
    return sorted(FOLDER.glob("*.txt"))


def transcript(text: str) -> str:
    """Return a scenario file with the answers that the engine gives now."""
    return "\n".join(_lines(text)) + "\n"


def _lines(text: str) -> Iterator[str]:
    scene = Scene()
    for line in text.splitlines():
        if line.startswith("  "):
            continue
        yield line
        if line.startswith("## "):
            scene = Scene()
        elif line.startswith("> "):
            for answer in scene.run(line.removeprefix("> ").split()):
                yield f"  {answer}"


class Scene:
    """The nodes of one scenario."""

    def __init__(self) -> None:
        self.nodes: dict[int, Driver] = {}
        self.shown: dict[int, str] = {}

    def run(self, words: list[str]) -> Iterator[str]:
        """Run one command of one node and tell what it answers."""
        number = int(words.pop(0)[1:]) if words[0].startswith("@") else 0
        node = self.nodes.setdefault(number, Driver())
        verb, *rest = words
        flags = {word for word in rest if "=" not in word}
        options = dict(word.split("=") for word in rest if "=" in word)
        plain = [word for word in rest if "=" not in word]
        logged = len(node.log)
        node.effects = []
        if verb == "start":
            node.start(_start(number, flags, options))
        elif verb == "restart":
            node.engine, _ = replayed(node.log)
            node.effects = list(node.engine.outstanding)
            yield "outstanding:"
        elif verb == "help":
            yield from self._help(node, int(plain[0]))
        else:
            _hand_in(node, verb, plain, options)
        yield from (told(effect) for effect in node.effects)
        yield from self._ending(
            number, node, changed=len(node.log) > logged or bool(node.effects) or verb == "help"
        )

    def _ending(self, number: int, node: Driver, *, changed: bool) -> Iterator[str]:
        if not changed:
            yield "not logged"
        engine = node.engine
        status = f"now height {engine.height} round {engine.round} {engine.step.name.lower()}"
        for name, held in (("locked", engine.locked), ("valid", engine.valid)):
            if held != NO_VALUE:
                status += f", {name} {told_value(held)}"
        if self.shown.get(number) != status:
            self.shown[number] = status
            yield status

    def _help(self, node: Driver, peer: int) -> Iterator[str]:
        other = self.nodes[peer]
        sent = node.engine.messages_for(other.engine.round)
        yield told(sent)
        messages: list[Input] = [ProposalReceived(each) for each in sent.proposals]
        messages += [VoteReceived(each) for each in sent.votes]
        node.effects = []
        yield f"node {peer}:"
        yield from (told(effect) for effect in other.put(*messages))
        yield from self._ending(peer, other, changed=True)


def _start(number: int, flags: set[str], options: dict[str, str]):
    own = options.get("own", str(number))
    committed = NO_COMMIT
    height = int(options.get("height", "1"))
    if "committed" in options:
        name, round_, authors = options["committed"].split("/")
        committed = a_commit(int(round_), value(name), _numbers(authors), height - 1)
    return a_start(
        _numbers(options.get("powers", "1,1,1,1")),
        own=None if own == "none" else int(own),
        height=height,
        bundles="idle" not in flags,
        previous_had_bundles="after-bundles" in flags,
        signers=_numbers(options.get("signers", "")),
        previous_commit=committed,
        signed=_signed(options),
    )


def _signed(options: dict[str, str]) -> Sign | None:
    if "signed" not in options:
        return None
    step, round_, name, height = options["signed"].split("/")
    locked, valid = _round_value(options, "locked"), _round_value(options, "valid")
    return Sign(int(height), int(round_), Step[step.upper()], value(name), NO_ROUND, locked, valid)


def _round_value(options: dict[str, str], key: str) -> RoundValue:
    if key not in options:
        return NO_VALUE
    name, round_ = options[key].split("/")
    return RoundValue(value(name), int(round_))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(",") if word)


def _hand_in(node: Driver, verb: str, words: list[str], options: dict[str, str]) -> None:
    at_height = node.height
    node.height = int(options.get("height", at_height))
    if verb in ("prevote", "precommit", "certificate"):
        round_, name, authors = words
        getattr(node, verb)(int(round_), name, *_numbers(authors))
    elif verb == "propose":
        round_, name = words
        author = int(options["by"]) if "by" in options else None
        node.propose(int(round_), name, int(options.get("valid", NO_ROUND)), author)
    elif verb == "check":
        round_, name, *wrong = words
        good = {"valid": "invalid", "have": "missing", "timely": "untimely"}
        node.check(int(round_), name, **{key: word not in wrong for key, word in good.items()})
    elif verb == "timeout":
        timer, *round_ = words
        node.timeout(Timer[timer.upper().replace("-", "_")], *(int(word) for word in round_))
    else:
        {"built": lambda round_, name: node.built(int(round_), name), "bundles": node.bundles}[verb](*words)
    node.height = at_height


def main(arguments: list[str]) -> int:
    """Compare or rewrite; return 1 when a file differs."""
    rewrite = "--rewrite" in arguments
    chosen = [Path(argument) for argument in arguments if not argument.startswith("--")]
    differing = 0
    for path in chosen or scenario_files():
        text = path.read_text(encoding="utf-8")
        now = transcript(text)
        if now != text:
            differing += 1
            print(f"{path.name}: {'rewritten' if rewrite else 'differs'}")
            if rewrite:
                path.write_text(now, encoding="utf-8")
    return int(differing > 0 and not rewrite)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
