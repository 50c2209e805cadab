"""JSON-LD contexts of EPCIS documents: the prefixes they declare, and nothing else.

A context is never fetched. The terms of EPCIS and CBV mean what the standard says whatever a context claims,
so a file cannot redefine `bizStep`; only prefixes for extensions are taken from it (EPCIS 2.0, chapter 10).
"""

import re
from typing import Final

import msgspec

from node.epcis.problems import MAX_NAMESPACE_CHARS, MAX_NAMESPACES, CaptureProblem, shown

_STANDARD_PREFIXES: Final = {
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "epcis": "https://ref.gs1.org/epcis/",
    "gs1": "https://gs1.org/voc/",
    "gs1ushc": "http://epcis.gs1us.org/hc/ns",
}
_NAMESPACE_END: Final = ":/#"
_NAME: Final = re.compile(r'"([^":\\]+)[":]')


class Context(msgspec.Struct, frozen=True):
    """What a document's context declares."""

    declared: dict[str, str]
    """Prefix or term to namespace or IRI, as the file declares them."""

    def extended(self, value: object) -> "Context":
        """Return this context with the declarations of a further `@context` value.

        Raises:
            CaptureProblem: `invalid_value` when it is not what JSON-LD allows here, `too_many_namespaces`.
        """
        return _bounded({**self.declared, **read_context(value).declared})

    def expand(self, name: str) -> tuple[str, str]:
        """Return namespace (without its closing `:`, `/` or `#`) and local name of a member's name."""
        prefix, colon, local = name.partition(":")
        if not colon:
            return "", name
        if local.startswith("//"):
            cut = max(name.rfind("/"), name.rfind("#"))
            return name[:cut], name[cut + 1 :]
        namespace = self.declared.get(prefix) or _STANDARD_PREFIXES.get(prefix) or prefix
        return namespace.rstrip(_NAMESPACE_END), local

    def expand_word(self, text: str) -> str:
        """Return a CURIE whose prefix the file declares as a full URI, any other text unchanged."""
        prefix, colon, local = text.strip().partition(":")
        namespace = self.declared.get(prefix) if colon and not local.startswith("//") else None
        return text if namespace is None else f"{namespace}{local}"

    def is_extension(self, name: str) -> bool:
        """Tell whether a member that the standard does not have may stand in an event."""
        return ":" in name or name.startswith("@") or name in self.declared

    def used_by(self, text: str) -> dict[str, str]:
        """Return the declarations that canonical JSON `text` uses, so that it can be read alone."""
        names = set(_NAME.findall(text))
        return {name: self.declared[name] for name in names if name in self.declared}


def read_context(value: object) -> Context:
    """Read an `@context`: a URL, an object, or an array of both.

    Raises:
        CaptureProblem: `invalid_value` for anything else and for a namespace that is too long,
            `too_many_namespaces`.
    """
    declared: dict[str, str] = {}
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            # Terms defined by an object (types, containers) do not concern us; a prefix is always a string.
            declared.update({name: text for name, text in one.items() if type(text) is str})
        elif type(one) is not str:  # a number is kept as a kind of str
            raise CaptureProblem("invalid_value", "@context", "a context is a URL or an object of prefixes")
    return _bounded(declared)


def _bounded(declared: dict[str, str]) -> Context:
    """Build a context within the limits of declarations."""
    if len(declared) > MAX_NAMESPACES:
        reason = f"the context declares more than {MAX_NAMESPACES} prefixes"
        raise CaptureProblem("too_many_namespaces", "@context", reason)
    for name, namespace in declared.items():
        if len(namespace) > MAX_NAMESPACE_CHARS:
            reason = f"{shown(name)} stands for {len(namespace)} characters, {MAX_NAMESPACE_CHARS} at most"
            raise CaptureProblem("invalid_value", "@context", reason)
    return Context(declared)
