"""What was registered to run at the end: after the import while all works, before it when all
is over."""

from __future__ import annotations

import atexit


def last() -> None:
    """Registered before the import, so it runs after the library's own."""
    print("last:", jobs.status, monitor.status())
    # What was begun now would be ended by nobody.
    try:
        monitor.start()
    except NotRunning as error:
        print("again:", error)


atexit.register(last)

import threading  # noqa: E402

from meshvitals import Heartbeat, Kinds, Monitor, NotRunning  # noqa: E402

monitor = Monitor(system_checks=False, start_spread=0)
jobs = monitor.register(Heartbeat("1h"), name="jobs")
ran = threading.Event()
monitor.check("function", interval="10ms", initial_delay=0)(ran.set)


@atexit.register
def first() -> None:
    """Registered after the import, so it runs before the library's own."""
    print("first:", jobs.status)
    # Also from here it may be ended, and then begin anew.
    monitor.stop()
    monitor.start()
    monitor.beat(jobs)
    print("anew:", jobs.status)


monitor.set_log()
results = monitor.events(Kinds.RESULT)
monitor.start()
monitor.beat(jobs)
ran.wait()
