"""What every test may use: monitors that end with the test, and waits with a generous bound."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import Callable, Dict, Iterator, List, Set

import pytest

import meshvitals
from meshvitals import Event, Events, Kind, Monitor

#: Longer than any machine needs.
BOUND = 60.0
SECOND = 1_000_000_000


def expect_event(events: Events, wanted: Callable[[Event], bool]) -> Event:
    """The first event that is wanted; others are passed over."""
    while True:
        for event in events.poll(1, BOUND):
            if wanted(event):
                return event
            break
        else:
            raise AssertionError("the event did not come")


def expect_status(events: Events, name: str, status: meshvitals.Status) -> Event:
    """The change of a check to a status."""
    return expect_event(
        events,
        lambda event: event.kind == Kind.STATUS and (event.name, event.status) == (name, status),
    )


async def collect(events: Events, names: List[str]) -> Dict[str, list]:
    """The first results of each of these checks."""
    seen: Dict[str, list] = {name: [] for name in names}
    async for event in events:
        if event.name in seen:
            seen[event.name].append((event.outcome, event.reason))
        if all(seen.values()):
            return seen
    raise AssertionError("the monitor ended")


async def works() -> None:
    """A check that passes."""
    await asyncio.sleep(0)


def threads() -> Set[str]:
    """The names of the threads of this process, the library's included."""
    names = set()
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/comm") as file:
                names.add(file.read().strip())
        except OSError:
            pass
    return names


def eventually(is_so: Callable[[], bool]) -> bool:
    """Waits for what the system does in its own time, such as naming a thread."""
    until = time.monotonic() + BOUND
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.001)
    return True


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """A monitor without checks of its own, whose checks begin at once; not yet started."""
    monitor = Monitor(
        system_checks=False,
        start_spread=0,
        slack="1ms",
        defaults={"first_result_decides": "any", "failure_threshold": 1, "success_threshold": 1},
    )
    yield monitor
    monitor.stop()


@pytest.fixture
def manual() -> Monitor:
    """A monitor whose clock the test moves."""
    return Monitor(clock="manual", start_spread=0)


@pytest.fixture
def port() -> Iterator[int]:
    """A port on which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
