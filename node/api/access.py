"""Who may do what: bearer tokens, roles, and whose affairs a request may see.

A read-only node refuses every write before it looks at the token, and says why. Every endpoint names the
right it needs (`node/api/endpoints.py`); nothing else decides.
"""

from collections.abc import Iterable
from enum import Enum
from http import HTTPStatus
from typing import Final

from aiohttp import web

from contracts.chain.genesis import Node
from contracts.state.rows import KeyRow
from network.peer.face import OBSERVER
from node.api.context import ApiContext
from node.api.problems import Problem
from node.api.tokens import Role, TokenGrant
from node.host.chain import Chain
from node.host.submission import Submissions

MAX_TOKEN_CHARACTERS: Final = 256
"""Longer ones are no tokens of this program."""

_SCHEME: Final = "bearer"
GRANT: Final = web.RequestKey("grant", TokenGrant)
"""Key of a request's grant."""


class Right(Enum):
    """What an endpoint needs."""

    PUBLIC = "public"
    """Nothing."""
    KNOWN = "known"
    """Any valid token."""
    READ = "read"
    """A role that reads the ledger: everything, or what is its own."""
    WRITE = "write"
    """The role submit, on a node that signs."""
    OVERSEE = "oversee"
    """A role that watches over the network: an operator's, or one that reads everything."""
    OPERATE = "operate"
    """The role operator or admin."""


_ROLES: Final[dict[Right, frozenset[Role]]] = {
    Right.KNOWN: frozenset(Role),
    Right.READ: frozenset({Role.SUBMIT, Role.READ_OWN, Role.READ_ALL, Role.REGULATOR}),
    Right.WRITE: frozenset({Role.SUBMIT}),
    Right.OVERSEE: frozenset({Role.READ_ALL, Role.REGULATOR, Role.OPERATOR, Role.ADMIN}),
    Right.OPERATE: frozenset({Role.OPERATOR, Role.ADMIN}),
}
"""Any of these roles gives the right. Who submits may read its own affairs."""

_READS_ALL: Final = (Role.READ_ALL, Role.REGULATOR)


def roles_for(right: Right) -> tuple[str, ...]:
    """Return the names of the roles that give a right, sorted; none for what is public."""
    return tuple(sorted(_ROLES.get(right, ())))


def authorise(context: ApiContext, request: web.Request, right: Right) -> None:
    """Let a request through, its grant kept under `GRANT`, or stop it.

    Raises:
        Problem: read_only_node, unauthorised or forbidden.
    """
    if right is Right.PUBLIC:
        return
    if right is Right.WRITE and (context.submissions is None or context.node.role == OBSERVER):
        raise read_only(context.node)
    grant = _grant(context, request)
    if not grant.allows(*_ROLES[right]):
        needed = " or ".join(roles_for(right))
        raise Problem("forbidden", f"This needs a token with the role {needed}.")
    request[GRANT] = grant


def read_only(node: Node) -> Problem:
    """Return why this node takes no writes."""
    if node.role == OBSERVER:
        why = f"This node ({node.name}) is an observer: it follows the ledger and signs for nobody."
    else:
        why = f"This node ({node.name}) holds no partner's key, so it can sign for nobody."
    return Problem("read_only_node", why)


def signing(context: ApiContext) -> Submissions:
    """Return where documents go.

    Raises:
        Problem: read_only_node.
    """
    if context.submissions is None:
        raise read_only(context.node)
    return context.submissions


def _grant(context: ApiContext, request: web.Request) -> TokenGrant:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    grant = None
    if scheme.lower() == _SCHEME and 0 < len(token) <= MAX_TOKEN_CHARACTERS:
        grant = context.tokens.check(token)
    if grant is None:
        raise Problem(
            "unauthorised",
            "The token is unknown or revoked." if token else "",
            status=HTTPStatus.UNAUTHORIZED,
            headers={"WWW-Authenticate": 'Bearer realm="packtrail"'},
        )
    return grant


class Scope:
    """Whose affairs a request may see.

    Attributes:
        own: GLNs of the partners whose affairs it may see; None for everybody's.
    """

    __slots__ = ("own",)

    def __init__(self, own: frozenset[str] | None) -> None:
        """Limit to `own`, or to nobody's."""
        self.own = own

    def sees(self, glns: Iterable[str | None]) -> bool:
        """Tell whether something that concerns these partners may be seen."""
        return self.own is None or not self.own.isdisjoint(glns)

    def require(self, glns: Iterable[str | None], what: str) -> None:
        """Stop a request that may not see what concerns only these partners.

        Raises:
            Problem: forbidden.
        """
        if not self.sees(glns):
            raise Problem("forbidden", f"This token reads what concerns its own partner; {what} does not.")


def scope_of(context: ApiContext, request: web.Request) -> Scope:
    """Return whose affairs an authorised request may see."""
    grant = request[GRANT]
    return Scope(None if grant.allows(*_READS_ALL) else frozenset(own_partners(context, grant)))


def own_partners(context: ApiContext, grant: TokenGrant) -> tuple[str, ...]:
    """Return the GLNs of the partners that a token acts for, sorted."""
    if grant.partner:
        return (grant.partner,)
    held = {key.partner for key in context.submissions.keys.values()} if context.submissions else set()
    return tuple(sorted(held | ({context.node.partner} if context.node.partner else set())))


def lane_for(context: ApiContext, grant: TokenGrant, partner: str) -> tuple[str, bytes]:
    """Return the partner to sign for and its lane.

    Args:
        context: Of a node that signs.
        grant: Of the request.
        partner: GLN that the client named; empty for none.

    Raises:
        Problem: forbidden, partner_needed, partner_not_here, key_not_registered or key_not_active.
    """
    submissions = signing(context)
    held = sorted({key.partner for key in submissions.keys.values()})
    wanted = partner or grant.partner or (held[0] if len(held) == 1 else "")
    members = {"pointer": "/partner"}
    if not wanted:
        raise Problem("partner_needed", f"It signs for {', '.join(held)}.", members=members)
    if grant.partner and wanted != grant.partner:
        raise Problem("forbidden", f"This token acts for {grant.partner} alone.", members=members)
    if wanted not in held:
        raise Problem("partner_not_here", f"It signs for {', '.join(held)}.", members=members)
    lane = submissions.lanes().get(wanted)
    if lane is None:
        raise _no_key(context.chain, submissions, wanted, members)
    return wanted, lane


def _no_key(chain: Chain, submissions: Submissions, partner: str, members: dict[str, str]) -> Problem:
    """Return why no key that this node holds of a partner signs now."""
    own = sorted(lane for lane, key in submissions.keys.items() if key.partner == partner)
    known = [lane for lane in own if lane in chain.keys]
    if not known:
        detail = f"The key of {partner} on this node is {' or '.join(lane.hex() for lane in own)}."
        return Problem("key_not_registered", detail, members=members)
    spans = "; ".join(f"{lane.hex()} {_span(chain.keys[lane])}" for lane in known)
    detail = f"The next block is {chain.tip.height + 1}. Keys of {partner} on this node: {spans}."
    return Problem("key_not_active", detail, members=members)


def _span(row: KeyRow) -> str:
    end = f" to {row.until_height - 1}" if row.until_height else " on"
    return f"acts from height {row.from_height}{end}"
