"""Fixtures of the API tests."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.node.api.harness import Api, serving


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """A node that signs for every partner and makes blocks by itself."""
    async with serving() as served:
        yield served
