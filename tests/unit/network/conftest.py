import pytest

from tests.unit.network.harness import world


@pytest.fixture(params=["tcp", "memory"])
async def net(request):
    async with world(request.param) as made:
        yield made


@pytest.fixture
async def tcp():
    async with world("tcp") as made:
        yield made
