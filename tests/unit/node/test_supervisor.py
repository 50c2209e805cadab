"""What ends a node, and what costs one connection only."""

import asyncio

from structlog.testing import capture_logs

from node.storage.errors import StorageFailed
from node.supervisor import EXIT_FAILED, EXIT_STOPPED, EXIT_UNHEALTHY, Supervisor


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


async def test_what_a_disk_refused_is_said_once_with_the_file_and_why():
    supervisor = Supervisor(asyncio.get_running_loop())
    with capture_logs() as said:
        supervisor.fail(StorageFailed("data/signer", "No space left on device"))
        supervisor.fail(StorageFailed("data/log/1.seg", "closed"))
    await supervisor.wait()
    assert supervisor.exit_code == EXIT_UNHEALTHY
    assert supervisor.reason == "StorageFailed: data/signer: No space left on device"
    assert [(entry["event"], entry["reason"]) for entry in said] == [("node_failed", supervisor.reason)]
