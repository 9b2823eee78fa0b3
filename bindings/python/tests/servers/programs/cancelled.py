"""A program whose main task is cancelled while its checks run, and once more while it ends."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time

from meshvitals import Monitor

monitor = Monitor(system_checks=False, start_spread=0, stop_timeout="300ms")
times = int(sys.argv[1])
entered = []
left = []


@monitor.check("waits", interval="10ms", timeout="30s", initial_delay=0)
async def waits() -> None:
    entered.append("waits")
    try:
        await asyncio.sleep(3600)
    finally:
        left.append("waits")


@monitor.check("hangs", interval="10ms", timeout="30s", initial_delay=0)
def hangs() -> None:
    entered.append("hangs")
    time.sleep(3600)


async def main() -> None:
    async with monitor:
        while set(entered) != {"waits", "hangs"}:
            await asyncio.sleep(0.001)
        await asyncio.sleep(3600)


async def whole() -> None:
    task = asyncio.get_running_loop().create_task(main())
    while set(entered) != {"waits", "hangs"}:
        await asyncio.sleep(0.001)
    for _ in range(times):
        task.cancel()
        # It must be seen in the middle of leaving.
        await asyncio.sleep(0.01)
    await asyncio.wait({task})
    assert task.cancelled()


def threads() -> list:
    """The library's threads on this side; that of the function that hangs stays."""
    names = [thread.name for thread in threading.enumerate()]
    return sorted(name for name in names if name.startswith("meshvitals"))


before = len(os.listdir("/proc/self/fd"))
asyncio.run(whole())
monitor.stop()
assert left == ["waits"], left
assert threads() == ["meshvitals-check"], threads()
assert len(os.listdir("/proc/self/fd")) == before
