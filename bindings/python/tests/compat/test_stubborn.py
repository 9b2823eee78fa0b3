"""Checks that do not give way: what they hold up, and what becomes of them."""

from __future__ import annotations

import asyncio
import time

from compat.support import BOUND, health, on_loop, result


def test_what_was_never_started_keeps_no_loop():
    """Row 32, section 1.1: nobody calls `stop`, and the loop ends all the same."""

    async def swallows():
        while True:
            try:
                await asyncio.sleep(BOUND)
            except asyncio.CancelledError:
                pass

    async def life():
        made = health(timeout=0.05)
        made.register_check("swallows", swallows)
        assert await made.check_health() is False
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(life())


@on_loop
async def test_a_check_that_holds_the_loop_beyond_its_timeout_failed():
    """Row 4, on the loop of the caller, who cannot ask in time."""

    async def blocks():
        time.sleep(0.1)
        return {"status": "healthy"}

    made = health(timeout=0.05)
    made.register_check("blocks", blocks)
    assert await made.check_health() is False
    assert "TimeoutError" in (await result(made, "blocks"))["error"]
