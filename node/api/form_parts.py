"""Fields of records as clients write them in JSON, and what every record has; `record_forms.py` uses them."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

MAX_TEXT_CHARACTERS: Final = 2_048
"""Longest identifier, time or word: an EPC URN or Digital Link is far shorter."""
MAX_LISTED: Final = 250_000
"""Most identifiers in one list; the network's own limit is lower, and named in the answer."""
MAX_RECORDS: Final = 10_000
"""Most records in one document as read; the network's own limit is lower, and named in the answer."""
MAX_REFERENCES: Final = 32
"""Most references or attachments of one record, as the law has it."""

Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_CHARACTERS)]
OptionalText = Annotated[str, Meta(max_length=MAX_TEXT_CHARACTERS)]
Item = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_TEXT_CHARACTERS,
        description="(01)GTIN(21)serial or (00)SSCC; an EPC URN or a GS1 Digital Link is understood too.",
        examples=["(01)00614141000012(21)A1"],
    ),
]
Items = Annotated[tuple[Item, ...], Meta(max_length=MAX_LISTED)]
Gln = Annotated[
    str, Meta(max_length=MAX_TEXT_CHARACTERS, description="GLN, 13 digits.", examples=["0614141010004"])
]
Gtin = Annotated[
    str, Meta(max_length=MAX_TEXT_CHARACTERS, description="GTIN-14.", examples=["00614141000012"])
]
Time = Annotated[
    str,
    Meta(
        max_length=MAX_TEXT_CHARACTERS,
        description="RFC 3339 time with its offset.",
        examples=["2026-11-21T22:00:00.000Z"],
    ),
]
Hex = Annotated[str, Meta(max_length=128, pattern="^([0-9A-Fa-f]{2})*$", description="Hexadecimal bytes.")]


Height = Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]
Whole = Annotated[int, Meta(ge=-(1 << 53) + 1, le=(1 << 53) - 1)]
"""A number that every JSON tool keeps as it is; what it may be, the law says."""

LateWord = Annotated[
    Literal["", "outage", "no_network", "emergency"],
    Meta(description="Why it was not recorded when it was done (rule 11b); empty when it was."),
]


ExemptWord = Annotated[
    Literal[
        "",
        "affiliate",
        "common_control",
        "emergency",
        "office_use",
        "charity",
        "merger",
        "specific_patient",
    ],
    Meta(description="Why it is no transaction (rule 20); empty when it is one."),
]


class ReferenceForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A business document that a shipment belongs to: what it is, or only the salted hash of that."""

    type: OptionalText = ""
    """Kind, such as po or desadv."""
    value: OptionalText = ""
    """Its number; the node keeps it and puts a salted hash on the ledger."""
    salt: Hex = ""
    """16 bytes; drawn by the node when left out."""
    hash: Hex = ""
    """32 bytes: what stands on the ledger. Give it instead of type and value to keep those to yourself."""


class RecordForm(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="record",
):
    """What every record has."""

    at: Time
    """When it happened."""
    offset: Annotated[str, Meta(max_length=16, description="Local offset to show it with.")] = ""
    """Like -05:00; that of `at` when left out."""
    premises: Gln = ""
    """Where: a location of the signer's."""
    attachments: Annotated[tuple[Hex, ...], Meta(max_length=MAX_REFERENCES)] = ()
    """Hashes of data that the law does not read."""
