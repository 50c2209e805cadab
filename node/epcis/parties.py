"""Who acts in an event, and who receives: read from its parties and places by the network's directory.

Follows LAW, EPCIS rules b and c. A GLN names a partner when it is the partner's own or one of its premises';
an extension names a place within. PGLN, SGLN and GLN are the same.
"""

import msgspec

from contracts.gs1.keys import unpack_gln
from contracts.state.directory import find_partner, find_premises
from contracts.state.layout import PARTNERS, number_key
from contracts.state.view import Overlay
from node.epcis.events import EpcisEvent, Place, SourceDestination
from node.epcis.refusal import EventRefused

POSSESSING: str = "possessing_party"
OWNING: str = "owning_party"
LOCATION: str = "location"


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
        return None if premises is None else self._party(premises[1].partner)

    def _party(self, number: int) -> Party:
        return Party(number, self._state.require(PARTNERS, number_key(number)).gln)

    def premises_of(self, place: Place | None, party: Party) -> bytes:
        """Return the packed GLN of a place that is one of a partner's premises; empty for any other."""
        if place is None or place.gln is None:
            return b""
        premises = find_premises(self._state, place.gln)
        if premises is None or premises[1].partner != party.number:
            return b""
        return place.gln

    def sender(self, event: EpcisEvent, file_sender: Place | None) -> Party:
        """Return who sends goods: source possessing_party, place, owner, else where it was read.

        Raises:
            EventRefused: None of them is registered.
        """
        named = [_named(event.sources, kind) for kind in (POSSESSING, LOCATION, OWNING)]
        return self._first([*named, event.read_point, event.biz_location, file_sender], event)

    def actor(self, event: EpcisEvent, file_sender: Place | None) -> Party:
        """Return who did what an event says: whose place it was read at, else who sent the file.

        Raises:
            EventRefused: None of them is registered.
        """
        return self._first([event.read_point, event.biz_location, file_sender], event)

    def _first(self, places: list[Place | None], event: EpcisEvent) -> Party:
        for place in places:
            party = self.party_of(place)
            if party is not None:
                return party
        shown = ", ".join(place.uri for place in places if place is not None) or "nothing"
        field = "sourceList" if event.sources else "readPoint"
        raise EventRefused("actor_unknown", field, f"the event names {shown}, and no registered partner")

    def receiver(self, event: EpcisEvent, file_receivers: tuple[Place, ...]) -> Receiver:
        """Return where goods go, by rule c.

        Raises:
            EventRefused: Nobody registered is named, or two partners are.
        """
        possessor = _named(event.destinations, POSSESSING)
        location = _named(event.destinations, LOCATION)
        owner = _named(event.destinations, OWNING)
        chosen = self.party_of(possessor)
        keeper = self.party_of(location)
        if chosen is not None and keeper is not None and chosen != keeper:
            raise EventRefused(
                "receiver_conflict",
                "destinationList",
                f"possessing_party is {chosen}, the location belongs to {keeper}",
            )
        party = chosen or keeper or self.party_of(owner)
        if party is None and not event.destinations and len(file_receivers) == 1:
            party = self.party_of(file_receivers[0])
        if party is None:
            named = ", ".join(entry.place.uri for entry in event.destinations) or "no destination"
            raise EventRefused("receiver_unknown", "destinationList", f"found {named}, no registered partner")
        return Receiver(party, self.premises_of(location, party), self._passes(event, owner))

    def _passes(self, event: EpcisEvent, new_owner: Place | None) -> bool:
        """Ownership passes when source and destination owner differ; a destination alone suffices."""
        if new_owner is None:
            return False
        old_owner = _named(event.sources, OWNING)
        if old_owner is None:
            return True
        return old_owner.gln != new_owner.gln or old_owner.gln is None


def _named(entries: tuple[SourceDestination, ...], kind: str) -> Place | None:
    return next((entry.place for entry in entries if entry.kind == kind), None)
