"""Partners with their places and keys; validators."""

from functools import partial

import msgspec
from aiohttp import web

from contracts.gs1.keys import unpack_gln
from node.api.access import Right
from node.api.answers import answer, pinned
from node.api.context import ApiContext
from node.api.endpoints import Answer, Endpoint, Parameter
from node.api.problems import Problem
from node.storage.custody import Custody
from node.storage.governance import Governance
from node.storage.partners import all_partners
from node.storage.store import Snapshot
from node.storage.views import PartnerView


class PartnersView(msgspec.Struct, frozen=True):
    """Everyone who is registered."""

    partners: tuple[PartnerView, ...]
    """In the order of their registration."""


class ValidatorView(msgspec.Struct, frozen=True):
    """A voting node."""

    name: str
    """Its name."""
    public_key: str
    """Its key, hex."""
    power: int
    """Its share of the votes."""
    partner: str
    """GLN of the partner that runs it; may be empty."""


class ValidatorsView(msgspec.Struct, frozen=True):
    """Who votes on the next block."""

    validators: tuple[ValidatorView, ...]
    """In the order in which votes name them."""
    total_power: int
    """Of all; more than two thirds decide."""


class Partners:
    """The endpoints under /v1/partners, and /v1/validators."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        return (
            Endpoint(
                "GET",
                "/v1/partners",
                Right.KNOWN,
                self.browse,
                "All partners with their places and keys.",
                (Answer(200, "The partners.", PartnersView, pinned=True),),
            ),
            Endpoint(
                "GET",
                "/v1/partners/{gln}",
                Right.KNOWN,
                self.show,
                "A partner with its places and keys.",
                (Answer(200, "The partner.", PartnerView, pinned=True),),
                (Parameter("gln", "path", "Party GLN, 13 digits."),),
                problems=("unknown_partner",),
            ),
            Endpoint(
                "GET",
                "/v1/validators",
                Right.KNOWN,
                self.validators,
                "Who votes on the next block.",
                (Answer(200, "The validators.", ValidatorsView, pinned=True),),
            ),
        )

    async def browse(self, _request: web.Request) -> web.Response:
        """List partners."""
        return await self._context.readers.read(_browse)

    async def show(self, request: web.Request) -> web.Response:
        """Show a partner."""
        return await self._context.readers.read(partial(_show, gln=request.match_info["gln"]))

    async def validators(self, _request: web.Request) -> web.Response:
        """List validators."""
        return await self._context.readers.read(_validators)


def _browse(snapshot: Snapshot) -> web.Response:
    height = Custody(snapshot).head.height
    return answer(pinned(PartnersView(all_partners(snapshot)), height), height)


def _validators(snapshot: Snapshot) -> web.Response:
    height = Custody(snapshot).head.height
    found = tuple(
        ValidatorView(
            member.node,
            member.public_key.hex(),
            member.power,
            unpack_gln(member.partner) if member.partner else "",
        )
        for member in Governance(snapshot).sets().current
    )
    return answer(pinned(ValidatorsView(found, sum(member.power for member in found)), height), height)


def _show(snapshot: Snapshot, gln: str) -> web.Response:
    height = Custody(snapshot).head.height
    for partner in all_partners(snapshot):
        if partner.gln == gln:
            return answer(pinned(partner, height), height)
    raise Problem("unknown_partner", f"No partner has the GLN {gln[:80]!r}.")
