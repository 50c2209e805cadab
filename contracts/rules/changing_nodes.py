"""Rule 22: what governance changes of nodes: which may connect, and which vote."""

from typing import Final, assert_never

from contracts.chain.genesis import NODE_ROLES, is_node_name
from contracts.chain.validators import InvalidValidatorSet, Validator, ValidatorSet
from contracts.primitives import signing
from contracts.records.changes import Change, PutNode, RemoveNode
from contracts.rules.changing_parties import partner_fault
from contracts.rules.codes import Code
from contracts.rules.verdict import Verdict
from contracts.state.governance_rows import NodeRow, Validators
from contracts.state.governing import VALIDATOR, put_node, remove_node, sets, with_node
from contracts.state.layout import CERTIFICATES, KEYS, NODES, certificate_key, text_key
from contracts.state.view import Overlay

MAX_CERTIFICATE_BYTES: Final = 4_096
"""Longest certificate; what nodes make has about 330 bytes."""

NodeChange = PutNode | RemoveNode
"""Changes of this family."""


def node_form_fault(change: NodeChange) -> Verdict | None:
    """Ask whether a change makes sense by itself."""
    if isinstance(change, RemoveNode):
        return None
    votes = change.role == VALIDATOR
    is_good = (
        is_node_name(change.name)
        and change.role in NODE_ROLES
        and 0 < len(change.certificate) <= MAX_CERTIFICATE_BYTES
        and votes == (change.power > 0)
        and (signing.is_valid_public_key(change.validator_key) if votes else not change.validator_key)
        and change.power >= 0
    )
    return None if is_good else Verdict(Code.NODE_INVALID, text_key(change.name))


def node_fit_fault(state: Overlay, change: NodeChange) -> Verdict | None:
    """Ask whether a change fits what is registered when it acts."""
    match change:
        case PutNode(name=name, certificate=certificate, partner=partner, validator_key=key):
            fault = partner_fault(state, partner) if partner else None
            if fault:
                return fault
            pinned = state.read(CERTIFICATES, certificate_key(certificate))
            if pinned not in {None, name}:
                return Verdict(Code.CERTIFICATE_KNOWN, text_key(name))
            return Verdict(Code.KEY_KNOWN, key) if key and state.read(KEYS, key) is not None else None
        case RemoveNode(name=name):
            known = state.read(NODES, text_key(name)) is not None
            return None if known else Verdict(Code.NODE_UNKNOWN, text_key(name))
        case _:
            assert_never(change)


def validators_fault(state: Overlay) -> Verdict | None:
    """Ask whether the set that follows can decide blocks, and whether partners still can govern by it."""
    entries = sets(state).following
    try:
        found = validator_set(entries)
    except InvalidValidatorSet:
        return Verdict(Code.VALIDATORS_INVALID, b"")
    governing = sum(entry.power for entry in entries if entry.partner)
    return None if found.is_quorum(governing) else Verdict(Code.VALIDATORS_INVALID, b"")


def validator_set(entries: Validators) -> ValidatorSet:
    """Return the set that votes and headers name by these rows.

    Raises:
        InvalidValidatorSet: No network may have it.
    """
    return ValidatorSet(Validator(entry.public_key, entry.power) for entry in entries)


def with_change(voters: Validators, change: Change) -> Validators:
    """Return a set after a change; changes that are not about nodes leave it as it is."""
    match change:
        case PutNode(name=name):
            return with_node(voters, name, _row(change))
        case RemoveNode(name=name):
            return with_node(voters, name, None)
        case _:
            return voters


def enact_node(state: Overlay, change: NodeChange) -> None:
    """Let a node connect, or connect no more; who votes was settled one block before."""
    match change:
        case PutNode(name=name):
            put_node(state, name, _row(change))
        case RemoveNode(name=name):
            remove_node(state, name)
        case _:
            assert_never(change)


def _row(change: PutNode) -> NodeRow:
    return NodeRow(change.role, change.certificate, change.partner, change.validator_key, change.power)
