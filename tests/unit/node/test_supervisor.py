"""What ends a node, and what costs one connection only."""

import asyncio

from node.supervisor import EXIT_FAILED, EXIT_STOPPED, Supervisor


async def test_a_connection_that_the_loop_gave_up_ends_no_node():
    supervisor = Supervisor(asyncio.get_running_loop())
    gone = {
        "message": "Fatal error on SSL protocol",
        "exception": RuntimeError("closed"),
        "transport": object(),
    }
    asyncio.get_running_loop().call_exception_handler(gone)
    assert (supervisor.exit_code, supervisor.reason) == (EXIT_STOPPED, "")


async def test_whatever_else_fails_on_the_loop_ends_it():
    supervisor = Supervisor(asyncio.get_running_loop())
    asyncio.get_running_loop().call_soon({}.pop, "nothing")
    await supervisor.wait()
    assert supervisor.exit_code == EXIT_FAILED
    assert supervisor.reason.startswith("KeyError")
