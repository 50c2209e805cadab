"""The story: made, packed, sold, carried, received, dispensed; and four attempts to cheat on the way.

Everything goes over HTTP to the node of the partner who acts, with that node's token, as a partner's own
systems would do it. Each attempt is made twice: once to be refused at admission (409), once to be recorded as
refused. Before a partner acts, its node has seen what happened until then: in life the goods take the road,
here a member's node may be a block behind the one that just answered.
"""

import http.client
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

import msgspec

from cli.capture import post_capture
from cli.clock import format_ms
from cli.demo.documents import OFFSET, production_file, shipping_file
from cli.demo.goods import PACK_GTIN, Goods, case_item, pack_item
from cli.failures import CommandError, Exit
from cli.http import Answer, NodeClient, error_of

_TRIES: Final = 100
_PAUSE_S: Final = 0.1


class Actor(msgspec.Struct, frozen=True):
    """One partner of the demonstration."""

    node: str
    """Its node."""
    gln: str
    """Party GLN."""
    premises: str
    """GLN of its premises; empty for none."""


MAKER: Final = Actor("maker", "9521101000009", "9521101000016")
WHOLESALER: Final = Actor("wholesaler", "9521102000008", "9521102000015")
CARRIER: Final = Actor("carrier", "9521103000007", "9521103000014")
PHARMACY: Final = Actor("pharmacy", "9521104000006", "9521104000013")
VILLAGE: Final = Actor("village", "9521105000005", "9521105000012")
REGULATOR: Final = Actor("regulator", "9521106000004", "")


class Refusal(msgspec.Struct, frozen=True):
    """One attempt to cheat, and what became of it."""

    attempt: str
    """Who tried what."""
    code: str
    """Verdict."""
    document: str
    """Id of the document in which it is recorded."""
    height: int
    """Height of that document's block."""


class Story:
    """Plays the story.

    Attributes:
        accepted: Documents that the ledger accepted.
        refusals: The attempts to cheat.
        tell: Says to people what happens.
    """

    def __init__(
        self,
        clients: Mapping[str, NodeClient],
        goods: Goods,
        now_ms: Callable[[], int],
        tell: Callable[[str], None],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare.

        Args:
            clients: By node.
            goods: What is made and moved.
            now_ms: The network's time.
            tell: Says to people what happens.
            pause: Waits.
        """
        self._clients = clients
        self._goods = goods
        self._now_ms = now_ms
        self.tell = tell
        self._pause = pause
        self._height = 0
        self.accepted = 0
        self.refusals: list[Refusal] = []

    @property
    def pack(self) -> str:
        """The pack whose journey is told."""
        return pack_item(self._goods.cases[0].packs[0])

    def client(self, actor: Actor) -> NodeClient:
        """Return the client of an actor's node."""
        return self._clients[actor.node]

    def play(self) -> str:
        """Play it; return the id of the document in which the pack is dispensed.

        Raises:
            CommandError: Something went otherwise than it must.
        """
        to_city, to_village = self._until_shipped()
        self._try(
            PHARMACY,
            "a receipt by a stranger",
            self.record(PHARMACY, "receive", shipment=to_village, mode="all"),
        )
        self.act(CARRIER, "takes the case into custody", self._receipt(CARRIER, to_city))
        self.act(PHARMACY, "receives the case", self._receipt(PHARMACY, to_city))
        self.act(VILLAGE, "receives the other case", self._receipt(VILLAGE, to_village))
        self._try(MAKER, "an existing serial is commissioned again", self._commission_again())
        self._try(MAKER, "a ship by one who does not hold it", self._sale(MAKER, VILLAGE, self._other_pack()))
        dispensed = self.act(PHARMACY, "dispenses a pack", self._dispensing(PHARMACY))
        self._try(VILLAGE, "another pharmacy dispenses a supplied pack", self._dispensing(VILLAGE))
        return dispensed

    def _until_shipped(self) -> tuple[str, str]:
        """From the packing line to two cases on their way; return their shipments."""
        goods, now = self._goods, self._now_ms()
        self._capture("packs, cases and a pallet", production_file(goods, MAKER.premises, now))
        places = (MAKER.gln, MAKER.premises, WHOLESALER.gln, WHOLESALER.premises)
        sold = self._capture("the pallet leaves", shipping_file(goods, places, now))
        pallet = self._shipment(WHOLESALER, sold)
        self.act(WHOLESALER, "receives the pallet", self._receipt(WHOLESALER, pallet))
        city, village = goods.cases[:2]
        first = self._sale(WHOLESALER, PHARMACY, case_item(city), carrier=CARRIER.gln)
        to_city = self.act(WHOLESALER, "sells a case to the city pharmacy", first)
        second = self._sale(WHOLESALER, VILLAGE, case_item(village))
        to_village = self.act(WHOLESALER, "sells a case to the village pharmacy", second)
        return self._shipment(PHARMACY, to_city), self._shipment(VILLAGE, to_village)

    # --------------------------------------------------------------------------------- records

    def record(self, actor: Actor, record: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Return a record of an actor, now and at its premises."""
        head = {
            "record": record,
            "at": format_ms(self._now_ms()),
            "offset": OFFSET,
            "premises": actor.premises,
        }
        return {**head, **fields}

    def _receipt(self, actor: Actor, shipment: str) -> dict[str, Any]:
        return self.record(actor, "receive", shipment=shipment, mode="all")

    def _dispensing(self, actor: Actor) -> dict[str, Any]:
        return self.record(actor, "dispense", items=[self.pack])

    def _sale(self, seller: Actor, buyer: Actor, item: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        terms = {
            "receiver": buyer.gln,
            "destination": buyer.premises,
            "purpose": "sale",
            "ownership_passes": True,
        }
        return self.record(seller, "ship", items=[item], **terms, **fields)

    def _commission_again(self) -> dict[str, Any]:
        goods = self._goods
        fields = {"gtin": PACK_GTIN, "lot": goods.lot, "expiry": goods.expiry}
        return self.record(MAKER, "commission", **fields, serials=[goods.cases[0].packs[0]])

    def _other_pack(self) -> str:
        return pack_item(self._goods.cases[0].packs[1])

    # ------------------------------------------------------------------------------- over HTTP

    def _capture(self, what: str, data: bytes) -> str:
        """Capture an EPCIS file at the maker's node; return the id of its only document."""
        self.tell(f"maker: EPCIS capture, {what}")
        self.await_seen(MAKER)
        answer = post_capture(self._clients[MAKER.node], data, behaviour="rollback", wait=True)
        if not answer.ok:
            raise error_of(answer)
        found = answer.json()
        outcomes = {event["outcome"] for event in found["events"]}
        if outcomes != {"records"} or len(found["documents"]) != 1:
            _fail(f"capturing {what} gave {found}")
        self.accepted += 1
        self._height = max(self._height, found["documents"][0]["height"])
        return str(found["documents"][0]["document"])

    def act(self, actor: Actor, what: str, record: dict[str, Any]) -> str:
        """Submit what is right; return the document's id."""
        self.tell(f"{actor.node}: {what}")
        answer = self.submit(actor, record, record_refusal=False)
        if not answer.ok:
            raise error_of(answer)
        found = answer.json()
        if not found.get("accepted"):
            _fail(f"{actor.node} {what}: the ledger answers {found.get('code')}")
        self.accepted += 1
        self._height = max(self._height, found["height"])
        return str(found["document"])

    def _try(self, actor: Actor, attempt: str, record: dict[str, Any]) -> None:
        """Submit what is wrong, twice: to be refused at admission, and to be recorded as refused."""
        answer = self.submit(actor, record, record_refusal=False)
        if answer.status != http.client.CONFLICT:
            _fail(f"{attempt}: the node answers {answer.status}, expected 409: {answer.data[:300]!r}")
        code = answer.problem().code
        recorded = self.submit(actor, record, record_refusal=True)
        if not recorded.ok:
            raise error_of(recorded)
        found = recorded.json()
        if found.get("accepted") is not False or found.get("code") != code:
            _fail(f"{attempt}: refused as {code}, but recorded as {found}")
        self.refusals.append(Refusal(f"{actor.node}: {attempt}", code, found["document"], found["height"]))
        self.tell(f"{actor.node}: {attempt}: refused, {code}")

    def submit(self, actor: Actor, record: dict[str, Any], *, record_refusal: bool) -> Answer:
        """Submit a record at its actor's node, and wait for the commit."""
        self.await_seen(actor)
        query: dict[str, str | int | None] = {"wait": "commit", "record_refusal": int(record_refusal)}
        body = {"partner": actor.gln, "records": [record]}
        return self._clients[actor.node].post_json("/v1/documents", body, query=query)

    def await_seen(self, actor: Actor) -> None:
        """Wait until an actor's node has the block of the last thing that happened."""
        for _ in range(_TRIES):
            if self._clients[actor.node].get("/v1/status")["height"] >= self._height:
                return
            self._pause(_PAUSE_S)
        raise CommandError(Exit.FAILED, f"{actor.node} does not reach height {self._height}")

    def _shipment(self, receiver: Actor, document: str) -> str:
        """Return the shipment that a document announced, as the receiver's node sees it once it is there."""
        query: dict[str, str | int | None] = {"partner": receiver.gln, "state": "outstanding", "limit": 100}
        for _ in range(_TRIES):
            for entry in self._clients[receiver.node].get("/v1/shipments", query)["shipments"]:
                if entry["announced"]["document"] == document:
                    return str(entry["shipment"])
            self._pause(_PAUSE_S)
        raise CommandError(Exit.FAILED, f"{receiver.node} sees no shipment of document {document}")


def _fail(message: str) -> NoReturn:
    raise CommandError(Exit.FAILED, message)
