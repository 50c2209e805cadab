"""The words of rules 11a, 12 and 13.

    Corner sells pack-1 (to the public)         Bulk supplies pack-1 (to an institution)
    Corner opens pack-1 for 4 units

Dispensing, shipping and receiving may end in `recorded after outage`, `no network` or `emergency` (rule 11b);
shipping in `under exemption emergency`, `specific patient` … (rule 20), also `without evidence`.
Acme decommissions pack-1 as exported (sample, free sample, checked out)
Acme reports pack-1 lost                    Acme finds pack-1
Corner undoes supplied of pack-1 at Shop    Corner undoes supplied of opened pack-1 at Shop
"""

from collections.abc import Callable

from contracts.primitives.hashing import HASH_BYTES
from contracts.records.custody import Receive, Ship
from contracts.records.dispensing import Dispense, DispensePart, SupplyTo
from contracts.records.endings import Found, Reinstate, UndoneEnding
from contracts.records.exempt import Exempt, ExemptReason
from contracts.records.head import Head
from contracts.records.late import Late, LateReason
from contracts.records.record import Record
from contracts.records.supply import Decommission, DecommissionReason

Listed = Callable[[str], tuple[bytes, ...]]

VERBS = {"sells", "supplies", "opens", "decommissions", "finds", "undoes"}
"""The verbs that `ending` understands."""

_SUPPLIED = {"sells": SupplyTo.RETAIL, "supplies": SupplyTo.INSTITUTION}


def ending(verb: str, head: Head, what: str, options: dict[str, str], listed: Listed) -> Record:
    """Build the record of a sentence with one of `VERBS`."""
    if verb in _SUPPLIED:
        return Dispense(head, listed(what), _SUPPLIED[verb])
    if verb == "opens":
        return DispensePart(head, int(options["for"].split()[0]), listed(what))
    if verb == "finds":
        return Found(head, listed(what))
    if verb == "undoes":
        items = options["of"]
        never_left = int(not items.startswith("opened "))
        undone = UndoneEnding[_name(what)]
        return Reinstate(head, undone, never_left, listed(items.removeprefix("opened ")))
    return Decommission(head, DecommissionReason[_name(options["as"])], listed(what))


def _name(words: str) -> str:
    return words.upper().replace(" ", "_")


def in_time_or_late(done: Record, options: dict[str, str]) -> Record:
    """Return a record as it is, or the late or exempt one that the sentence asks for."""
    if "under exemption" in options:
        assert isinstance(done, Ship)
        reason, _space, without = options["under exemption"].partition(" without ")
        return Exempt(ExemptReason[_name(reason)], b"" if without else bytes(HASH_BYTES), done)
    if "recorded after" not in options:
        return done
    assert isinstance(done, Dispense | Ship | Receive)
    return Late(LateReason[_name(options["recorded after"])], done)
