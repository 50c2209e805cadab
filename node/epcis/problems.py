"""Why a file, or one event in it, is not taken, and the limits that every file is read within.

There is one error for everything that can be wrong with an EPCIS file: `CaptureProblem`. The readers raise it
for the whole file, or collect it for one event; nothing else leaves `node.epcis.reader` whatever the bytes
are.
"""

from typing import Final, Literal

import msgspec

ProblemCode = Literal[
    "document_too_deep",
    "document_too_large",
    "dtd_forbidden",
    "invalid_action",
    "invalid_date",
    "invalid_identifier",
    "invalid_quantity",
    "invalid_time",
    "invalid_value",
    "malformed_document",
    "missing_field",
    "no_events",
    "repeated_field",
    "too_many_events",
    "too_many_identifiers",
    "too_many_namespaces",
    "unknown_field",
    "unknown_word",
    "unsupported_encoding",
    "unsupported_event",
    "unsupported_format",
    "unsupported_version",
]

REMEDIES: Final[dict[ProblemCode, str]] = {
    "document_too_deep": "Flatten the extensions; no EPCIS field needs such nesting.",
    "document_too_large": "Split the file into several documents.",
    "dtd_forbidden": "Remove the DOCTYPE declaration; EPCIS needs none.",
    "invalid_action": "Use ADD, OBSERVE or DELETE, in capitals.",
    "invalid_date": "Write dates as YYYY-MM-DD.",
    "invalid_identifier": "Correct the identifier where it is printed or exported, then send the file again.",
    "invalid_quantity": "Write a decimal number of at most 18 digits, not negative.",
    "invalid_time": "Write times like 2026-11-21T14:05:00.000+01:00 and offsets like +01:00.",
    "invalid_value": "Give this field the kind of value that the EPCIS standard asks for.",
    "malformed_document": "Check the file with an XML or JSON validator; it may have been cut or re-encoded.",
    "missing_field": "Add the field; the EPCIS standard requires it here.",
    "no_events": "Send a document whose event list has at least one event.",
    "repeated_field": "Keep one of the two values; they disagree or must not both be there.",
    "too_many_events": "Split the file into several documents.",
    "too_many_identifiers": "Split the event, or ship and receive by the container instead of by the pack.",
    "too_many_namespaces": "Declare only the namespaces that the file uses.",
    "unknown_field": "Correct the field's name, or give an extension its own namespace prefix.",
    "unknown_word": "Use a word of the Core Business Vocabulary, or a full URI of your own.",
    "unsupported_encoding": "Save the file as UTF-8.",
    "unsupported_event": "Send Object, Aggregation, Transaction, Transformation or Association events.",
    "unsupported_format": "Send EPCIS 1.2 or 2.0: XML, JSON or JSON-LD.",
    "unsupported_version": "Send schemaVersion 1.2 (XML) or 2.0 (XML or JSON).",
}
"""What a person can do about each code."""


FILE_CODES: Final = frozenset(
    {"document_too_large", "too_many_events", "too_many_identifiers", "too_many_namespaces"}
)
"""Limits over the whole file: found within an event, they refuse the file all the same."""


class CaptureProblem(Exception):
    """One reason why a file or an event is refused.

    Attributes:
        code: Stable name.
        event: Zero-based position of the event in the file, or None when the file itself is refused.
        field: Path of the field in EPCIS names, such as `epcList[3]` or `readPoint.id`; empty for the whole
            file.
        reason: A sentence that names what was found and what is wrong with it.
        remedy: What to do about it.
    """

    def __init__(self, code: ProblemCode, field: str, reason: str, event: int | None = None) -> None:
        super().__init__(reason)
        self.code: ProblemCode = code
        self.event = event
        self.field = field
        self.reason = reason

    @property
    def remedy(self) -> str:
        """What a person can do about it."""
        return REMEDIES[self.code]

    def at(self, event: int) -> "CaptureProblem":
        """Return the same problem, laid at the event with this position."""
        return CaptureProblem(self.code, self.field, self.reason, event)

    def __str__(self) -> str:
        where = "document" if self.event is None else f"event {self.event}"
        place = f"{where}, {self.field}" if self.field else where
        return f"{self.code} ({place}): {self.reason}"


MAX_BYTES: Final = 16 * 1024 * 1024
"""One document as it arrives."""
MAX_DEPTH: Final = 64
"""Nested elements or objects; GS1's own fullest examples need 14."""
MAX_EVENTS: Final = 10_000
MAX_IDENTIFIERS: Final = 250_000
"""Instance identifiers and class quantities in one document, all events together."""
MAX_VALUES: Final = 600_000
"""XML elements, or values in JSON arrays and objects; identifiers may use up less than half of it."""
MAX_KEPT_CHARS: Final = 64 * 1024 * 1024
"""Extensions of one document while they are kept, each with the namespaces declared around it."""
FREE_KEPT_CHARS: Final = 256 * 1024
MAX_KEPT_PER_BYTE: Final = 16
"""Nor are they more than so many characters, and so many for each byte of the document."""
MAX_NAMESPACES: Final = 256
"""Prefixes that a JSON-LD context may declare; an event with a context of its own copies them."""
MAX_TEXT_CHARS: Final = 2_048
"""Any one identifier, word, reference or time; longer texts belong into extensions."""
MAX_NAMESPACE_CHARS: Final = MAX_TEXT_CHARS
"""What a prefix stands for; it is written out again wherever the prefix is used."""
MAX_SHOWN_CHARS: Final = 80
"""How much of a refused text is repeated in a reason."""


class Limits(msgspec.Struct, frozen=True):
    """What one document may cost to read."""

    max_bytes: int = MAX_BYTES
    """Bytes as they arrive."""
    max_depth: int = MAX_DEPTH
    """Levels of nested elements or JSON containers."""
    max_values: int = MAX_VALUES
    """XML elements, or values in JSON arrays and objects."""
    max_kept_chars: int = MAX_KEPT_CHARS
    """Characters of extensions kept from one document, namespaces repeated."""
    max_events: int = MAX_EVENTS
    """Events in one document."""
    max_identifiers: int = MAX_IDENTIFIERS
    """Instance identifiers and class quantities in one document."""


DEFAULT_LIMITS: Final = Limits()


class KeptBudget:
    """Counts what is kept of one document's extensions, and every namespace that is written out for a prefix.

    A namespace stands once in the file and again in everything that uses it, so a small file could ask for
    much: what is kept is bounded by the file's length, too.
    """

    def __init__(self, limits: Limits, size: int) -> None:
        """Begin with all that a document of `size` bytes may keep."""
        self._limit = min(limits.max_kept_chars, FREE_KEPT_CHARS + MAX_KEPT_PER_BYTE * size)
        self._left = self._limit

    def spend(self, chars: int) -> None:
        """Count characters.

        Raises:
            CaptureProblem: `document_too_large` when the document keeps more than its limit.
        """
        self._left -= chars
        if self._left < 0:
            reason = f"its extensions, with the namespaces they use, have more than {self._limit} characters"
            raise CaptureProblem("document_too_large", "", reason)


def shown(value: object) -> str:
    """Return a text from outside as it may stand in a reason: quoted, escaped, cut."""
    text = str(value)
    return repr(text if len(text) <= MAX_SHOWN_CHARS else text[:MAX_SHOWN_CHARS] + "…")
