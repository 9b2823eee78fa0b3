"""One loop for each public call, or for calls that only work together.

A loop is a function that prepares something and returns what is called again and again. What it
needs stays for the whole loop and is closed at its end.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
from typing import Callable, List, NamedTuple, Tuple

import meshvitals
from meshvitals import Events, Kinds, Monitor, Outcome, Result, Status

#: Repetitions of a batch: of what is quick, and of what starts and ends threads.
MANY, FEW = 400, 50


class Loop(NamedTuple):
    """A leak loop."""

    names: Tuple[str, ...]
    count: int
    make: Callable[[], Callable[[], object]]


LOOPS: List[Loop] = []
_open: List[object] = []


def loop(*names: str, count: int = MANY) -> Callable[[Callable], Callable]:
    """The loop of these calls."""

    def remember(make: Callable) -> Callable:
        LOOPS.append(Loop(names, count, make))
        return make

    return remember


def each(*names: str) -> Callable[[Callable], Callable]:
    """A loop for each of these, made by a function of the name."""

    def remember(make: Callable) -> Callable:
        for name in names:
            LOOPS.append(Loop((name,), MANY, lambda name=name: make(name)))
        return make

    return remember


def close() -> None:
    """Ends what a loop needed."""
    while _open:
        thing = _open.pop()
        if isinstance(thing, Monitor):
            thing.stop()
        elif isinstance(thing, Events):
            thing.close()
        elif isinstance(thing, asyncio.AbstractEventLoop):
            thing.close()


def monitor(*names: str, **options: object) -> Monitor:
    """A manual monitor with heartbeats of these names."""
    made = Monitor(clock="manual", start_spread=0, **options)  # type: ignore[arg-type]
    made.advance(1)
    for name in names:
        made.register(beat(name))
    _open.append(made)
    return made


def running(**options: object) -> Monitor:
    """A monitor that runs."""
    made = Monitor(system_checks=False, start_spread=0, slack="1ms", **options)  # type: ignore[arg-type]
    made.start()
    _open.append(made)
    return made


def beat(name: str) -> dict:
    return {"name": name, "heartbeat": {"ttl": "1h"}, "tags": ["workers"]}


def on_loop(make: Callable[[], object]) -> Callable[[], object]:
    """Runs what `make` returns, again and again on one loop."""
    here = asyncio.new_event_loop()
    _open.append(here)
    return lambda: here.run_until_complete(make())  # type: ignore[arg-type]


# -- Values ---------------------------------------------------------------------------------------

PROBES = {
    "Tcp": lambda: meshvitals.Tcp("127.0.0.1:80"),
    "Http": lambda: meshvitals.Http("http://127.0.0.1/", headers={"Accept": "*/*"}),
    "Cpu": meshvitals.Cpu,
    "Memory": meshvitals.Memory,
    "Disk": lambda: meshvitals.Disk("/"),
    "Heartbeat": lambda: meshvitals.Heartbeat("30s"),
    "External": meshvitals.External,
}


for _word, _make in PROBES.items():
    operators = [f"{_word}.{name}" for name in ("__eq__", "__hash__", "__repr__", "document")]

    @loop(_word, *operators)
    def probe(make=_make):
        return lambda: (make() == make(), hash(meshvitals.Tcp("127.0.0.1:80")), repr(make()),
                        make().document())  # fmt: skip


@loop("Probe", "Probe.document", "Probe.__eq__", "Probe.__hash__", "Probe.__repr__")
def refused_probe():
    def call() -> None:
        try:
            meshvitals.Probe()
        except meshvitals.InvalidDocument:
            pass

    return call


@loop("Expect", "Expect.document", "Expect.__eq__", "Expect.__hash__", "Expect.__repr__")
def expect():
    made = meshvitals.Expect(body_contains="ok")
    return lambda: (meshvitals.Expect(status=[200]).document(), made == made, hash(made), repr(made))


@loop("Result", "Result.__eq__", "Result.__hash__", "Result.__repr__")
def result():
    made = Result(Outcome.PASS)
    return lambda: (Result(Outcome.WARN, value=1.0, message="x") == made, repr(made))


@loop("Snapshot", "Snapshot.__eq__", "Snapshot.__hash__", "Snapshot.__repr__")
def snapshot():
    made = monitor("a")
    return lambda: (made.snapshot("a") == made.snapshot("a"), hash(made.snapshot()), repr(made.snapshot()))


@each("Status", "Outcome", "Reason", "Code", "Kind", "Kinds", "Mask")
def enumeration(name: str):
    of = getattr(meshvitals, name)
    return lambda: [pickle.loads(pickle.dumps(of(int(member)))) for member in of]


@loop(*meshvitals.errors.__all__)
def errors():
    def call() -> None:
        for code in meshvitals.Code:
            try:
                raise meshvitals.errors._of_code(code, "what", "/where")
            except meshvitals.Error as error:
                pickle.loads(pickle.dumps(error))

    return call


@loop("probe_once")
def probe_once():
    return lambda: meshvitals.probe_once(meshvitals.Disk("/"), {"slack": "5ms"})


# -- Monitor: life --------------------------------------------------------------------------------


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


# -- Monitor: checks ------------------------------------------------------------------------------


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
    _open.append(events)
    return lambda: (made["a"].check_now(), _answered(made, events, "a"))


@loop("Events.__aiter__", "Events.__anext__")
def run_of_a_coroutine():
    made = running()

    async def works() -> float:
        await asyncio.sleep(0)
        return 1.0

    made.check("a", initial_delay="1h")(works)
    events = made.events(Kinds.RESULT)
    _open.append(events)

    async def call() -> None:
        made.use_loop()
        made.check_now("a")
        async for event in events:
            assert event.outcome
            break

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


# -- Handles and events ---------------------------------------------------------------------------

READS = ("status", "fresh_status", "name", "id", "snapshot", "__bool__", "__eq__", "__hash__", "__repr__")


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


@loop("Check.pause", "Check.resume", "Check.override_status", "Check.clear_override", "Check.report")
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
      "Events.__exit__", "Events.fileno", "Events.merged", "Events.wake", "Events.poll")  # fmt: skip
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
