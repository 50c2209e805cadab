"""Rule 21: to whom the marketing holder wants its product sold; sales elsewhere are flagged, or refused."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from contracts.gs1.keys import is_valid_lot
from contracts.records.head import Head
from contracts.records.lanes import LaneStep, SetTradeLane
from contracts.rules.act import Act
from contracts.rules.cataloguing import MAX_NAMES, holder_fault
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import Positions, actor_profile, list_fault, signer_fault
from contracts.rules.verdict import Verdict
from contracts.state.containers import sources_of
from contracts.state.directory import find_partner, partner, premises, profile
from contracts.state.layout import MARKETS, PRODUCTS, text_key
from contracts.state.parties import MARKETING, TRADING, has_role, is_among
from contracts.state.rows import NOBODY, ProductRow, TradeLane
from contracts.state.sources import lot_of, lot_row

MAX_LANES: Final = 100
"""Most trade lanes of one product, and most receivers that one names."""


def set_trade_lane(act: Act, record: SetTradeLane) -> Verdict | None:
    """Rule 21: the marketing holder sets or clears a lane of a product, or of one lot."""
    is_cleared = record.step == LaneStep.CLEARED
    fault = signer_fault(act, record.head, MARKETING, licensed=not is_cleared) or holder_fault(
        act, record.gtin
    )
    if fault:
        return fault
    if record.lot and not is_valid_lot(record.lot):
        return Verdict(Code.LOT_INVALID, record.lot)
    product = act.state.require(PRODUCTS, record.gtin)
    others = tuple(lane for lane in product.lanes if lane.lot != record.lot)
    if is_cleared:
        if record.receivers or record.roles or record.markets:
            return Verdict(Code.LANE_INVALID, record.gtin)
        if len(others) == len(product.lanes):
            return Verdict(Code.LANE_UNKNOWN, record.gtin)
        _keep(act, record.gtin, product, others)
        return None
    receivers = _terms(act, record, product)
    if isinstance(receivers, Verdict):
        return receivers
    if len(others) >= MAX_LANES:
        return Verdict(Code.LANE_INVALID, record.gtin)
    # After this point it must succeed.
    blocks = int(record.step == LaneStep.BLOCK)
    lane = TradeLane(record.lot, receivers, record.roles, record.markets, blocks)
    _keep(act, record.gtin, product, (*others, lane))
    return None


def _keep(act: Act, gtin: bytes, product: ProductRow, lanes: tuple[TradeLane, ...]) -> None:
    """Write a product with these lanes."""
    ordered = tuple(sorted(lanes, key=lambda lane: lane.lot))
    act.state.write(PRODUCTS, gtin, msgspec.structs.replace(product, lanes=ordered))


def _terms(act: Act, record: SetTradeLane, product: ProductRow) -> tuple[int, ...] | Verdict:
    """Return the numbers of the receivers a lane names, after asking whether its terms make sense."""
    says_something = bool(record.receivers or record.roles or record.markets)
    is_short = len(record.receivers) <= MAX_LANES and len(record.markets) <= MAX_NAMES
    if not says_something or not is_short or record.roles & ~TRADING:
        return Verdict(Code.LANE_INVALID, record.gtin)
    is_known = all(act.state.read(MARKETS, text_key(code)) is not None for code in record.markets)
    if not is_known or len(set(record.markets)) < len(record.markets):
        return Verdict(Code.MARKET_UNKNOWN, record.gtin)
    fault = list_fault(record.receivers) if record.receivers else None
    if fault:
        return fault
    numbers: list[int] = []
    for gln in record.receivers:
        found = find_partner(act.state, gln)
        if found is None:
            return Verdict(Code.PARTNER_UNKNOWN, gln)
        numbers.append(found[0])
    if record.step == LaneStep.BLOCK and not profile(act.state, product.markets[0]).lanes_block:
        return Verdict(Code.LANE_BLOCKS_NOTHING, record.gtin)
    return tuple(sorted(numbers))


class _Breach(NamedTuple):
    """A product that leaves its lane."""

    gtin: bytes
    """Packed GTIN."""
    holder: int
    """Its marketing holder."""
    is_blocked: bool
    """Whether that is refused."""


class LaneGuard:
    """Asks whether a sale keeps to the trade lanes of what is sold; each product and lot is asked once.

    It reads nothing but rows that the sale has read already, and the directory's row of each product.
    """

    __slots__ = ("_act", "_destination", "_fits", "_head", "_left", "_receiver", "_seller")

    def __init__(self, act: Act, head: Head, receiver: int, destination: int, seller: int = NOBODY) -> None:
        """Begin with nothing asked.

        Args:
            act: The sale.
            head: Its circumstances.
            receiver: Partner's number.
            destination: Number of its premises; 0 when not stated.
            seller: Of goods that are sold in place, by consent of the signer: whose seat is the place of the
                sale; else that is what the signer's record states.
        """
        self._act = act
        self._seller = seller
        self._head = head
        self._receiver = receiver
        self._destination = destination
        self._fits: dict[int, _Breach | None] = {}
        self._left: dict[tuple[bytes, int], list[bytes]] = {}

    def fault(self, items: Positions) -> Verdict | None:
        """Ask of each item, and everything inside; what is only flagged is told by `tell`."""
        for item in items:
            sources = sources_of(self._act.state, item.key, item.row)
            for lot in sorted(set(map(lot_of, sources))):
                if lot not in self._fits:
                    self._fits[lot] = self._breach(lot)
                fault = self._leave(item.key, self._fits[lot])
                if fault:
                    return fault
        return None

    def fault_of_lots(self, lines: Iterable[tuple[bytes, bytes, int]]) -> Verdict | None:
        """Ask of packs without serials, by GTIN and lot (rule 30); `tell` names their products only."""
        for gtin, lot, _quantity in lines:
            breach = self._breach_of(gtin, lot)
            if breach is None:
                continue
            self._left.setdefault((gtin, breach.holder), [])
            fault = self._blocked(breach, gtin)
            if fault:
                return fault
        return None

    def _leave(self, key: bytes, breach: "_Breach | None") -> Verdict | None:
        """Note that an item leaves a lane, or refuse it."""
        if breach is None:
            return None
        keys = self._left.setdefault((breach.gtin, breach.holder), [])
        if key not in keys:
            keys.append(key)
        return self._blocked(breach, key)

    def _blocked(self, breach: "_Breach", subject: bytes) -> Verdict | None:
        """Refuse what leaves a lane that blocks; what was done already is a breach and no more."""
        return self._act.excuse((Verdict(Code.OUTSIDE_TRADE_LANE, subject),)) if breach.is_blocked else None

    def tell(self) -> None:
        """Report what leaves its lane, product by product, to its marketing holder."""
        for (gtin, holder), keys in sorted(self._left.items()):
            self._act.tell(EventKind.LANE_LEFT, keys, gtin, (holder,))

    def _breach(self, lot: int) -> "_Breach | None":
        """Return the product of a lot that leaves its lane, or None when it keeps to it."""
        row = lot_row(self._act.state, lot)
        return self._breach_of(row.gtin, row.lot)

    def _breach_of(self, gtin: bytes, lot: bytes) -> "_Breach | None":
        """Return the product whose lot leaves its lane, or None when it keeps to it."""
        product = self._act.state.require(PRODUCTS, gtin)
        if not product.lanes:
            return None
        lane = lane_of(product.lanes, lot)
        if lane is None or self._keeps(lane):
            return None
        return _Breach(gtin, product.holder, lane.blocks == 1 and self._may_block())

    def _may_block(self) -> bool:
        """Tell whether the profile of the place of the sale lets lanes refuse it; exempt ones are flagged."""
        if self._act.is_exempt:
            return False
        if self._seller == NOBODY:
            return actor_profile(self._act, self._head).lanes_block == 1
        return profile(self._act.state, partner(self._act.state, self._seller).market).lanes_block == 1

    def _keeps(self, lane: TradeLane) -> bool:
        """Tell whether the receiver is named, or is of such a role in such a market, whatever is stated."""
        if is_among(self._receiver, lane.receivers):
            return True
        row = partner(self._act.state, self._receiver)
        destination = self._destination
        market = row.market if destination == NOBODY else premises(self._act.state, destination).market
        is_of_role = lane.roles == 0 or has_role(row, lane.roles)
        is_in_market = not lane.markets or market in lane.markets
        return bool(lane.roles or lane.markets) and is_of_role and is_in_market


def lane_of(lanes: Sequence[TradeLane], lot: bytes) -> TradeLane | None:
    """Return the trade lane of a lot: its own, else that of its product, or None."""
    by_lot = {lane.lot: lane for lane in lanes}
    return by_lot.get(lot) or by_lot.get(b"")
