"""A program that ends while its daemon threads call the monitor all the time."""

from __future__ import annotations

import itertools
import sys
import threading

from meshvitals import Error, Heartbeat, Monitor, Status

# Threads take turns as often as they can, so that the end finds them everywhere.
sys.setswitchinterval(1e-6)
monitor = Monitor(system_checks=False, start_spread=0, slack="1ms", stop_timeout="300ms")
jobs = monitor.register(Heartbeat("1h"), name="jobs")
events = monitor.events()
begun = threading.Barrier(7)


def read() -> None:
    monitor.status("jobs")


def beat() -> None:
    monitor.beat(jobs)


def render() -> None:
    monitor.render("openmetrics")


def take() -> None:
    events.poll(timeout=0.0001)


def look() -> None:
    jobs.snapshot()


def restart() -> None:
    monitor.start()


def again(call) -> None:
    for turn in itertools.count():
        try:
            call()
        except Error:
            # It is stopped at the end.
            pass
        if turn == 10:
            begun.wait()


monitor.check("function", interval="10ms", initial_delay=0)(lambda: None)
monitor.start()
for call in (read, beat, render, take, look, restart):
    threading.Thread(target=again, args=[call], daemon=True).start()
begun.wait()
assert jobs.status is not Status.UNHEALTHY
