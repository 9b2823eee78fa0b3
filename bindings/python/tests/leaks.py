"""One loop for each public call, or for calls that only work together.

A loop is a function that prepares something and returns what is called again and again. What it
needs stays for the whole loop and is closed at its end.
"""

from __future__ import annotations

import asyncio
from typing import Callable, List, NamedTuple, Protocol, Tuple, Union

from meshvitals import Monitor

#: Repetitions of a batch: of what is quick, and of what starts and ends threads.
MANY, FEW = 400, 50


class Closes(Protocol):
    """What a loop needs: a subscription, an event loop, a server."""

    def close(self) -> None: ...


class Loop(NamedTuple):
    """A leak loop."""

    names: Tuple[str, ...]
    count: int
    make: Callable[[], Callable[[], object]]


LOOPS: List[Loop] = []
_open: List[Union[Monitor, Closes]] = []


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
        else:
            thing.close()


def keep(thing: Closes) -> None:
    """Closes it at the end of the loop."""
    _open.append(thing)


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
