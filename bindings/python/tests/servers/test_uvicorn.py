"""uvicorn: the monitor lives as long as the application, in each worker and on each loop."""

from __future__ import annotations

import signal

import pytest
from servers.apps.threads import engines
from servers.support import WELL, Server

pytestmark = pytest.mark.usefixtures("peer")

#: uvicorn leaves the socket of its workers to the end.
FLAGS = ["-X", "dev", "-W", "error", "-W", "ignore:unclosed:ResourceWarning"]
#: Without workers it ends by the signal that it was sent, when it has shut down. Of an interrupt
#: it makes a good end.
CODES = {signal.SIGTERM: -signal.SIGTERM, signal.SIGINT: 0}
ALL = {**WELL, "coroutine": "HEALTHY"}


def uvicorn(application: str, *options: str, **environment: str) -> Server:
    """A uvicorn that runs the application."""
    server = ["-m", "uvicorn", "--host", "127.0.0.1", "--port", "0", "--no-access-log"]
    return Server(*FLAGS, *server, *options, application, **environment)


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> list:
    """The loop that the server runs on."""
    return ["--loop", request.param]


@pytest.mark.parametrize("number", CODES, ids=lambda each: each.name)
def test_a_single_process_watches_while_it_serves(loop: list, number: signal.Signals):
    with uvicorn("asgi:application", *loop) as server:
        server.expect_workers(1, statuses=ALL)
        server.expect_end(number, CODES[number])


def test_each_worker_watches_for_itself(loop: list):
    with uvicorn("asgi:application", *loop, "--workers", "2") as server:
        server.expect_workers(2, statuses=ALL)
        assert engines(server.pid) == 0
        server.expect_end()


@pytest.mark.parametrize("number", CODES, ids=lambda each: each.name)
def test_a_signal_to_all_of_its_processes_ends_it(loop: list, number: signal.Signals):
    with uvicorn("asgi:application", *loop, "--workers", "2") as server:
        server.expect_workers(2, statuses=ALL)
        server.expect_end(number, at_once=True)


def test_each_worker_of_an_application_with_a_framework_watches_for_itself(loop: list):
    with uvicorn("framework:app", *loop, "--workers", "2") as server:
        server.expect_workers(2)
        server.expect_end()


def test_a_reload_replaces_workers_that_watch_by_others_that_do():
    with uvicorn("asgi:application", "--workers", "2") as server:
        old = server.expect_workers(2, statuses=ALL)
        server.send(signal.SIGHUP)
        server.expect_workers(2, besides=old, statuses=ALL)
        server.expect_gone(old)
        server.expect_end()


@pytest.mark.parametrize("kind", ["function", "coroutine"])
def test_a_check_that_hangs_keeps_no_worker_from_ending(loop: list, kind: str):
    options = [*loop, "--workers", "2"]
    with uvicorn("asgi:application", *options, MESHVITALS_TEST_HANGS=kind) as server:
        server.expect_workers(2, statuses={**ALL, "hangs": "UNHEALTHY"})
        server.expect_end()


@pytest.mark.parametrize("number", CODES, ids=lambda each: each.name)
def test_a_monitor_that_nobody_stops_keeps_no_process_from_ending(number: signal.Signals):
    # Its lifespan is not run, so that the module's own start is all there is.
    with uvicorn("everlasting:application", "--lifespan", "off") as server:
        server.expect_workers(1)
        server.expect_end(number, CODES[number])
