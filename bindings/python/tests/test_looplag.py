"""The lag of event loops: one that is held is seen while it is held."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from typing import Any, Callable, List

import pytest
import uvloop

import meshvitals
from meshvitals import Event, Kinds, LoopLag, Monitor, Outcome, Reason, Status

from conftest import BOUND, expect_event, expect_status

LOOPS = pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])


def on(loop: asyncio.AbstractEventLoop, main: Callable[[], Any]) -> Any:
    """Runs a coroutine function on a loop, which is closed afterwards."""
    try:
        return loop.run_until_complete(main())
    finally:
        loop.close()


@LOOPS
def test_a_loop_that_is_held_is_unhealthy_while_it_is_held(monitor: Monitor, new_loop):
    monitor.register(LoopLag(limit_ms=100), name="loop", interval="20ms", timeout="10s")
    events = monitor.events()
    released = threading.Event()
    seen: List[Any] = []

    def watch() -> None:
        """On another thread; the loop is released by what it sees only."""
        try:
            expect_status(events, "loop", Status.HEALTHY)
            held.wait(BOUND)
            seen.append(expect_status(events, "loop", Status.UNHEALTHY))
            seen.append(released.is_set())
        finally:
            released.set()

    held = threading.Event()

    async def main() -> None:
        watcher = threading.Thread(target=watch)
        watcher.start()
        async with monitor:
            async for event in monitor.events():
                if (event.name, event.status) == ("loop", Status.HEALTHY):
                    break
            held.set()
            while not released.is_set():
                time.sleep(0.01)  # On the loop.
            async for event in monitor.events():
                # Nothing is held any more, and the same check is HEALTHY again.
                if (event.name, event.status) == ("loop", Status.HEALTHY):
                    break
        watcher.join()

    on(new_loop(), main)
    event, was_released = seen
    assert not was_released
    assert event.value >= 100 and event.message.startswith("the event loop has not turned for")


def test_the_lag_of_a_loop_that_is_held_for_long_grows(monitor: Monitor):
    monitor.register(LoopLag(20, 20), name="loop", interval="20ms", timeout="10s")
    events = monitor.events(Kinds.RESULT)

    async def main() -> List[Event]:
        async with monitor:
            silent: List[Event] = []
            while len(silent) < 3:
                # On the loop, which is so held.
                silent.append(expect_event(events, lambda event: event.outcome is Outcome.TIMEOUT))
            return silent

    lags = [event.value or 0.0 for event in on(asyncio.new_event_loop(), main)]
    assert lags == sorted(set(lags)) and lags[0] >= 20


def test_a_loop_that_answers_late_is_degraded_and_says_how_late(monitor: Monitor):
    # Every answer comes later than that.
    monitor.register(LoopLag(threshold_ms=1e-6, limit_ms=60_000), name="loop", interval="20ms")
    events = monitor.events(Kinds.RESULT)

    async def main() -> Event:
        async with monitor:
            async for event in events:
                if event.name == "loop":
                    return event
        raise AssertionError("the monitor ended")

    event = on(asyncio.new_event_loop(), main)
    assert (event.outcome, event.status) == (Outcome.WARN, Status.DEGRADED)
    assert event.value is not None and 0 < event.value < 60_000
    assert event.message.startswith("the event loop lags")


def test_a_loop_that_turns_passes_and_its_lag_is_the_value(monitor: Monitor):
    monitor.register(LoopLag(59_000, 60_000), name="loop", interval="20ms", timeout="60s")
    events = monitor.events(Kinds.RESULT)

    async def main() -> Event:
        async with monitor:
            async for event in events:
                if event.name == "loop":
                    return event
        raise AssertionError("the monitor ended")

    event = on(asyncio.new_event_loop(), main)
    assert (event.outcome, event.message) == (Outcome.PASS, "")
    assert event.value is not None and 0 < event.value < 59_000


@pytest.mark.parametrize("kind", ["none", "closed", "stands"])
def test_a_loop_that_does_not_run_blames_nobody(monitor: Monitor, kind: str):
    loop = None if kind == "none" else asyncio.new_event_loop()
    if loop is not None and kind == "closed":
        loop.close()
    monitor.register(LoopLag(loop=loop), name="loop", interval="20ms")
    events = monitor.events(Kinds.RESULT)
    monitor.start()
    event = expect_event(events, lambda event: event.name == "loop")
    assert (event.outcome, event.reason) == (Outcome.LOCAL, Reason.REPORTED)
    assert event.message == "the event loop is not running"
    if loop is not None:
        loop.close()


def test_a_loop_that_ends_while_it_is_asked_blames_nobody(monitor: Monitor):
    loop = asyncio.new_event_loop()
    probe = LoopLag(limit_ms=100, loop=loop)
    monitor.register(probe, name="loop", interval="20ms", timeout="10s")
    events = monitor.events(Kinds.RESULT)
    monitor.start()
    # It never gets to what it is asked: it ends within the turn in which it begins.
    loop.call_soon(expect_event, events, lambda event: event.outcome is Outcome.TIMEOUT)
    loop.call_soon(loop.stop)
    loop.run_forever()
    event = expect_event(events, lambda event: event.outcome is Outcome.LOCAL)
    assert event.message == "the event loop is not running"
    monitor.stop()
    loop.close()


def test_it_follows_the_monitor_from_loop_to_loop(monitor: Monitor):
    monitor.register(LoopLag(59_000, 60_000), name="loop", interval="20ms", timeout="60s")

    async def main() -> None:
        async with monitor:
            async for event in monitor.events(Kinds.RESULT):
                if event.name == "loop" and event.outcome is Outcome.PASS:
                    return

    for _ in range(3):
        asyncio.run(main())


def test_leaving_does_not_wait_for_a_loop_that_turns(monitor: Monitor):
    monitor.register(LoopLag(), name="loop", interval="20ms")

    async def main() -> None:
        async with monitor:
            await asyncio.sleep(0)

    asyncio.run(main())
    left = [thread.name for thread in threading.enumerate() if "meshvitals" in thread.name]
    assert left == []


@pytest.mark.parametrize(
    ("threshold_ms", "limit_ms", "key"),
    [
        (0, 1, "/threshold_ms"),
        (-1, 1, "/threshold_ms"),
        (math.nan, 1, "/threshold_ms"),
        (math.inf, math.inf, "/threshold_ms"),
        (2, 1, "/limit_ms"),
        (1, math.inf, "/limit_ms"),
        (1, math.nan, "/limit_ms"),
    ],
)
def test_limits_that_make_no_sense_are_refused(threshold_ms, limit_ms, key):
    with pytest.raises(meshvitals.OutOfRange, match="allowed") as refused:
        LoopLag(threshold_ms, limit_ms)
    assert refused.value.key == key


def test_it_is_registered_with_a_name_and_in_no_other_way(monitor: Monitor):
    with pytest.raises(meshvitals.InvalidDocument):
        monitor.register(LoopLag())
    with pytest.raises(TypeError, match="LoopLag"):
        monitor.register_many([LoopLag()])  # type: ignore[list-item]
    assert len(monitor.checks()) == 1
