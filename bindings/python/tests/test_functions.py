"""Functions of the program as checks: what they return or raise is what their check is."""

from __future__ import annotations

import asyncio
import enum
import functools
import threading
from typing import Any

import pytest
import uvloop

import meshvitals
from meshvitals import Event, Kinds, Monitor, Outcome, Reason, Result, Status

from conftest import expect_event


class Foreign(enum.Enum):
    """Somebody else's enumeration of the same words."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Unlooked:
    """What raises as soon as it is looked at."""

    @property
    def __class__(self) -> type:  # type: ignore[override]
        raise RuntimeError("no class")

    def __repr__(self) -> str:
        return "Unlooked"


REFUSED = "the Result that it returned is refused"


def result_of(monitor: Monitor, name: str = "a") -> Event:
    """The first result of a check."""
    events = monitor.events(Kinds.RESULT)
    monitor.start()
    return expect_event(events, lambda event: event.name == name)


def returning(value: Any, asynchronous: bool) -> Any:
    """A function that returns this, or raises it if it is an exception."""

    def function() -> Any:
        if issubclass(type(value), BaseException):
            raise value
        return value

    async def coroutine() -> Any:
        return function()

    return coroutine if asynchronous else function


def name_of(value: Any) -> str:
    """The name of a case, without the digits of a number that is too long."""
    return ascii(value)[:40]


CASES = [
    (None, Outcome.PASS, None, ""),
    (True, Outcome.PASS, None, ""),
    (False, Outcome.FAIL, None, ""),
    (Status.HEALTHY, Outcome.PASS, None, ""),
    (Status.DEGRADED, Outcome.WARN, None, ""),
    (Status.UNHEALTHY, Outcome.FAIL, None, ""),
    (Status.UNKNOWN, Outcome.LOCAL, None, ""),
    ("healthy", Outcome.PASS, None, ""),
    ("DEGRADED", Outcome.WARN, None, ""),
    ("unhealthy", Outcome.FAIL, None, ""),
    (Foreign.UNHEALTHY, Outcome.FAIL, None, ""),
    (Outcome.WARN, Outcome.WARN, None, ""),
    (0, Outcome.PASS, 0.0, ""),
    (2.5, Outcome.PASS, 2.5, ""),
    ({"value": 3, "message": "three"}, Outcome.PASS, 3.0, "three"),
    ({"status": "degraded", "value": 0.5, "more": [1]}, Outcome.WARN, 0.5, ""),
    ({"status": Foreign.UNHEALTHY, "error": "gone"}, Outcome.FAIL, None, "gone"),
    ({"status": False, "value": "much", "message": 7}, Outcome.FAIL, None, "7"),
    (Result(Outcome.WARN, value=1.5, message="slow"), Outcome.WARN, 1.5, "slow"),
    (ValueError("no rows"), Outcome.FAIL, None, "ValueError: no rows"),
    (TimeoutError(), Outcome.FAIL, None, "TimeoutError"),
    (Unprintable(), Outcome.FAIL, None, "Unprintable"),
    (asyncio.CancelledError(), Outcome.FAIL, None, "CancelledError"),
    ("perfect", Outcome.FAIL, None, "returned str"),
    ({"status": "perfect"}, Outcome.FAIL, None, "returned str"),
    ([], Outcome.FAIL, None, "returned list"),
    (10**400, Outcome.FAIL, None, "OverflowError: "),
    ({"value": 10**400}, Outcome.FAIL, None, "OverflowError: "),
    (Unlooked(), Outcome.FAIL, None, "RuntimeError: no class"),
    (ValueError("\udc80 is a name"), Outcome.FAIL, None, "ValueError: \\udc80 is a name"),
    (Result(Outcome.PASS, latency=-1), Outcome.FAIL, None, f"{REFUSED}: latency: -1 is not"),
    (Result(Outcome.PASS, value=10**400), Outcome.FAIL, None, REFUSED),
    (Result(Outcome.PASS, message=5), Outcome.FAIL, None, REFUSED),  # type: ignore[arg-type]
    (Result("pass"), Outcome.FAIL, None, REFUSED),  # type: ignore[arg-type]
    (Result(9), Outcome.FAIL, None, f"{REFUSED}: outcome: 9 is not"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("asynchronous", [False, True], ids=["plain", "async"])
@pytest.mark.parametrize(("value", "outcome", "figure", "message"), CASES, ids=name_of)
def test_what_is_returned_is_what_the_check_is(
    monitor: Monitor, value, outcome, figure, message, asynchronous
):
    monitor.check("a", interval="1h", initial_delay=0)(returning(value, asynchronous))

    async def main() -> Event:
        monitor.use_loop()
        # The loop must run while the result is waited for.
        return await asyncio.get_running_loop().run_in_executor(None, result_of, monitor)

    event = asyncio.run(main()) if asynchronous else result_of(monitor)
    assert (event.outcome, event.value) == (outcome, figure)
    assert event.message.startswith(message) and bool(event.message) == bool(message)
    assert event.latency > 0
    expected = Reason.NONE if outcome is Outcome.PASS else Reason.REPORTED
    assert event.reason is expected


def test_a_long_text_is_cut(monitor: Monitor):
    monitor.check("a", interval="1h", initial_delay=0)(returning(ValueError("x" * 9999), False))
    assert len(result_of(monitor).message) == 159


def test_a_decorated_function_is_itself(monitor: Monitor):
    @monitor.check("a", interval=5, tags=["readiness"])
    def function() -> str:
        """Says."""
        return "healthy"

    assert function() == "healthy" and function.__doc__ == "Says."
    assert monitor["a"].snapshot().tags == ("readiness",)


def test_what_cannot_be_called_is_refused(monitor: Monitor):
    with pytest.raises(TypeError):
        monitor.register_function(7, name="a")  # type: ignore[arg-type]
    with pytest.raises(meshvitals.InvalidDocument):
        monitor.register_function(lambda: None, name="a", interval="soon")
    assert "a" not in monitor


def test_plain_functions_run_on_daemon_threads(monitor: Monitor):
    seen = []
    monitor.check("a", interval="1h", initial_delay=0)(
        lambda: seen.append(threading.current_thread())
    )
    assert result_of(monitor).outcome is Outcome.PASS
    assert seen[0] is not threading.main_thread() and seen[0].daemon


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("kind", ["partial", "object", "lambda"])
def test_whatever_gives_a_coroutine_runs_on_the_loop(monitor: Monitor, new_loop, kind):
    async def three(number: int = 3) -> int:
        assert asyncio.get_running_loop() is loop
        return number

    class Callable:
        async def __call__(self) -> int:
            return await three()

    call = {"partial": functools.partial(three, 3), "object": Callable(), "lambda": lambda: three()}
    monitor.check("a", interval="1h", initial_delay=0)(call[kind])

    async def main() -> Event:
        async with monitor:
            events = monitor.events(Kinds.RESULT)
            return await events.__anext__()

    loop = new_loop()
    try:
        event = loop.run_until_complete(main())
    finally:
        loop.close()
    assert (event.outcome, event.value) == (Outcome.PASS, 3.0), event.message


@pytest.mark.parametrize("call", [returning(1, True), lambda: returning(1, True)()])
def test_without_a_loop_nobody_is_blamed(monitor: Monitor, call):
    monitor.check("a", interval="1h", initial_delay=0)(call)
    event = result_of(monitor)
    assert (event.outcome, event.reason) == (Outcome.LOCAL, Reason.HOST_NOT_POLLING)
    assert event.message == "it was given no event loop"


def test_an_external_check_nobody_answers_for_is_not_blamed(monitor: Monitor):
    monitor.check("b", interval="1h", initial_delay=0)(lambda: None)
    monitor.register(meshvitals.External(), name="a", initial_delay=0)
    event = result_of(monitor)
    assert (event.outcome, event.reason) == (Outcome.LOCAL, Reason.REPORTED)


def test_replacing_keeps_the_function_while_the_host_runs_it(monitor: Monitor):
    monitor.check("a", interval="1h", initial_delay=0)(lambda: 1)
    monitor.replace(meshvitals.External(), name="a", interval="1h", initial_delay=0, cookie=4)
    event = result_of(monitor)
    assert (event.value, event.cookie) == (1.0, 4)
    monitor.replace(meshvitals.Heartbeat("1h"), name="a")
    assert monitor["a"].id not in monitor._dispatcher._functions


def test_functions_are_registered_and_removed_while_all_runs(monitor: Monitor):
    events = monitor.events(Kinds.RESULT)
    monitor.start()
    for number in range(50):
        name = f"n{number}"
        monitor.check(name, interval="1h", initial_delay=0)(lambda: 1)
        told = expect_event(events, lambda event, name=name: event.name == name)
        assert told.outcome is Outcome.PASS
        monitor.unregister(name)
    assert not monitor._dispatcher._functions and not monitor._dispatcher._runs


def test_a_function_may_use_its_monitor(monitor: Monitor):
    @monitor.check("a", interval="1h", initial_delay=0)
    def function() -> int:
        monitor.check("b", interval="1h", initial_delay=0)(lambda: 7)
        return len(monitor.checks())

    events = monitor.events(Kinds.RESULT)
    monitor.start()
    values = {}
    while set(values) < {"a", "b"}:
        event = expect_event(events, lambda event: event.name in ("a", "b"))
        values[event.name] = event.value
    assert values == {"a": 3.0, "b": 7.0}


def test_a_function_may_stop_its_monitor(monitor: Monitor):
    stopped = threading.Event()

    @monitor.check("a", interval="1h", initial_delay=0)
    def function() -> None:
        monitor.stop()
        stopped.set()

    monitor.start()
    assert stopped.wait(60)
    monitor.start()


def test_what_is_no_loop_is_refused(monitor: Monitor):
    with pytest.raises(TypeError, match="allowed: one of asyncio"):
        monitor.use_loop(True)  # type: ignore[arg-type]
