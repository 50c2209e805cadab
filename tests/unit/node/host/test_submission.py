"""Submissions: what a restart goes on with, and how much is stored at once."""

from collections.abc import Sequence

import pytest

from contracts.chain.parameters import Limits, Parameters
from contracts.ledger.document import Document, document_id, encode_document
from contracts.records.record import Record
from node.host import submission
from node.host.hindrance import FAR_BEHIND_MS
from node.host.submission import Submissions
from node.host.submitted import Admitted, CatchingUp, Submitted, TooBusy
from node.host.surroundings import Surroundings
from node.pool import lane_writer
from node.pool.admission import Admission
from node.pool.bundler import MadeBundle, make_bundle, store_bundles
from node.pool.lane_writer import SMALL_BUNDLES_OUTSTANDING, CutBundle, QueuedDocument
from node.pool.waiting_room import RoomLimits
from node.storage.errors import StorageFailed
from node.storage.memory_files import MemoryFiles
from node.storage.outbox import Outbox
from node.storage.store import LOCAL, Write, put
from tests.support.ledger import NoPeers, OneNode
from tests.support.parties import MAKER, PHARMACY, WHOLESALER, build_test_genesis, lane_key

KEY = lane_key(MAKER)
COPIES = 70
"""As many as somebody likes: more than any page of rows."""


@pytest.fixture
def node() -> OneNode:
    return OneNode(parties=[])


def bundle(node: OneNode, after: int, sequence: int, *documents: Document) -> MadeBundle:
    encoded = [encode_document(document) for document in documents]
    queued = (
        QueuedDocument(document_id(data), data, document.weight)
        for data, document in zip(encoded, documents, strict=True)
    )
    cut = CutBundle(after, sequence, tuple(queued))
    return make_bundle(node.genesis.chain_id, KEY, cut, node.wall.ms + 300_000)


def empty_outbox() -> Outbox:
    files = MemoryFiles()
    files.make_folder("outbox")
    outbox = Outbox(files, "outbox", 1 << 20, bytes)
    outbox.recover()
    return outbox


def restarted(node: OneNode, outbox: Outbox) -> Submissions:
    """Return the submissions of a node that finds this outbox."""
    surroundings = Surroundings(node.clock, node.wall, NoPeers(), node.worker, node.worker)
    admission = Admission(node.ledger)
    restored = Submissions(
        surroundings,
        node.chain,
        admission,
        outbox,
        node.store,
        [KEY],
        lambda _made: None,
        RoomLimits(1 << 20),
    )
    restored.hindrance.following = node
    restored.restore(outbox.entries(), node.reader, {KEY.public_key: outbox.last_used(KEY.public_key)})
    node.settle()
    return restored


def waiting(submissions: Submissions) -> list[tuple[int, int, tuple[bytes, ...]]]:
    return [
        (made.cut.after, made.cut.sequence, tuple(document.id for document in made.cut.documents))
        for made in submissions.outstanding()
    ]


def test_a_document_that_a_later_bundle_brought_is_not_bundled_again(node: OneNode) -> None:
    done, open_ = (node.document(node.commission([serial])) for serial in "AB")
    outbox = empty_outbox()
    # Given up: its first document went into a later bundle, which is in the chain; its second one waits.
    store_bundles(outbox, [bundle(node, 0, 7, done, open_)], [])
    identifier = node.put(MAKER, *done.records, nonce=done.nonce)
    node.produce()
    submissions = restarted(node, outbox)
    last = node.chain.lanes[KEY.public_key]
    assert waiting(submissions) == [(last, 8, (document_id(encode_document(open_)),))]
    assert submissions.waiting == 1
    assert identifier != document_id(encode_document(open_))
    assert [entry.sequence for entry in outbox.entries()] == [8]


def test_what_a_bundle_given_up_brought_after_all_is_not_bundled_again(node: OneNode) -> None:
    outbox = empty_outbox()
    client = Client(restarted(node, outbox))
    first, second = packs(node, 2)
    client.submit(first)
    node.settle()
    client.submit(second)
    node.settle()
    # Another bundle of the lane takes the place of both; it holds the second one's document.
    node.put(MAKER, *second.records, nonce=second.nonce)
    node.produce()
    last = node.chain.lanes[KEY.public_key]
    again = (document_id(encode_document(first)),)
    assert [(after, ids) for after, _sequence, ids in waiting(client.submissions)] == [(last, again)]
    assert client.submissions.waiting == 1
    assert len(outbox.entries()) == 1


def test_a_copy_that_another_signed_does_not_count(node: OneNode) -> None:
    document = node.document(node.commission(["A"]))
    outbox = empty_outbox()
    store_bundles(outbox, [bundle(node, 0, 7, document)], [])
    identifier = node.put(WHOLESALER, *document.records, nonce=document.nonce)
    node.put(MAKER, node.commission(["B"]))
    node.produce()
    assert [ids for _after, _sequence, ids in waiting(restarted(node, outbox))] == [(identifier,)]


@pytest.mark.parametrize("is_own_first", [False, True])
def test_many_copies_hide_no_document_that_is_in_the_chain(node: OneNode, is_own_first: bool) -> None:
    document = node.document(node.commission(["A"]))
    outbox = empty_outbox()
    store_bundles(outbox, [bundle(node, 0, 7, document)], [])
    signers = [WHOLESALER] * COPIES
    for party in [MAKER, *signers] if is_own_first else [*signers, MAKER]:
        node.put(party, *document.records, nonce=document.nonce)
        node.produce()
    submissions = restarted(node, outbox)
    assert waiting(submissions) == []
    assert submissions.waiting == 0


def test_bundles_that_follow_the_chain_stay_as_they_are(node: OneNode) -> None:
    one, two = (node.document(node.commission([serial])) for serial in "AB")
    outbox = empty_outbox()
    made = [bundle(node, 0, 3, one), bundle(node, 3, 4, two)]
    store_bundles(outbox, made, [])
    assert restarted(node, outbox).outstanding() == made


def test_much_at_once_is_stored_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(bundle_documents=1)
    node = OneNode(build_test_genesis(1, Parameters(limits=limits)), parties=[])
    outbox = empty_outbox()
    steps: list[int] = []
    submissions = restarted(node, outbox)

    def store(to: Outbox, made: Sequence[MadeBundle], replaced: Sequence[tuple[bytes, int]]) -> None:
        steps.append(len(made))
        store_bundles(to, made, replaced)

    monkeypatch.setattr(submission, "MAX_STORED_AT_ONCE_BYTES", 1)
    monkeypatch.setattr(submission, "store_bundles", store)
    answers: list[Admitted] = []
    records: list[Record] = [node.commission(["A"]), node.ship(MAKER, PHARMACY, []), node.commission(["B"])]
    for record in records:
        document = node.document(record)
        data = encode_document(document)
        submissions.submit(
            Submitted(document_id(data), data, document, KEY.public_key, True, answers.append, None)
        )
    node.settle()
    assert len(answers) == len(records)
    assert all(answer.is_submitted for answer in answers)
    assert steps == [1, 1, 1]
    assert len(outbox.entries()) == len(submissions.outstanding()) == len(steps)


class Client:
    """Hands documents in and keeps what it is told."""

    def __init__(self, submissions: Submissions) -> None:
        self.submissions = submissions
        self.answers: list[Admitted] = []

    def submit(self, document: Document, *rows: Write, record_refusal: bool = False) -> None:
        data = encode_document(document)
        identifier = document_id(data)
        told = self.answers.append
        submitted = Submitted(
            *(identifier, data, document, KEY.public_key, record_refusal, told, None), rows=rows
        )
        self.submissions.submit(submitted)


@pytest.fixture
def served(node: OneNode) -> Client:
    """A client of a node whose chain makes no blocks by itself."""
    return Client(restarted(node, empty_outbox()))


def packs(node: OneNode, count: int) -> list[Document]:
    return [node.document(node.commission([f"S{number}"])) for number in range(count)]


def test_a_chain_that_stands_still_keeps_nobody_waiting(node: OneNode, served: Client) -> None:
    for document in packs(node, SMALL_BUNDLES_OUTSTANDING + 3):
        served.submit(document)
        node.settle()
    assert len(served.answers) == SMALL_BUNDLES_OUTSTANDING
    node.clock.ring()
    node.settle()
    assert len(served.answers) == SMALL_BUNDLES_OUTSTANDING + 3
    # As long as it stands still, who comes is answered at once.
    (late,) = packs(node, 1)
    served.submit(late, record_refusal=True)
    node.settle()
    assert len(served.answers) == SMALL_BUNDLES_OUTSTANDING + 4
    assert all(answer.is_submitted for answer in served.answers)


def test_a_chain_that_moves_is_not_taken_to_stand_still(node: OneNode, served: Client) -> None:
    for document in packs(node, SMALL_BUNDLES_OUTSTANDING + 1):
        served.submit(document)
        node.settle()
    node.produce()
    node.clock.ring()
    node.settle()
    assert len(served.answers) == SMALL_BUNDLES_OUTSTANDING
    node.clock.ring()
    node.settle()
    assert len(served.answers) == SMALL_BUNDLES_OUTSTANDING + 1


def test_far_behind_nothing_is_taken_in_or_bundled(node: OneNode, served: Client) -> None:
    taken, refused = packs(node, 2)
    node.is_syncing = True
    served.submit(taken)  # Just behind: the next blocks come at once.
    node.wall.ms += FAR_BEHIND_MS
    node.settle()
    assert served.answers == []
    with pytest.raises(CatchingUp, match="height 0"):
        served.submit(refused)
    node.clock.ring()
    node.settle()
    assert served.answers == []
    # It has caught up, and no block need come for that to be seen.
    node.is_syncing = False
    node.clock.ring()
    node.settle()
    assert len(served.answers) == 1


def test_a_lane_that_is_full_says_so(node: OneNode, served: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_writer, "MAX_STALLED_OUTSTANDING", lane_writer.STALLED_ROOM + 6)
    *fitting, last = packs(node, 7)
    for document in fitting:
        served.submit(document)
        node.settle()
        node.clock.ring()
        node.settle()
    with pytest.raises(TooBusy):
        served.submit(last)
    assert len(served.answers) == len(fitting)


def test_what_is_kept_beside_a_document_is_kept_with_it_alone(node: OneNode, served: Client) -> None:
    def is_kept(name: bytes) -> bool:
        return node.store.get(LOCAL + name) is not None

    served.submit(node.document(node.commission(["A"])), put(LOCAL, b"one", b""))
    served.submit(node.document(node.commission(["A"])), put(LOCAL, b"two", b""))
    node.settle()
    assert [answer.is_submitted for answer in served.answers] == [True, False]
    assert (is_kept(b"one"), is_kept(b"two")) == (True, False)
    served.submit(node.document(node.commission(["A"])), put(LOCAL, b"three", b""), record_refusal=True)
    node.settle()
    assert is_kept(b"three")


def test_what_is_kept_beside_a_document_is_kept_before_it(node: OneNode) -> None:
    class Refusing(Outbox):
        def put(self, *_entries: object) -> None:
            raise StorageFailed("outbox", "full")

    files = MemoryFiles()
    files.make_folder("outbox")
    outbox = Refusing(files, "outbox", 1 << 20, bytes)
    outbox.recover()
    client = Client(restarted(node, outbox))
    client.submit(node.document(node.commission(["A"])), put(LOCAL, b"one", b""))
    with pytest.raises(StorageFailed):
        node.settle()
    assert node.store.get(LOCAL + b"one") is not None
    assert client.answers == []
