"""What a collector of the mesh is told about the checks of a monitor."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Dict, List, Tuple

import pytest
from compat.support import until

from meshvitals import Heartbeat, Monitor, Outcome, Status
from meshvitals.metrics import MetricsFeed

from conftest import BOUND

NEVER = 3600.0


class Collector:
    """Section 1.5 of the contract: everything is awaited, tags are a keyword."""

    def __init__(self) -> None:
        self.calls: List[Tuple[Any, ...]] = []
        self.loop = asyncio.get_running_loop()

    async def gauge(self, name: str, value: float, tags: Dict[str, str]) -> None:
        assert asyncio.get_running_loop() is self.loop
        self.calls.append((name, value, tags))

    async def increment(self, name: str, value: float = 1, *, tags: Dict[str, str]) -> None:
        assert asyncio.get_running_loop() is self.loop
        self.calls.append((name, tags))

    def of(self, check: str) -> List[Tuple[Any, ...]]:
        """The calls about a check, without its name."""
        return [(*call[1:-1], call[-1].get("error")) for call in self.calls
                if call[-1]["check"] == check]  # fmt: skip


def run(main: Callable[[], Any]) -> Any:
    """Runs it on a loop, for a bounded time."""

    async def bounded() -> Any:
        return await asyncio.wait_for(main(), BOUND)

    return asyncio.run(bounded())


def gauge(value: int) -> Tuple[int, None]:
    return (value, None)


def test_each_run_tells_its_gauge_and_each_failure_its_error(monitor: Monitor):
    answers: Dict[str, Any] = {
        "healthy": True, "degraded": Status.DEGRADED, "unhealthy": False,
        "unknown": Status.UNKNOWN, "raises": ValueError("no rows"),
    }  # fmt: skip

    def answering(answer: Any) -> Any:
        def check() -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return check

    for name, answer in answers.items():
        monitor.register_function(answering(answer), name=name, interval="1h", initial_delay=0)

    async def main() -> Collector:
        collector = Collector()
        async with MetricsFeed(monitor, collector, period=0.001), monitor:
            await until(lambda: all(collector.of(name) for name in answers))
            await until(lambda: len(collector.of("raises") + collector.of("unhealthy")) == 4)
        return collector

    collector = run(main)
    assert {call[0] for call in collector.calls} == {"health.check.status", "health.check.error"}
    assert collector.of("healthy") == [gauge(1)]
    assert collector.of("degraded") == collector.of("unknown") == [gauge(0)]
    assert sorted(collector.of("unhealthy"), key=repr) == [
        ("reported by the host program",),
        gauge(0),
    ]
    assert sorted(collector.of("raises"), key=repr) == [("ValueError: no rows",), gauge(0)]
    assert all(type(call[1]) is int for call in collector.calls if len(call) == 3)


def test_what_happens_within_a_period_is_one_batch(monitor: Monitor):
    jobs = monitor.register(Heartbeat("1h"), name="jobs")

    async def main() -> Collector:
        collector = Collector()
        async with monitor, MetricsFeed(monitor, collector, period=NEVER):
            monitor.beat(jobs)
            await until(lambda: collector.of("jobs") == [gauge(1)])
            # The next batch would be told in an hour; leaving tells it now.
            for outcome in [Outcome.PASS] * 100 + [Outcome.FAIL] * 3:
                monitor.beat(jobs, outcome)
            # More turns of the loop than a feed needs that does not wait.
            for _ in range(100):
                await asyncio.sleep(0)
            assert collector.of("jobs") == [gauge(1)]
        return collector

    told = run(main).of("jobs")
    assert told.count(("reported by the host program",)) == 3
    assert [call for call in told if len(call) == 2] == [gauge(1), gauge(0)]


@pytest.mark.parametrize("fault", ["fails", "hangs"])
def test_a_collector_that_fails_changes_no_check_and_keeps_nobody(
    monitor: Monitor, fault, monkeypatch
):
    monkeypatch.setattr("meshvitals.metrics._PATIENCE", 0.01)
    jobs = monitor.register(Heartbeat("1h"), name="jobs")
    asked: List[str] = []

    class Bad:
        async def gauge(self, name: str, value: float, tags: Dict[str, str]) -> None:
            asked.append(name)
            if fault == "fails":
                raise RuntimeError("the collector is down")
            await asyncio.sleep(NEVER)

    async def main() -> None:
        async with monitor:
            async with MetricsFeed(monitor, Bad(), period=0.001):
                for _ in range(3):
                    monitor.beat(jobs)
                await until(lambda: bool(asked))
                assert jobs.status is Status.HEALTHY
            names = [task.get_name() for task in asyncio.all_tasks()]
            assert [name for name in names if "meshvitals" in name] == []

    run(main)
    assert asked


def test_the_feed_outlives_its_monitor(monitor: Monitor):
    jobs = monitor.register(Heartbeat("1h"), name="jobs")

    async def main() -> Collector:
        collector = Collector()
        async with MetricsFeed(monitor, collector, period=0.001):
            async with monitor:
                monitor.beat(jobs)
            await until(lambda: collector.of("jobs") == [gauge(1)])
        return collector

    assert run(main).of("jobs") == [gauge(1)]


def test_different_errors_are_few(monitor: Monitor):
    jobs = monitor.register(Heartbeat("1h"), name="jobs")

    async def main() -> Collector:
        collector = Collector()
        async with monitor, MetricsFeed(monitor, collector, period=0.001):
            for number in range(300):
                monitor.beat(jobs, Outcome.FAIL, message=f"Gone: request {number}")
            await until(lambda: len(collector.of("jobs")) >= 300)
        return collector

    told = run(main).of("jobs")
    errors = [call for call in told if len(call) == 1]
    assert len(errors) == 300 and len(set(errors)) <= 101 and ("Gone",) in errors
