"""Leaves of an event: words, identifiers, places, quantities, each with the problem that a wrong one is.

Every function takes the field's path, so that a refusal names where it stands. Raises `CaptureProblem`
without the event's position; the readers add it.
"""

from decimal import Decimal, InvalidOperation
from typing import Final

from contracts.gs1.keys import ItemKey
from node.epcis.events import BusinessTransaction, Epcs, Place, Quantity, SourceDestination
from node.epcis.identifiers import InvalidIdentifier, read_class, read_instance, read_place
from node.epcis.problems import MAX_TEXT_CHARS, CaptureProblem, shown
from node.epcis.raw import RawQuantity
from node.epcis.vocabulary import PARTY_TYPE, TRANSACTION_TYPE, Vocabulary, bare_word, is_known_or_private

_MAX_DECIMAL_DIGITS: Final = 18


def read_word(vocabulary: Vocabulary, text: str, field: str) -> str:
    """Bring a word to its bare CBV form; empty stays empty."""
    word = bare_word(vocabulary, bounded(text, field))
    if word and not is_known_or_private(vocabulary, word):
        reason = f"{shown(word)} is not a {vocabulary.name} of the Core Business Vocabulary"
        raise CaptureProblem("unknown_word", field, reason)
    return word


def read_one_instance(text: str, field: str, index: int | None = None) -> ItemKey | str:
    """Read one instance identifier."""
    place = field if index is None else f"{field}[{index}]"
    try:
        return read_instance(bounded(text, place))
    except InvalidIdentifier as error:
        raise CaptureProblem("invalid_identifier", place, f"{shown(text)}: {error}") from error


def read_epcs(texts: list[str], field: str) -> Epcs:
    """Read a list of instances; one that is listed twice counts once."""
    items: dict[ItemKey, None] = {}
    others: dict[str, None] = {}
    for index, text in enumerate(texts):
        found = read_one_instance(text, field, index)
        if isinstance(found, bytes):
            items[found] = None
        else:
            others[found] = None
    return Epcs(tuple(items), tuple(others))


def read_one_place(text: str, field: str) -> Place | None:
    """Read one location or party; empty means none."""
    try:
        return read_place(bounded(text, field))
    except InvalidIdentifier as error:
        raise CaptureProblem("invalid_identifier", field, f"{shown(text)}: {error}") from error


def read_parties(entries: list[tuple[str, str]], field: str) -> tuple[SourceDestination, ...]:
    """Read a source or destination list; an entry without a place says nothing and is left out."""
    found = []
    for index, (kind, text) in enumerate(entries):
        place = read_one_place(text, f"{field}[{index}]")
        if place is None:
            continue
        word = read_word(PARTY_TYPE, kind, f"{field}[{index}].type")
        if not word:
            raise missing(
                f"{field}[{index}].type", "the entry does not say what kind of party or place it is"
            )
        found.append(SourceDestination(word, place))
    return tuple(found)


def read_transactions(entries: list[tuple[str, str]]) -> tuple[BusinessTransaction, ...]:
    """Read the business documents."""
    found = []
    for index, (kind, reference) in enumerate(entries):
        field = f"bizTransactionList[{index}]"
        text = bounded(reference, field).strip()
        if not text:
            raise missing(field, "the business transaction is empty")
        found.append(BusinessTransaction(read_word(TRANSACTION_TYPE, kind, f"{field}.type"), text))
    return tuple(found)


def read_quantities(entries: list[RawQuantity], field: str) -> tuple[Quantity, ...]:
    """Read a list of class-level quantities."""
    return tuple(_quantity(one, f"{field}[{index}]") for index, one in enumerate(entries))


def _quantity(raw: RawQuantity, field: str) -> Quantity:
    """Read one class-level quantity."""
    try:
        written, product = read_class(bounded(raw.epc_class, f"{field}.epcClass"))
    except InvalidIdentifier as error:
        reason = f"{shown(raw.epc_class)}: {error}"
        raise CaptureProblem("invalid_identifier", f"{field}.epcClass", reason) from error
    return Quantity(
        epc_class=written,
        gtin=None if product is None else product.gtin,
        lot="" if product is None else product.lot,
        amount=_decimal((raw.amount or "").strip(), f"{field}.quantity"),
        unit=bounded(raw.unit or "", f"{field}.uom").strip(),
    )


def _decimal(text: str, field: str) -> str:
    """Bring a decimal number to its shortest plain form; empty stays empty."""
    if not text:
        return ""
    try:
        number = Decimal(bounded(text, field))
    except InvalidOperation:
        number = Decimal("NaN")
    digits = len(number.as_tuple().digits)
    counts = number.is_finite() and number >= 0 and text.isascii() and "_" not in text
    if not counts or digits > _MAX_DECIMAL_DIGITS or abs(number.adjusted()) >= _MAX_DECIMAL_DIGITS:
        reason = f"{shown(text)} is not a number of at most {_MAX_DECIMAL_DIGITS} digits, not negative"
        raise CaptureProblem("invalid_quantity", field, reason)
    return format(number.normalize(), "f")


def bounded(text: str, field: str) -> str:
    """Refuse a text that no identifier, word or time can be as long as, before anything looks into it."""
    if len(text) > MAX_TEXT_CHARS:
        raise CaptureProblem(
            "invalid_value", field, f"the text has {len(text)} characters, {MAX_TEXT_CHARS} at most"
        )
    return text


def missing(field: str, reason: str) -> CaptureProblem:
    """Name a field that the standard requires here."""
    return CaptureProblem("missing_field", field, reason)
