"""Starting, stopping, loops, forks: what runs when, and that nothing stays."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
import weakref
from types import SimpleNamespace

import pytest
import uvloop
from compat.support import (
    BOUND,
    Collector,
    Server,
    Switch,
    descriptors,
    eventually,
    hang,
    health,
    on_loop,
    started,
    threads,
    until,
)

from meshvitals.compat import HealthCheck, HealthCheckConfig, _driver


@on_loop
async def test_starting_twice_is_starting_once():
    """Row 22."""
    made = health()
    check = Switch()
    made.register_check("a", check)
    await made.start()
    await made.start()
    assert await made.check_health()
    drivers = [task for task in asyncio.all_tasks() if task.get_name() == "meshvitals health"]
    assert (len(drivers), check.runs) == (1, 1)
    await made.stop()
    assert not made._is_started()


@on_loop
async def test_stopping_is_always_fine():
    """Section 1.4, stop: idempotent, also without start; and start after stop works."""
    made = health()
    await made.stop()
    check = Switch()
    made.register_check("a", check)
    for _ in range(3):
        await made.start()
        assert await made.check_health()
        await made.stop()
        await made.stop()
    assert check.runs == 3


@on_loop
async def test_no_check_runs_after_stop():
    """Section 1.4, stop."""
    made = health(check_interval=0.01)
    checks = [Switch() for _ in range(5)]
    for number, check in enumerate(checks):
        made.register_check(str(number), check)
    await made.start()
    await until(lambda: all(check.runs > 2 for check in checks))
    await made.stop()
    runs = [check.runs for check in checks]
    await asyncio.sleep(0.1)
    assert [check.runs for check in checks] == runs


@on_loop
async def test_everything_is_registered_when_start_returns():
    """Row 23: the checks of the machine take part in the first round."""
    made = HealthCheck(HealthCheckConfig())
    await made.start()
    assert (await made.get_health_stats())["total_checks"] == 3
    await made.check_health()
    assert len((await made.get_health_stats())["last_check_results"]) == 3
    await made.stop()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there are no eager tasks")
@on_loop
async def test_eager_tasks_change_nothing():
    """Row 23: where a new task runs at once."""
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    made = HealthCheck(HealthCheckConfig(check_interval=0.01), Collector())
    check = Switch()
    made.register_check("a", check)
    assert await made.check_health()
    await made.start()
    await made.check_health()
    assert len((await made.get_health_stats())["last_check_results"]) == 4
    await until(lambda: check.runs > 3)
    await made.stop()


class Clock:
    """A clock that the test moves, in the place of `time`."""

    def __init__(self):
        self.now_ns = time.monotonic_ns()

    def monotonic_ns(self):
        return self.now_ns

    def monotonic(self):
        return self.now_ns / 1e9


@on_loop
async def test_the_schedule_is_fixed_however_long_runs_take(monkeypatch):
    """Row 27: runs of 0.6 s at an interval of 1 s start once a second."""
    clock = Clock()
    starts = []

    async def slow():
        starts.append(clock.now_ns)
        until_ns = clock.now_ns + 600_000_000
        while clock.now_ns < until_ns:
            await asyncio.sleep(0)
        return {"status": "healthy"}

    monkeypatch.setattr(_driver, "time", clock)
    async with started(check_interval=1.0) as made:
        made.register_check("a", slow)
        await until(lambda: starts)
        began = clock.now_ns
        while clock.now_ns < began + 20_000_000_000:
            clock.now_ns += 10_000_000
            made._driver._events.wake()
            for _ in range(4):
                await asyncio.sleep(0)
        monkeypatch.undo()
    assert 19 <= len(starts) <= 21, starts


@on_loop
async def test_rounds_are_counted_from_the_first(monkeypatch):
    """Row 27: the next comes an interval after it, wherever the machine's clock stands then."""
    clock = Clock()
    # Three quarters of an interval before the next multiple of it.
    clock.now_ns = 3600 * 1_000_000_000 * 1000 + 900 * 1_000_000_000
    monkeypatch.setattr(_driver, "time", clock)
    made = health(check_interval=3600.0)
    made.register_check("a", Switch())
    await made.start()
    await until(lambda: made._records["a"].successes == 1)
    seen = made._driver._roster._checks[made._records["a"]][0].snapshot()
    # The jitter takes 5 % at most.
    assert 3400.0 < seen.next - seen.last < 3800.0
    monkeypatch.undo()
    await made.stop()


@on_loop
async def test_stop_is_bounded_whatever_a_check_does(monkeypatch):
    """Row 32: a check that swallows its cancellation, and a function that never returns."""
    monkeypatch.setattr(_driver, "_PATIENCE", 0.05)
    gate = threading.Event()
    stays = asyncio.Event()

    async def swallows():
        asyncio.current_task().set_name("stays")
        while not stays.is_set():
            try:
                await stays.wait()
            except asyncio.CancelledError:
                pass
        return {"status": "healthy"}

    made = health(timeout=0.05)
    made.register_check("swallows", swallows)
    made.register_check("stuck", lambda: gate.wait(BOUND))
    await made.start()
    assert await made.check_health() is False
    await made.stop()
    await made.stop()
    gate.set()
    stays.set()
    assert eventually(lambda: not threads())


@on_loop
async def test_stop_waits_for_a_function_that_comes_back():
    """Section 1.4, stop: no thread is left."""
    inside, gate = threading.Event(), threading.Event()

    def waits():
        inside.set()
        gate.wait(BOUND)
        return {"status": "healthy"}

    made = health(timeout=BOUND)
    made.register_check("a", waits)
    await made.start()
    await until(inside.is_set)
    stops = asyncio.ensure_future(made.stop())
    await asyncio.sleep(0.01)
    assert not stops.done()
    gate.set()
    await stops
    assert not threads()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run if hasattr(uvloop, "run") else None])
def test_nothing_is_left_after_stop(run):
    """Section 1.4, stop: no task, thread or descriptor, with every kind of check there is."""
    if run is None:
        pytest.skip("this uvloop has no run")

    async def life():
        before = descriptors()
        async with Server({"/": "200 OK"}) as server:
            url = server.url
            inner = descriptors()
            collector = Collector()
            made = HealthCheck(HealthCheckConfig(timeout=0.05, check_interval=0.01), collector)
            made.register_check("works", Switch())
            made.register_check("hangs", hang)
            made.register_check("raises", Switch(ValueError("no")))
            made.register_check("plain", lambda: {"status": "degraded"})
            await made.start()
            await made.check_health()
            assert await made.check_url_health(url)
            assert await made.check_instance_health(SimpleNamespace(health_check_url=url))
            await until(lambda: len(collector.gauges("hangs")) > 1)
            await made.stop()
            # The hanging function's deadline is short, so a thread may have been written off.
            await until(lambda: not threads())
            ours = [task for task in asyncio.all_tasks() if "meshvitals" in task.get_name()]
            assert not ours
            if sys.version_info < (3, 11):
                # A traceback keeps all the callers of its frames there, the loop among them.
                gc.collect()
            # Measuring CPU keeps none open either, once its thread has gone.
            await until(lambda: descriptors() <= inner)
        return before

    gc.disable()
    try:
        run(life())
    finally:
        gc.enable()


@on_loop
async def test_an_object_that_was_never_started_leaves_nothing_either():
    """Section 1.1: nobody stops what the mesh alone uses."""
    before = descriptors()
    made = health()
    made.register_check("plain", lambda: {"status": "healthy"})
    made.register_check("coroutine", Switch())
    assert await made.check_health()
    await until(lambda: not threads())
    assert descriptors() == before
    assert asyncio.all_tasks() == {asyncio.current_task()} or len(asyncio.all_tasks()) == 2


def test_a_loop_that_ends_without_stop_leaves_nothing():
    """Section 1.4: what was started ends with its loop."""
    made = HealthCheck(HealthCheckConfig(check_interval=0.01))
    made.register_check("plain", lambda: {"status": "healthy"})
    made.register_check("hangs", hang)

    async def life():
        await made.start()
        await until(lambda: made._records["plain"].successes > 2)

    asyncio.run(life())
    assert eventually(lambda: not threads())
    assert not made._is_started()


def test_an_object_that_nobody_has_any_more_is_freed():
    """Section 1.4: no cycle through the loop, the engine or a thread keeps it."""

    async def life():
        made = health()
        made.register_check("a", Switch())
        await made.check_health()
        await made.start()
        await made.stop()
        return weakref.ref(made)

    found = asyncio.run(life())
    gc.collect()
    assert found() is None


@on_loop
async def test_many_checks_start_in_slices():
    """The decision: 2,000 checks do not hold the loop; others have their turns between them."""
    made = health(timeout=BOUND)
    begun = 0
    steps = []

    async def counts():
        nonlocal begun
        begun += 1
        return {"status": "healthy"}

    async def watch():
        while True:
            steps.append(begun)
            await asyncio.sleep(0)

    for number in range(2000):
        made.register_check(f"check {number}", counts)
    watches = asyncio.ensure_future(watch())
    for ask in (made.check_health, made.start, made.check_health):
        begun = 0
        steps.clear()
        assert await ask() is not False
        assert begun in (0, 2000)
        largest = max(after - before for before, after in zip(steps, steps[1:]))
        assert largest < 1000, f"{largest} checks were started at once"
    watches.cancel()
    await made.stop()


def test_a_forked_child_has_checks_of_its_own():
    """Section 1.4 in servers that fork: the object is made before, and works on in both."""
    program = """if True:
        import asyncio, os
        from meshvitals.compat import HealthCheck, HealthCheckConfig

        async def works():
            return {"status": "healthy"}

        made = HealthCheck(HealthCheckConfig(enable_system_checks=False))
        made.register_check("a", works)
        made.register_check("b", lambda: {"status": "healthy"})

        async def life():
            assert await made.check_health() is True
            await made.start()
            assert await made.check_health() is True
            assert await made.check_tcp_port("127.0.0.1", 1) is False
            await made.stop()

        async def forks():
            await made.start()
            assert await made.check_health() is True
            child = os.fork()
            if child == 0:
                asyncio.events._set_running_loop(None)
                try:
                    asyncio.run(life())
                    os._exit(7)
                finally:
                    os._exit(1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
            assert await made.check_health() is True
            await made.stop()

        assert asyncio.run(made.check_health()) is True
        asyncio.run(forks())
        asyncio.run(life())
    """
    flags = ["-X", "dev", "-W", "error", "-W", "ignore:This process:DeprecationWarning"]
    ended = subprocess.run(
        [sys.executable, *flags, "-c", program], capture_output=True, text=True, timeout=BOUND
    )
    # The development mode tells of slow callbacks.
    told = [line for line in ended.stderr.splitlines() if not line.startswith("Executing ")]
    assert (told, ended.returncode) == ([], 0)
