"""What the mesh's metrics collector is told, and what it cannot do to the checks."""

from __future__ import annotations

import asyncio
import logging
import threading
from types import SimpleNamespace

import pytest
from compat.support import (
    NEVER,
    Collector,
    Switch,
    hang,
    health,
    on_loop,
    result,
    started,
    until,
)

from meshvitals.compat import HealthStatus
from meshvitals.compat._metrics import ErrorTags, Sender


@pytest.mark.parametrize("is_started", [False, True])
@on_loop
async def test_each_run_of_each_check_tells_its_gauge(is_started):
    """Section 1.5, and the decision that DEGRADED stays 0."""
    collector = Collector()
    made = health(collector)
    for name, answer in (("h", "healthy"), ("d", "degraded"), ("u", "unhealthy")):
        made.register_check(name, Switch(answer))
    if is_started:
        await made.start()
    await made.check_health()
    await until(lambda: len(collector.calls) >= 3)
    assert [collector.gauges(name) for name in "hdu"] == [[1], [0], [0]]
    assert all(type(value) is int for value in collector.gauges("h"))
    await made.stop()


@on_loop
async def test_metrics_are_told_on_the_loop_of_the_checks():
    """Section 1.5: the collector's lock belongs to one loop, and it is not safe for threads."""
    collector = Collector()
    made = health(collector)
    made.register_check("plain", lambda: {"status": "healthy"})
    made.register_check("coroutine", Switch())
    await made.check_health()
    await until(lambda: len(collector.calls) >= 2)
    assert collector.loops == {asyncio.get_running_loop()}
    assert collector.threads == {threading.get_ident()}


@on_loop
async def test_a_collector_is_whatever_has_the_two_calls(caplog):
    """Row 2: no class of the mesh is needed, and the calls need not be coroutines."""
    told = []
    collector = SimpleNamespace(
        gauge=lambda *values, tags: told.append(("gauge", values, tags)),
        increment=lambda *values, tags: told.append(("increment", values, tags)),
    )
    made = health(collector)
    made.register_check("a", Switch(ValueError("no")))
    with caplog.at_level(logging.DEBUG, "meshvitals"):
        await made.check_health()
    assert not caplog.records, "a call that is no coroutine did not fail"
    tags = {"check": "a"}
    assert told == [
        ("increment", ("health.check.error",), {**tags, "error": "ValueError: no"}),
        ("gauge", ("health.check.status", 0), tags),
    ]


@on_loop
async def test_each_run_that_raises_tells_an_error():
    """Section 1.5: once a run, with the check and the error."""
    collector = Collector()
    made = health(collector)
    made.register_check("a", Switch(ValueError("no rows")))
    made.register_check("b", Switch("unhealthy"))
    for _ in range(2):
        await made.check_health()
    await until(lambda: len(collector.errors()) >= 2 and len(collector.gauges("b")) >= 2)
    assert collector.errors() == [{"check": "a", "error": "ValueError: no rows"}] * 2


@on_loop
async def test_metrics_are_told_when_the_answer_is_there():
    """Section 1.5: a script that asks once and ends has told them."""
    collector = Collector()
    made = health(collector)
    made.register_check("a", Switch())
    await made.check_health()
    assert collector.gauges("a") == [1]


@on_loop
async def test_the_gauge_follows_the_status_that_counts():
    """Row 11: one exception of three changes nothing, the third does."""
    collector = Collector()
    made = health(collector)
    check = Switch()
    made.register_check("a", check)
    await made.check_health()
    check.answer = ValueError("no")
    for _ in range(3):
        await made.check_health()
    assert collector.gauges("a") == [1, 1, 1, 0]


class Broken(Collector):
    """Fails in one of its calls."""

    def __init__(self, method):
        super().__init__()
        self.method = method

    def told(self, method, *rest):
        super().told(method, *rest)
        if method == self.method:
            raise RuntimeError("down")


@on_loop
async def test_a_gauge_that_fails_is_no_failure_of_the_check():
    """Row 15."""
    collector = Broken("gauge")
    made = health(collector)
    made.register_check("a", Switch())
    for _ in range(4):
        assert await made.check_health() is True
    assert (await made.get_health_stats())["failure_counts"] == {"a": 0}
    assert len(collector.gauges("a")) == 4 and not collector.errors()


@on_loop
async def test_an_increment_that_fails_does_not_end_the_checks():
    """Row 16: they run on, and stop does not raise."""
    collector = Broken("increment")
    async with started(collector, check_interval=0.01) as made:
        check = Switch(ValueError("no"))
        made.register_check("a", check)
        await until(lambda: len(collector.errors()) > 3)
        assert made._is_started()


@pytest.mark.parametrize("is_deaf", [False, True])
@on_loop
async def test_a_collector_that_hangs_holds_nobody(is_deaf, monkeypatch):
    """Rows 15 and 16: what waits for it is bounded, and stop ends it, though it may not listen."""
    monkeypatch.setattr("meshvitals.compat._health._FLUSH", 0.01)
    collector = Collector()
    stays = asyncio.Event()

    async def never(*_, **__):
        asyncio.current_task().set_name("stays" if is_deaf else "goes")
        while not stays.is_set():
            try:
                await stays.wait()
            except asyncio.CancelledError:
                if not is_deaf:
                    raise

    collector.gauge = never
    async with started(collector, check_interval=0.01) as made:
        check = Switch(ValueError("no"))
        made.register_check("a", check)
        await until(lambda: check.runs > 5)
        assert await made.check_health() is False
    stays.set()


@on_loop
async def test_a_collector_that_hung_is_told_again(monkeypatch):
    """Rows 15 and 16: a call that takes too long is given up."""
    monkeypatch.setattr("meshvitals.compat._metrics._PATIENCE", 0.01)
    collector = Collector()
    hung = []

    async def once(name, value, tags=None):
        if not hung:
            hung.append(name)
            await hang()
        collector.told("gauge", name, value, tags)

    collector.gauge = once
    async with started(collector, check_interval=0.01) as made:
        made.register_check("a", Switch())
        await until(lambda: len(collector.gauges("a")) > 3)


@on_loop
async def test_a_slow_collector_gets_the_last_gauge_and_a_bounded_rest():
    """Row 16: the store is bounded, whatever comes."""
    gate = asyncio.Event()
    collector = Collector()

    async def slow(name, value, tags=None):
        await gate.wait()
        collector.told("gauge", name, value, tags)

    collector.gauge = slow
    sender = Sender(lambda: collector)
    for number in range(5000):
        sender.gauge("a", number)
        sender.error({"error": str(number)})
        if number == 0:
            await asyncio.sleep(0)
    assert len(sender._gauges) <= 1 and len(sender._errors) <= 1000
    gate.set()
    await until(lambda: not sender._gauges and not sender._errors and sender._task.done())
    assert collector.gauges("a")[-1] == 4999
    assert collector.errors()[-1] == {"error": "4999"}


class Sick:
    """A configuration that cannot be read, until it is healed."""

    def __init__(self, config):
        self.config, self.reads, self.is_sick = config, 0, True

    def __getattr__(self, name):
        if self.is_sick and name == "failure_threshold":
            self.reads += 1
            raise OSError("no configuration")
        return getattr(self.config, name)


@on_loop
async def test_a_turn_that_fails_is_told_and_does_not_spin():
    """Row 17: the loop goes on, the error has a tag of its own, and afterwards all is well."""
    collector = Collector()
    async with started(collector, check_interval=0.01) as made:
        check = Switch()
        made.register_check("a", check)
        await until(lambda: check.runs > 1)
        config = Sick(made.config)
        made.config = config
        await until(lambda: {"error": "OSError: no configuration"} in collector.errors())
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert config.reads <= 5
        config.is_sick = False
        runs = check.runs
        await until(lambda: check.runs > runs)


@on_loop
async def test_a_round_that_fails_is_told_and_the_answer_is_no():
    """Section 1.5, the error of a whole round; check_health never raises."""
    collector = Collector()
    made = health(collector)
    made.register_check("a", Switch())
    made.config = Sick(made.config)
    assert await made.check_health() is False
    await until(lambda: {"error": "OSError: no configuration"} in collector.errors())


def test_error_tags_are_bounded():
    """Row 30: 1,100 messages, and as many types, are few series."""
    tags = ErrorTags()
    seen = {tags.tag("a", f"ValueError: message {number} {'x' * 500}") for number in range(1100)}
    assert len(seen) <= 101 and "ValueError" in seen
    assert max(map(len, seen)) <= 100
    assert tags.tag("a", "ValueError: message 0" + "y") == "ValueError"
    kinds = {tags.tag("a", f"Type{number}: text") for number in range(1100)}
    assert len(kinds) <= 101 and "other" in kinds
    # What was told before is told the same way.
    assert tags.tag("a", f"ValueError: message 3 {'x' * 500}").startswith("ValueError: message 3 ")


@on_loop
async def test_an_error_without_a_text_has_its_type():
    """Row 30: `str(TimeoutError())` is empty."""
    collector = Collector()
    made = health(collector)
    made.register_check("a", Switch(asyncio.TimeoutError()))
    await made.check_health()
    assert collector.errors() == [{"check": "a", "error": "TimeoutError"}]
    assert (await result(made, "a"))["error"] == "TimeoutError"


@on_loop
async def test_a_timeout_is_told_as_an_error():
    """Rows 4 and 30."""
    collector = Collector()
    made = health(collector, timeout=0.05, check_interval=NEVER)
    made.register_check("a", hang)
    await made.check_health()
    (error,) = collector.errors()
    assert error["check"] == "a" and error["error"].startswith("TimeoutError: ")
    assert collector.gauges("a") == [0]


@on_loop
async def test_the_collector_may_come_and_go():
    """Section 1.4: `metrics` is an attribute, read when something is told."""
    made = health()
    check = Switch()
    made.register_check("a", check)
    await made.check_health()
    made.metrics = collector = Collector()
    await made.check_health()
    made.metrics = None
    await made.check_health()
    assert collector.gauges("a") == [1] and made._records["a"].status is HealthStatus.HEALTHY
