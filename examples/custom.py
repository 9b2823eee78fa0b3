"""Checks of one's own in an asyncio program: the example of the package's README.

``python custom.py`` ends when all are HEALTHY.
"""

import asyncio
from typing import Dict, List, Union

import meshvitals

monitor = meshvitals.Monitor(system_checks=False, start_spread=0)
queue: List[str] = ["job"]


# A coroutine runs on the program's own loop, so it may use what belongs to the loop.
@monitor.check("queue", interval="5s", timeout="1s", tags=["readiness"])
async def queue_is_short() -> Dict[str, Union[str, int]]:
    await asyncio.sleep(0)
    return {"status": "healthy" if len(queue) < 100 else "degraded", "value": len(queue)}


# A plain function runs on a thread, so it may block.
@monitor.check("disk", interval="1m", timeout="10s", critical=False)
def disk_is_writable() -> None:
    with open("/dev/null", "w") as file:
        file.write("x")


async def main() -> None:
    # The library is told whenever the program likes; silence beyond the ttl is a failure.
    jobs = monitor.register(meshvitals.Heartbeat(ttl="30s"), name="jobs")
    async with monitor:
        monitor.beat(jobs)
        async for event in monitor.events():
            print(f"{event.name}: {event.status} {event.message}")
            if monitor.overall.status == meshvitals.Status.HEALTHY:
                break


asyncio.run(main())
