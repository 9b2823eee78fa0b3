"""gunicorn: each worker watches for itself, whoever loads the application, and however it ends."""

from __future__ import annotations

import signal

import pytest
from servers.apps.threads import engines
from servers.support import WELL, Server

pytestmark = pytest.mark.usefixtures("peer")

PLACES = {"loaded in each worker": [], "preloaded": ["--preload"]}
WITHOUT_HOOKS = "plain.conf.py"
#: gunicorn leaves its sockets to the end, and uvicorn's worker class has a successor elsewhere.
FLAGS = [
    *("-X", "dev", "-W", "error", "-W", "ignore:unclosed:ResourceWarning"),
    *("-W", "ignore:The `uvicorn.workers` module:DeprecationWarning"),
]


def gunicorn(
    application: str, *options: str, config: str = "gunicorn.conf.py", **environment: str
) -> Server:
    """A gunicorn with two workers, with the configuration that the README shows."""
    server = ["-m", "gunicorn", "--bind", "127.0.0.1:0", "--workers", "2", "--config", config]
    return Server(*FLAGS, *server, *options, application, **environment)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> list:
    """Whether the application is loaded before the fork."""
    return PLACES[request.param]


@pytest.mark.parametrize("worker", [["sync"], ["gthread", "--threads", "4"]], ids=lambda w: w[0])
def test_each_worker_watches_for_itself(worker: list, place: list):
    with gunicorn("app:application", *place, "--worker-class", *worker) as server:
        server.expect_workers(2)
        assert engines(server.pid) == 0
        server.expect_end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT], ids=lambda each: each.name)
@pytest.mark.parametrize("at_once", [False, True], ids=["master first", "all at once"])
def test_every_way_to_end_it_ends_it(number: signal.Signals, at_once: bool, place: list):
    with gunicorn("app:application", *place) as server:
        server.expect_workers(2)
        server.expect_end(number, at_once=at_once)


@pytest.mark.parametrize("worker", ["asgi", "uvicorn.workers.UvicornWorker"])
def test_asgi_workers_run_coroutines_on_their_loop(worker: str, place: list):
    options = [*place, "--worker-class", worker]
    with gunicorn("asgi:application", *options, config=WITHOUT_HOOKS) as server:
        server.expect_workers(2, statuses={**WELL, "coroutine": "HEALTHY"})
        server.expect_end()


def test_a_reload_replaces_workers_that_watch_by_others_that_do(place: list):
    with gunicorn("app:application", *place) as server:
        old = server.expect_workers(2)
        server.send(signal.SIGHUP)
        server.expect_workers(2, besides=old)
        server.expect_gone(old)
        server.expect_end()


def test_workers_that_have_served_enough_are_replaced(place: list):
    with gunicorn("app:application", *place, "--max-requests", "5") as server:
        first = server.expect_workers(2)
        second = server.expect_workers(2, besides=first)
        server.expect_workers(2, besides=[*first, *second])
        server.expect_gone(first)
        server.expect_end()


def test_a_worker_that_was_killed_is_replaced(place: list):
    with gunicorn("app:application", *place) as server:
        old = server.expect_workers(2)
        server.kill(old[0])
        server.expect_workers(1, besides=old)
        server.expect_gone(old[:1])
        server.expect_end()


def test_a_function_that_hangs_keeps_no_worker_from_ending(place: list):
    with gunicorn("app:application", *place, MESHVITALS_TEST_HANGS="function") as server:
        old = server.expect_workers(2, statuses={**WELL, "hangs": "UNHEALTHY"})
        server.send(signal.SIGHUP)
        server.expect_gone(old)
        server.expect_workers(2, besides=old, statuses={**WELL, "hangs": "UNHEALTHY"})
        server.expect_end()


def test_a_monitor_of_the_master_says_in_its_workers_that_it_must_be_started():
    with gunicorn("early:application", "--preload", config=WITHOUT_HOOKS) as server:
        told = server.ask()
        assert "start" in told["error"], told
        assert engines(server.pid) == 1 and told["engines"] == 0
        server.expect_end()


def test_a_monitor_of_the_master_is_started_anew_by_the_hook():
    with gunicorn("early:application", "--preload") as server:
        server.expect_workers(2)
        server.expect_end()


def test_a_monitor_may_follow_every_fork_without_a_hook(place: list):
    with gunicorn("everywhere:application", *place, config=WITHOUT_HOOKS) as server:
        old = server.expect_workers(2)
        assert engines(server.pid) == len(place)
        server.send(signal.SIGHUP)
        server.expect_workers(2, besides=old)
        server.expect_gone(old)
        server.expect_end()
