"""A program with a second interpreter. The argument says which of them asks first for the
library."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 13):
    import _interpreters as interpreters
else:
    import _xxsubinterpreters as interpreters

ATTEMPT = """if True:
    try:
        import meshvitals
    except ImportError as error:
        print(error, flush=True)
"""


def attempt() -> None:
    """Asks for it in an interpreter that ends afterwards."""
    other = interpreters.create()
    interpreters.run_string(other, ATTEMPT)
    interpreters.destroy(other)


def work() -> None:
    """Uses it here."""
    from meshvitals import Heartbeat, Monitor

    with Monitor(system_checks=False) as monitor:
        jobs = monitor.register(Heartbeat("1h"), name="jobs")
        monitor.beat(jobs)
        print(jobs.status, flush=True)
        attempt()


if sys.argv[1] == "other":
    attempt()
work()
attempt()
