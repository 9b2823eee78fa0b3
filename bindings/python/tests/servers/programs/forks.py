"""Programs that fork while a monitor runs; the argument says which."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import multiprocessing
import os
import subprocess
import sys
import time
import traceback
from typing import Callable, Tuple

import meshvitals
from meshvitals import Heartbeat, Kinds, Monitor, Outcome, Status

BOUND = 60.0


def quick(**options) -> Monitor:
    """A monitor whose checks run soon and often."""
    defaults = {"first_result_decides": "any", "failure_threshold": 1, "interval": "10ms"}
    return Monitor(system_checks=False, start_spread=0, slack="1ms", defaults=defaults, **options)


def in_child(body: Callable[[], None]) -> None:
    """Forks, and waits for the child, which must come to its end."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            body()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0, status


def watched() -> Monitor:
    """A monitor with all that has a thread or a descriptor."""
    monitor = quick()
    monitor.register(Heartbeat("1h"), name="jobs")
    monitor.check("function")(lambda: os.getpid())
    monitor.set_log(logging.CRITICAL)
    return monitor


def expect_healthy(monitor: Monitor) -> None:
    """Waits until the function has run in this process."""
    until = time.monotonic() + BOUND
    while monitor["function"].status is not Status.HEALTHY:
        assert time.monotonic() < until, monitor.snapshot("function")
        time.sleep(0.001)
    assert monitor.snapshot("function").value == os.getpid()


def held() -> Tuple[int, int]:
    """The descriptors and the threads of this process. Threads that were joined may take an
    instant to go."""
    until = time.monotonic() + 0.2
    least = len(os.listdir("/proc/self/task"))
    while time.monotonic() < until:
        least = min(least, len(os.listdir("/proc/self/task")))
        time.sleep(0.005)
    return len(os.listdir("/proc/self/fd")), least


def many() -> None:
    """A parent that forks and forks holds what it held, and goes on to watch."""
    monitor = watched()
    events = monitor.events(Kinds.RESULT)
    monitor.start()
    expect_healthy(monitor)

    def silent() -> None:
        assert monitor.status() is Status.UNKNOWN

    def restarted() -> None:
        monitor.start()
        expect_healthy(monitor)
        monitor.stop()

    def left_running() -> None:
        monitor.start()
        expect_healthy(monitor)

    def ended_by_the_interpreter() -> None:
        monitor.start()
        import atexit

        atexit._run_exitfuncs()

    children = [silent, restarted, left_running, ended_by_the_interpreter]
    for child in children:
        in_child(child)
    before = held()
    for _ in range(10):
        for child in children:
            in_child(child)
    assert held() == before, (before, held())
    events.poll(1024, 0)
    assert next(events).outcome is Outcome.PASS
    monitor.stop()


def generations() -> None:
    """A child of a child of a child holds what the first held."""
    monitor = watched()

    def live(left: int, before: Tuple[int, int]) -> None:
        monitor.start()
        expect_healthy(monitor)
        now = held()
        assert now <= before, (left, before, now)
        if left:
            in_child(lambda: live(left - 1, before))
        monitor.stop()

    monitor.start()
    expect_healthy(monitor)
    before = held()
    in_child(lambda: live(10, before))
    monitor.stop()


def unstarted() -> None:
    """What was made before the fork and never started waits to be started in the child."""
    monitor = watched()

    def child() -> None:
        assert monitor.status() is Status.UNKNOWN and not monitor.overall
        refused = 0
        for call in (monitor.checks, monitor.render, lambda: monitor.beat("jobs")):
            try:
                call()
            except meshvitals.Forked as error:
                refused += "start the monitor" in str(error)
        assert refused == 3
        with monitor:
            expect_healthy(monitor)
        # Now it is this process's, also when it stands.
        assert len(monitor.checks()) == 3
        assert held()[1] == 1, held()

    in_child(child)
    in_child(child)
    with monitor:
        expect_healthy(monitor)


def following() -> None:
    """A monitor that is started in each child by Python itself."""
    monitor = watched()
    os.register_at_fork(after_in_child=monitor.start)
    monitor.start()

    def child() -> None:
        expect_healthy(monitor)
        in_child(lambda: expect_healthy(monitor))

    for _ in range(5):
        in_child(child)
    expect_healthy(monitor)
    monitor.stop()


def squared(number: int) -> int:
    """What a process of a pool computes; the monitor is not its own."""
    assert monitor_of_checks.status() is Status.UNKNOWN
    return number * number


def forked_by_a_check() -> None:
    """Checks may themselves make processes, by fork and by exec, from a thread and from a loop."""
    monitor = monitor_of_checks
    context = multiprocessing.get_context("fork")

    @monitor.check("process", timeout="30s")
    def process() -> bool:
        child = context.Process(target=squared, args=[3])
        child.start()
        child.join()
        return child.exitcode == 0

    @monitor.check("pool", timeout="30s")
    def pool() -> bool:
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor:
            return executor.submit(squared, 3).result() == 9

    @monitor.check("command", timeout="30s")
    def command() -> bool:
        return subprocess.run(["true"], check=True, preexec_fn=os.getpid).returncode == 0

    @monitor.check("coroutine", timeout="30s")
    async def coroutine() -> bool:
        child = await asyncio.create_subprocess_exec("true")
        in_child(lambda: squared(3))
        return await child.wait() == 0

    async def main() -> None:
        seen = dict.fromkeys(["process", "pool", "command", "coroutine"], 0)
        async with monitor:
            async for event in monitor.events(Kinds.RESULT):
                if event.name in seen:
                    assert event.outcome is Outcome.PASS, (event.name, event.message)
                    seen[event.name] += 1
                if min(seen.values()) >= 3:
                    return

    asyncio.run(main())
    assert multiprocessing.active_children() == []


def loops() -> None:
    """A loop that runs in the parent is not the child's; one that waits to be run may be."""
    monitor = quick()
    waiting = asyncio.new_event_loop()

    async def where() -> int:
        return os.getpid()

    async def main() -> None:
        running = asyncio.get_running_loop()
        monitor.register_function(where, name="default")
        monitor.register_function(where, name="own", loop=running)
        monitor.register_function(where, name="waiting", loop=waiting, timeout="30s")
        async with monitor:
            async for event in monitor.events(Kinds.RESULT):
                if event.name == "own" and event.outcome is Outcome.PASS:
                    break
            in_child(child)
            async for event in monitor.events(Kinds.RESULT):
                if event.name == "own" and event.outcome is Outcome.PASS:
                    assert event.value == os.getpid()
                    break

    def child() -> None:
        monitor.start()
        told = {}
        for event in monitor.events(Kinds.RESULT):
            told[event.name] = event.message
            if len(told) == 2:
                break
        assert told == dict.fromkeys(["default", "own"], "it was given no event loop"), told
        waiting.run_until_complete(until_waiting_passed())

    async def until_waiting_passed() -> None:
        async for event in monitor.events(Kinds.RESULT):
            if event.name == "waiting" and event.outcome is Outcome.PASS:
                assert event.value == os.getpid()
                return

    asyncio.run(main())
    waiting.close()


def finished() -> None:
    """A child that runs to the end of the program, as those of prefork servers do."""
    monitor = watched()
    monitor.start()
    expect_healthy(monitor)
    pid = os.fork()
    if pid == 0:
        monitor.start()
        expect_healthy(monitor)
        sys.exit(7)
    _, status = os.waitpid(pid, 0)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 7, status
    pid = os.fork()
    if pid == 0:
        # This one leaves the parent's monitor as it is.
        sys.exit(8)
    _, status = os.waitpid(pid, 0)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 8, status
    expect_healthy(monitor)


monitor_of_checks = quick()

if __name__ == "__main__":
    globals()[sys.argv[1]]()
