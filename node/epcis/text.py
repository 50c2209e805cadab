"""Cleaning of texts that passed through spreadsheets, PDFs and e-mail on their way into a file."""

import re
from typing import Final

_DASHES: Final = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-")
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_TABLE: Final = {**_DASHES, **_INVISIBLE}
_PLAIN: Final = re.compile(r"[!-~]*")


def clean(text: str) -> str:
    """Remove white space and invisible characters anywhere, and turn typographic hyphens into `-`.

    For identifiers, vocabulary, times and dates, none of which may contain either. Nothing else is changed.
    """
    if _PLAIN.fullmatch(text):
        return text
    return "".join(text.translate(_TABLE).split())
