"""Logs go through `logging`, to the logger `meshvitals`."""

from __future__ import annotations

import logging
import threading

import pytest

from meshvitals import Heartbeat, Monitor, Outcome

from conftest import eventually


class Collected(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelname, record.getMessage()))


@pytest.fixture
def log():
    handler, logger = Collected(), logging.getLogger("meshvitals")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_changes_of_status_are_logged_while_it_is_asked_for(monitor: Monitor, log: list):
    monitor.register(Heartbeat("1h"), name="a")
    monitor.set_log()
    monitor.start()
    monitor.beat("a")
    assert eventually(lambda: ("INFO", "a: UNKNOWN -> HEALTHY (none)") in log)
    monitor.beat("a", Outcome.FAIL, message="no workers")
    assert eventually(lambda: ("WARNING", "a: HEALTHY -> UNHEALTHY (no workers)") in log)
    monitor.set_log(logging.WARNING)
    monitor.beat("a")
    monitor.beat("a", Outcome.FAIL, message="again")
    assert eventually(lambda: ("WARNING", "a: HEALTHY -> UNHEALTHY (again)") in log)
    assert [line for line in log if line[1].startswith("a: UNHEALTHY")] == []
    monitor.set_log(None)
    assert eventually(lambda: threading.active_count() == 1)


def test_nothing_is_logged_unless_it_is_asked_for(monitor: Monitor, log: list):
    monitor.register(Heartbeat("1h"), name="a")
    monitor.start()
    monitor.beat("a")
    assert threading.active_count() == 1 and not log
    monitor.stop()


def test_logging_goes_on_after_a_restart(monitor: Monitor, log: list):
    monitor.register(Heartbeat("1h"), name="a")
    monitor.set_log()
    for _ in range(2):
        log.clear()
        monitor.start()
        monitor.beat("a")
        assert eventually(lambda: ("INFO", "a: UNKNOWN -> HEALTHY (none)") in log)
        monitor.stop()
        assert threading.active_count() == 1


def test_a_handler_that_raises_ends_no_logging(monitor: Monitor, log: list, capsys):
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError("disk full")

    broken, logger = Broken(), logging.getLogger("meshvitals")
    logger.addHandler(broken)
    try:
        monitor.register(Heartbeat("1h"), name="a")
        monitor.set_log()
        monitor.start()
        monitor.beat("a")
        assert eventually(lambda: len(log) >= 1)
        monitor.beat("a", Outcome.FAIL)
        assert eventually(lambda: any("UNHEALTHY" in line for _, line in log))
    finally:
        logger.removeHandler(broken)
