"""The checks of the applications under test, and what a worker answers of them.

They are made where the application is loaded, as any program would; nothing is started here.
"""

from __future__ import annotations

import asyncio
import os
import time

from threads import engines

import meshvitals

monitor = meshvitals.Monitor(
    system_checks=False,
    start_spread=0,
    defaults={"interval": "500ms", "first_result_decides": "any", "failure_threshold": 1},
)
monitor.register(meshvitals.Tcp(os.environ["MESHVITALS_TEST_PEER"]), name="peer")
_hangs = os.environ.get("MESHVITALS_TEST_HANGS", "")


@monitor.check("function")
def function() -> int:
    """It was run in this process."""
    return os.getpid()


if _hangs == "function":

    @monitor.check("hangs", timeout="100ms")
    def hanging_function() -> None:
        """It never comes back."""
        time.sleep(3600)


if _hangs == "coroutine":

    @monitor.check("hangs", timeout="100ms")
    async def hanging_coroutine() -> None:
        """It comes back when it is cancelled only."""
        await asyncio.sleep(3600)


def report() -> dict:
    """Who answers, and how its checks are. What ran elsewhere does not count."""
    statuses = {check.name: check.status.name for check in monitor if check.name[:4] != "mesh"}
    if statuses["function"] == "HEALTHY" and monitor.snapshot("function").value != os.getpid():
        statuses["function"] = "of another process"
    return {"pid": os.getpid(), "engines": engines(os.getpid()), "statuses": statuses}
