"""Two nodes that talk about snapshots: one has the chain, the other has nothing; messages pass by hand."""

from collections.abc import Callable, Collection

from contracts.chain.snapshot import Voucher, vouch
from network.peer.face import ROLES, VALIDATOR, PeerIdentity
from network.sync.snapshots import SnapshotConfig
from network.wire.messages import ChunkRequest, Hello, Message, SnapshotOffer, SnapshotRequest
from node.host.joining import Joining, JoiningPlace
from node.host.portions import Portions
from node.host.snapshot_desk import SnapshotDesk
from node.host.snapshot_maker import SnapshotMaker, SnapshotShelf
from node.host.surroundings import Surroundings
from node.identity.vouching import VoucherSigner
from node.storage.head import Head
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles
from node.storage.snapshot_files import SnapshotFiles
from tests.support.ledger import OneNode
from tests.support.parties import validator_seed
from tests.support.workers import InlineWorker

VALIDATORS = 4
INTERVAL = 4
RECORD = "snapshots/vouched"


class Wire:
    """The peers of one node: what it sends is kept, and goes on when the test says so."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Message]] = []
        self.banned: dict[str, str] = {}

    def send(self, name: str, message: Message) -> bool:
        """Keep it."""
        self.sent.append((name, message))
        return True

    def broadcast(
        self, message: Message, roles: Collection[str] = ROLES, without: Collection[str] = ()
    ) -> int:
        """Keep it, for everybody."""
        del roles, without
        self.sent.append(("", message))
        return 1

    def ban(self, name: str, reason: str) -> None:
        """Remember why."""
        self.banned[name] = reason

    def connected(self) -> tuple[PeerIdentity, ...]:
        """Return nobody."""
        return ()

    def take(self) -> list[tuple[str, Message]]:
        """Return what was sent since."""
        sent, self.sent = self.sent, []
        return sent


class Holder:
    """A node of a chain that makes snapshots.

    Attributes:
        files: Its disk beside the database.
    """

    def __init__(self, node: OneNode, interval: int = INTERVAL, keep: int = 2, validator: int = 0) -> None:
        self.node = node
        self.files = MemoryFiles()
        self.signer = VoucherSigner(self.files, RECORD, node.genesis.chain_id, validator_seed(validator))
        self.signer.open(node.ledger.tip.height)
        self.shelf = SnapshotShelf(SnapshotFiles(self.files), self.signer, interval, keep)
        self.wire = Wire()
        self.portions = Portions(node.clock.now_ms)
        self.desk = SnapshotDesk(
            Surroundings(node.clock, node.wall, self.wire, node.worker, node.worker),
            *(node.worker, node.store, node.chain, self.shelf, {}, self.portions),
        )
        self.maker = SnapshotMaker(self.shelf, node.ledger, node.worker, 0, self.desk)
        node.chain.subscribe(self.maker.on_applied)

    def vouched_by(self, *validators: int) -> None:
        """Let more validators vouch for what is held, as if they had made the same."""
        for held in self.desk.held.values():
            for number in validators:
                self.desk.take_voucher(
                    f"node-{number}",
                    vouch(
                        self.node.genesis.chain_id, validator_seed(number), held.manifest.height, held.hash
                    ),
                )

    def answer(self, message: Message) -> list[Message]:
        """Answer as the router would have it answered."""
        self.wire.take()
        match message:
            case SnapshotRequest():
                self.desk.serve_offer("late", message)
            case ChunkRequest():
                self.desk.serve_chunk("late", message)
        self.node.settle()
        return [answer for _name, answer in self.wire.take()]


Answer = Callable[[Message], list[Message]]


class Late:
    """A node that has nothing, its disk, and peers that answer it.

    Attributes:
        ended: What came of it: the head, or why there is none.
    """

    def __init__(self, genesis_of: OneNode, peers: dict[str, Answer]) -> None:
        self.genesis = genesis_of.genesis
        self.store, self.files = MemoryStore(), MemoryFiles()
        self.peers = peers
        self.now = 0
        self._later: list[Callable[[], None]] = []
        self._next: tuple[int, Callable[[], None]] = (0, lambda: None)
        self.ended: Head | str | None = None
        self.wire = Wire()
        self.snapshots = SnapshotFiles(self.files)
        place = JoiningPlace(self.genesis, self.store, self.snapshots)
        self.joining = Joining(place, self, InlineWorker(self.call_soon), self._end, SnapshotConfig())

    def _end(self, outcome: Head | str) -> None:
        self.ended = outcome

    # Its clock.

    def now_ms(self) -> int:
        """Return the time."""
        return self.now

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call in this round."""
        self._later.append(callback)

    def call_later(self, delay_ms: int, callback: Callable[[], None]) -> "Late":
        """Call in the next round, which is so much later."""
        self._next = (delay_ms, callback)
        return self

    def cancel(self) -> None:
        """Its timer is never cancelled."""

    def run(self, rounds: int = 600) -> Head | str | None:
        """Let it talk until it has ended; return what came of it."""
        self.joining.start(self.wire)
        for name in self.peers:
            self.joining.on_up(
                PeerIdentity(name, VALIDATOR), Hello(2, "", bytes(32), name, VALIDATOR, 0, b"")
            )
        for _round in range(rounds):
            self._settle()
            if self.ended is not None:
                break
            delay_ms, callback = self._next
            self.now += delay_ms
            callback()
        return self.ended

    def _settle(self) -> None:
        while self._later or self.wire.sent:
            waiting, self._later = self._later, []
            for callback in waiting:
                callback()
            sent = [(name, message) for name, message in self.wire.take() if name not in self.wire.banned]
            for name, message in sent:
                for answer in self.peers[name](message):
                    self.joining.on_message(PeerIdentity(name, VALIDATOR), answer)


def without_vouchers(answers: list[Message], keep: Collection[Voucher] = ()) -> list[Message]:
    """Take the vouchers out of offers."""
    return [
        SnapshotOffer(each.manifest, tuple(keep), each.anchor) if isinstance(each, SnapshotOffer) else each
        for each in answers
    ]
