"""Who acts in an event, and who receives: read from its parties and places by the network's directory.

Follows LAW, EPCIS rules b and c. A GLN names a partner when it is the partner's own or one of its premises';
an extension names a place within. PGLN, SGLN and GLN are the same.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.gs1.keys import unpack_gln
from contracts.state.directory import find_partner, find_premises, partner
from contracts.state.view import Overlay
from node.epcis.events import EpcisEvent, Place, SourceDestination
from node.epcis.refusal import EventRefused

POSSESSING: Final = "possessing_party"
OWNING: Final = "owning_party"
LOCATION: Final = "location"


class Party(msgspec.Struct, frozen=True):
    """A registered partner."""

    number: int
    """Its number."""
    gln: bytes
    """Packed party GLN."""

    def __str__(self) -> str:
        """Return its GLN, for people."""
        return unpack_gln(self.gln)


class Receiver(msgspec.Struct, frozen=True):
    """Where goods go."""

    party: Party
    """Who."""
    destination: bytes
    """Packed GLN of its premises; empty when not stated."""
    ownership_passes: bool
    """Source and destination owning_party differ."""


class Directory:
    """The network's partners and places, as the state has them."""

    def __init__(self, state: Overlay) -> None:
        """Read from `state`."""
        self._state = state

    def party_of(self, place: Place | None) -> Party | None:
        """Return the partner that a place names: by its own GLN, or as the one that runs the premises."""
        if place is None or place.gln is None:
            return None
        found = find_partner(self._state, place.gln)
        if found is not None:
            return Party(found[0], found[1].gln)
        premises = find_premises(self._state, place.gln)
        return None if premises is None else self.party(premises[1].partner)

    def party(self, number: int) -> Party:
        """Return a registered partner by its number."""
        return Party(number, partner(self._state, number).gln)

    def premises_of(self, place: Place | None, party: Party) -> bytes:
        """Return the packed GLN of a place that is one of a partner's premises; empty for any other."""
        if place is None or place.gln is None:
            return b""
        premises = find_premises(self._state, place.gln)
        if premises is None or premises[1].partner != party.number:
            return b""
        return place.gln

    def premises_stated(self, event: EpcisEvent, party: Party) -> bytes:
        """Return the packed GLN of a partner's premises that an event took place at; empty for none."""
        glns = (self.premises_of(place, party) for place in (event.read_point, event.biz_location))
        return next((gln for gln in glns if gln), b"")

    def sender(self, event: EpcisEvent, file_sender: Place | None) -> Party:
        """Return who sends goods: source possessing_party, place, owner, else where it was read.

        Raises:
            EventRefused: None of them is registered.
        """
        named = [_named(event.sources, kind) for kind in (POSSESSING, LOCATION, OWNING)]
        field = "sourceList" if event.sources else "readPoint"
        return self._first([*named, event.read_point, event.biz_location, file_sender], field)

    def actor(self, event: EpcisEvent, file_sender: Place | None) -> Party:
        """Return who did what an event says: whose place it was read at, else who sent the file.

        Raises:
            EventRefused: None of them is registered.
        """
        return self._first([event.read_point, event.biz_location, file_sender], "readPoint")

    def sender_named(self, event: EpcisEvent) -> Party | None:
        """Return the partner that a receiving event names as where the goods came from, if any."""
        return self._one_of(event.sources)

    def receiver_named(self, event: EpcisEvent) -> Party | None:
        """Return the partner that an event names as where goods went, if any."""
        return self._one_of(event.destinations)

    def owner_named(self, event: EpcisEvent) -> Party | None:
        """Return the partner that an event names as the owner of what is sent, if any."""
        return self.party_of(_named(event.sources, OWNING))

    def outsider(self, entries: tuple[SourceDestination, ...]) -> bytes:
        """Return the packed party GLN of who is named among sources or destinations and is no partner.

        Empty when a partner is named there too, or nobody with a GLN of its own.
        """
        if any(self.party_of(entry.place) is not None for entry in entries):
            return b""
        named = (_named(entries, kind) for kind in (POSSESSING, OWNING))
        return next((place.gln for place in named if place is not None and place.gln is not None), b"")

    def _one_of(self, entries: tuple[SourceDestination, ...]) -> Party | None:
        named = (self.party_of(_named(entries, kind)) for kind in (POSSESSING, LOCATION, OWNING))
        return next((party for party in named if party is not None), None)

    def _first(self, places: Iterable[Place | None], field: str) -> Party:
        seen: list[str] = []
        for place in places:
            party = self.party_of(place)
            if party is not None:
                return party
            if place is not None:
                seen.append(place.uri)
        shown = ", ".join(dict.fromkeys(seen)) or "nothing"
        raise EventRefused("actor_unknown", field, f"the event names {shown}, and no registered partner")

    def receiver(self, event: EpcisEvent, file_receivers: tuple[Place, ...]) -> Receiver:
        """Return where goods go, by rule c.

        Raises:
            EventRefused: Nobody registered is named, or two partners are.
        """
        possessor = self._stated(event, POSSESSING)
        location = self._stated(event, LOCATION)
        owner = self._stated(event, OWNING)
        chosen, keeper = self.party_of(possessor), self.party_of(location)
        if chosen is not None and keeper is not None and chosen != keeper:
            raise _conflict(f"possessing_party is {chosen}, the location belongs to {keeper}")
        if possessor is not None and chosen is None:
            raise _unknown(possessor.uri)
        party = chosen or keeper or self.party_of(owner)
        if party is None and not event.destinations and len(file_receivers) == 1:
            party = self.party_of(file_receivers[0])
        if party is None:
            named = (event.destinations and [entry.place for entry in event.destinations]) or file_receivers
            raise _unknown(*(place.uri for place in named))
        passes = self._passes(event, owner)
        if passes and owner is not None and not event.drop_shipment and self.party_of(owner) != party:
            raise _conflict(f"owning_party is {owner.uri}, the goods go to {party}: the receiver must be one")
        return Receiver(party, self.premises_of(location, party), passes)

    def buyer(self, event: EpcisEvent) -> Party | None:
        """Return who becomes the owner of goods that may go to another; None when that is not registered."""
        return self.party_of(self._stated(event, OWNING))

    def _stated(self, event: EpcisEvent, kind: str) -> Place | None:
        """Return the one destination of a kind; two that name different places are a conflict."""
        places = [entry.place for entry in event.destinations if entry.kind == kind]
        for place in places[1:]:
            if (place.gln or place.uri) != (places[0].gln or places[0].uri):
                raise _conflict(f"{kind} is both {places[0].uri} and {place.uri}")
        return places[0] if places else None

    def _passes(self, event: EpcisEvent, new_owner: Place | None) -> bool:
        """Ownership passes when source and destination owner differ; a destination alone suffices."""
        if new_owner is None:
            return False
        old_owner = _named(event.sources, OWNING)
        if old_owner is None:
            return True
        before, after = self.party_of(old_owner), self.party_of(new_owner)
        if before is not None and after is not None:
            return before != after
        return (old_owner.gln or old_owner.uri) != (new_owner.gln or new_owner.uri)


def _named(entries: tuple[SourceDestination, ...], kind: str) -> Place | None:
    return next((entry.place for entry in entries if entry.kind == kind), None)


def _conflict(reason: str) -> EventRefused:
    return EventRefused("receiver_conflict", "destinationList", reason)


def _unknown(*named: str) -> EventRefused:
    found = f"{', '.join(named)}, and no registered partner" if named else "no destination"
    return EventRefused("receiver_not_found", "destinationList", f"the event names {found}")
