"""Leak loops of handles, events and subscriptions."""

from __future__ import annotations

import meshvitals
from meshvitals import Kinds, Outcome, Status

from leaks import beat, loop, monitor

READS = (
    "status",
    "fresh_status",
    "name",
    "id",
    "snapshot",
    "__bool__",
    "__eq__",
    "__hash__",
    "__repr__",
)


@loop(*(f"{kind}.{name}" for kind in ("Handle", "Check", "Group") for name in READS), "Handle",
      "Check", "Group", "Group.answer")  # fmt: skip
def handles():
    made = monitor("a")
    pair = (made["a"], made.group("workers"))

    def call() -> None:
        for handle in pair:
            (handle.status, handle.fresh_status, handle.name, handle.id, handle.snapshot())
            (bool(handle), handle == pair[0], hash(handle), repr(handle))
        assert pair[1].answer in (True, False)

    return call


@loop(
    "Check.pause", "Check.resume", "Check.override_status", "Check.clear_override", "Check.report"
)
def check_inputs():
    check = monitor("a")["a"]

    def call() -> None:
        check.pause()
        check.resume()
        check.override_status(Status.HEALTHY, 5.0)
        check.clear_override()
        check.report(0, Outcome.FAIL, value=1.0, message="x")

    return call


EVENT = [
    f"Event.{name}"
    for name in vars(meshvitals.Event)
    if not name.startswith("_") or name == "__repr__"
]


@loop("Event", *EVENT)
def event():
    made = monitor("a")
    events = made.events(Kinds.ALL)
    names = [name.split(".")[1] for name in EVENT if not name.endswith("__repr__")]

    def call() -> None:
        made.beat("a")
        made.register(beat("b"))
        made.unregister("b")
        for one in events.poll(1000, 0):
            repr(one)
            for name in names:
                getattr(one, name)

    return call


@loop("Events", "Monitor.events", "Events.close", "Events.closed", "Events.__enter__",
      "Events.__exit__", "Events.fileno", "Events.merged", "Events.wake",
      "Events.poll")  # fmt: skip
def subscriptions():
    made = monitor("a")

    def call() -> None:
        with made.events(Kinds.ALL) as events:
            events.wake()
            events.poll(timeout=0)
            (events.fileno(), events.merged, events.closed)

    return call


@loop("Events.__iter__", "Events.__next__")
def iteration():
    made = monitor()
    events = made.events(Kinds.LIFE)

    def call() -> None:
        made.register(meshvitals.Heartbeat("1h"), name="b")
        made.unregister("b")
        iterator = iter(events)
        assert next(iterator).name == next(iterator).name == "b"

    return call
