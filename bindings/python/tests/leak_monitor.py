"""Leak loops of the monitor's calls."""

from __future__ import annotations

import asyncio
import logging

import meshvitals
from meshvitals import Events, Kinds, Monitor, Outcome, Result, Status

from leaks import FEW, beat, keep, loop, monitor, on_loop, running


@loop("Monitor", "Monitor.advance", "Monitor.now_ns")
def new():
    def call() -> None:
        made = Monitor(clock="manual")
        made.advance(1)
        made.register(beat("a"))
        assert made.now_ns == 1

    return call


@loop("Monitor.start", "Monitor.stop", "Monitor.__enter__", "Monitor.__exit__", count=FEW)
def start():
    made = running()

    def call() -> None:
        made.stop()
        with made:
            made.start()

    return call


@loop("Monitor.astart", "Monitor.astop", "Monitor.__aenter__", "Monitor.__aexit__", count=FEW)
def astart():
    made = running()

    async def call() -> None:
        await made.astop()
        async with made:
            await made.astart()

    return on_loop(call)


@loop("Monitor.set_log", count=FEW)
def set_log():
    made = running()
    made.register(beat("a"))

    def call() -> None:
        made.set_log(logging.CRITICAL)
        made.beat("a")
        made.set_log(None)

    return call


@loop("Monitor.register", "Monitor.unregister", "Monitor.register_many", "Monitor.replace")
def register():
    made = monitor()

    def call() -> None:
        made.register(beat("a"))
        made.register_many([beat("b"), beat("c")])
        made.replace(beat("a"), cookie=1)
        made.unregister("a", "b", "c")

    return call


@loop("Monitor.check", "Monitor.register_function")
def functions():
    made = monitor()

    def call() -> None:
        made.check("a")(lambda: None)
        made.register_function(lambda: None, name="b")
        made.unregister("a", "b")

    return call


@loop("Monitor.use_loop")
def use_loop():
    made = monitor()

    async def call() -> None:
        made.use_loop()

    return on_loop(call)


def _answered(made: Monitor, events: Events, name: str) -> None:
    for _ in range(100):
        made.check_now(name)
        if any(event.outcome for event in events.poll(timeout=60)):
            return
    raise AssertionError("no result came")


@loop("Monitor.check_now", "Check.check_now")
def run_of_a_plain_function():
    made = running()
    made.check("a", initial_delay="1h")(lambda: {"status": "healthy", "value": 1})
    events = made.events(Kinds.RESULT)
    keep(events)
    return lambda: (made["a"].check_now(), _answered(made, events, "a"))


@loop("Events.__aiter__", "Events.__anext__")
def run_of_a_coroutine():
    made = running()

    async def works() -> float:
        await asyncio.sleep(0)
        return 1.0

    made.check("a", initial_delay="1h")(works)
    events = made.events(Kinds.RESULT)
    keep(events)

    async def call() -> None:
        made.use_loop()
        made.check_now("a")
        async for event in events:
            assert event.outcome
            break

    return on_loop(call)


@loop("Events.apoll", count=FEW)
def apoll():
    made = monitor()
    events = made.events(Kinds.LIFE)
    keep(events)

    async def call() -> None:
        assert await events.apoll(timeout=0) == []
        events.wake()
        assert await events.apoll(timeout=60) == []
        made.register(beat("a"))
        made.unregister("a")
        while await events.apoll(timeout=0.001):
            pass

    return on_loop(call)


@loop("Monitor.checks", "Monitor.__iter__", "Monitor.__getitem__", "Monitor.__contains__")
def checks():
    made = monitor("a")
    return lambda: (made.checks(), list(made), made["a"], "a" in made, "b" in made)


@loop("Monitor.status", "Monitor.snapshot", "Monitor.render", "Monitor.group", "Monitor.groups")
def reads():
    made = monitor("a")
    return lambda: (made.status(), made.status("a"), made.snapshot(), made.snapshot("a"),
                    made.render(), made.render("openmetrics"), made.group("workers"),
                    made.groups)  # fmt: skip


@loop("Monitor.pause", "Monitor.resume", "Monitor.override", "Monitor.beat")
def inputs():
    made = monitor("a")

    def call() -> None:
        made.pause("a")
        made.resume("a")
        made.override("a", Status.DEGRADED, 5)
        made.override("a", None)
        made.beat("a", value=1.0, message="fine")

    return call


@loop("Monitor.report")
def report():
    made = monitor()
    made.register(meshvitals.External(), name="x", interval="1s", initial_delay=0)
    events = made.events(Kinds.DUE)

    def call() -> None:
        made.advance(made.now_ns + 1_000_000_000)
        for event in events.poll():
            made.report(event.id, event.token, Result(Outcome.PASS))

    return call
