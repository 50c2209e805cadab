"""Texts in the formats of the field: what seeds the readers of identifiers, times and names."""

from typing import Final

IDENTIFIERS: Final = (
    "(01)09506000100012(21)A1",
    "(00)395060000000000016",
    "(414)9506000100015",
    "0109506000100012\x1d21A1",
    "urn:epc:id:sgtin:9521234.012345.P1",
    "urn:epc:id:sscc:9521234.0000000017",
    "urn:epc:id:sgln:9521234.00001.0",
    "urn:epc:id:pgln:9521234.00000",
    "urn:epc:class:lgtin:9521234.012345.LOT-7",
    "urn:epc:idpat:sgtin:9521234.012345.*",
    "urn:epc:id:grai:9521234.12345.7",
    "urn:epc:id:giai:9521234.LOGGER%2F7",
    "https://id.gs1.org/01/09521234123453/21/P1",
    "https://example.org/pfx/01/09521234123453/10/LOT%207?17=280229",
    "https://id.gs1.org/00/395212340000000179",
    "https://id.gs1.org/414/9521234000013/254/DOCK4",
    "https://packtrail.example/thing/7",
    "9506000100015",
    "9506000100012",
    "09506000100012",
)
TIMES: Final = (
    "2026-03-02T08:00:00.000+01:00",
    "2026-03-02T08:00:00Z",
    "2026-03-02T08:00:00.5-05:30",
    "2028-02-29",
    "280229",
    "280200",
    "+01:00",
    "Z",
    "-14:00",
)
WORDS: Final = (
    *("", "a", "LOT-7", "LINE/2", "maker", "validator", "eu-fmd", "DE", "EU", "sale", "all", "po", "PO-7"),
    *("test-net", "node-a", "packtrail/1", "Vectorol 5 mg", "1 High Street", "ä€😀"),
    *("00" * 16, "00" * 32, "ab" * 32),
)
FIELDS: Final = {
    **dict.fromkeys(("at", "made_at", "deadline", "respond_by", "from_time", "to_time"), TIMES[:2]),
    **dict.fromkeys(("offset",), ("+01:00", "Z")),
    **dict.fromkeys(("premises", "receiver", "destination", "partner", "carrier"), ("9506000100012",)),
    **dict.fromkeys(("maker", "gln", "owner", "sender", "only_at", "principal"), ("9506000100012",)),
    **dict.fromkeys(("gtin", "contains_gtin"), ("09506000100012", "19506000100019")),
    **dict.fromkeys(("items", "children", "parent", "item", "inputs"), IDENTIFIERS[:2]),
    **dict.fromkeys(("ssccs",), IDENTIFIERS[1:2]),
    **dict.fromkeys(("expiry", "day"), ("2028-02-29",)),
    **dict.fromkeys(("lot", "line", "serials"), ("LOT-7", "A1")),
    **dict.fromkeys(("shipment", "proposal", "nonce", "sale"), ("ab" * 16,)),
    **dict.fromkeys(("evidence", "hash", "attachments", "evaluation", "investigation"), ("cd" * 32,)),
    **dict.fromkeys(("recall",), ("ab" * 16,)),
    **dict.fromkeys(("references",), ()),
    **dict.fromkeys(("logger",), ("(8004)9521234LOGGER7",)),
    **dict.fromkeys(("kind",), ("pharmacy",)),
    **dict.fromkeys(("quantity", "session", "number"), (1, 7, 10_000)),
    **dict.fromkeys(("market",), ("DE",)),
}
"""What fields of those names hold in documents that mean something."""
TEXTS: Final = (*IDENTIFIERS, *TIMES, *WORDS)
