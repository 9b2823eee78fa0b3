"""A check that hangs, blocks, or swallows its cancellation is that check's failure only."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import Dict, List

import pytest
import uvloop

from meshvitals import Kinds, Monitor, Outcome, Reason

from conftest import BOUND, collect, eventually, expect_event, works


def test_a_coroutine_that_hangs_times_out_and_is_cancelled(monitor: Monitor):
    cancelled = []

    @monitor.check("hangs", interval="1h", timeout="1s", initial_delay=0)
    async def hangs() -> None:
        try:
            await asyncio.sleep(BOUND)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    monitor.check("works", interval="1h", initial_delay=0)(works)

    async def main() -> Dict[str, list]:
        events = monitor.events(Kinds.RESULT)
        async with monitor:
            seen = await collect(events, ["hangs", "works"])
        assert len(asyncio.all_tasks()) == 1
        return seen

    seen = asyncio.run(main())
    assert seen["hangs"] == [(Outcome.TIMEOUT, Reason.TIMEOUT)]
    assert seen["works"] == [(Outcome.PASS, Reason.NONE)]
    assert cancelled == [True]


def test_a_coroutine_that_swallows_its_cancellation_is_not_started_again(monitor: Monitor):
    running, most = [0], [0]

    @monitor.check("stubborn", interval="20ms", timeout="20ms", initial_delay=0)
    async def stubborn() -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        while not over.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                pass
        running[0] -= 1

    over = threading.Event()

    async def main() -> list:
        events = monitor.events(Kinds.RESULT)
        async with monitor:
            told = []
            async for event in events:
                told.append((event.outcome, event.reason))
                if told.count((Outcome.TIMEOUT, Reason.STILL_RUNNING)) >= 3:
                    over.set()
                    return told
        raise AssertionError("the monitor ended")

    told = asyncio.run(main())
    assert (Outcome.TIMEOUT, Reason.TIMEOUT) in told
    assert most == [1]


def test_a_coroutine_that_is_cancelled_late_is_not_said_to_ignore_it(monitor: Monitor, caplog):
    """Each run hangs until its deadline, and the next is due at once."""
    for number in range(20):

        @monitor.check(f"hangs {number}", interval="10ms", timeout="10ms", initial_delay=0)
        async def hangs() -> None:
            await asyncio.create_task(asyncio.sleep(BOUND))

    async def main() -> None:
        events = monitor.events(Kinds.RESULT)
        async with monitor:
            seen = 0
            async for _ in events:
                seen += 1
                if seen == 500:
                    return

    asyncio.run(main())
    assert "ignores" not in caplog.text


async def never_ends() -> None:
    while True:
        try:
            await asyncio.sleep(BOUND)
        except asyncio.CancelledError:
            pass


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("leaves", [True, False], ids=["leaves", "is left running"])
def test_a_coroutine_that_never_ends_does_not_keep_the_program(caplog, new_loop, leaves):
    """At its end asyncio waits for every task; this one nobody waits for."""
    monitor = Monitor(system_checks=False, start_spread=0, stop_timeout="100ms")
    monitor.check("stubborn", interval="20ms", timeout="20ms", initial_delay=0)(never_ends)

    async def main() -> None:
        events = monitor.events(Kinds.RESULT)
        wanted = Reason.TIMEOUT if leaves else Reason.STILL_RUNNING
        await monitor.astart()
        async for event in events:
            if event.reason is wanted and (leaves or "ignores" in caplog.text):
                break
        if leaves:
            await monitor.astop()

    async def bounded() -> None:
        await asyncio.wait_for(main(), BOUND)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    loop = new_loop()
    try:
        loop.run_until_complete(bounded())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
        monitor.stop()
    told = [record.getMessage() for record in caplog.records if record.name == "meshvitals"]
    text = "the task 'meshvitals stubborn' ignores that it was cancelled, and is left to itself"
    assert told.count(text) == 1


def test_a_coroutine_that_blocks_the_loop_is_alone_to_blame(monitor: Monitor):
    """The blocked loop is seen while it is blocked: the result is there before it is free."""
    blocked = threading.Event()

    @monitor.check("blocks", interval="1h", timeout="1s", initial_delay=0)
    async def blocks() -> None:
        # The others are in the middle of their work when the loop is held.
        await begun[0].wait()
        blocked.wait(BOUND)

    names = [f"waits{number}" for number in range(20)]
    for name in names:

        async def waits() -> None:
            entered.append(1)
            if len(entered) == len(names):
                begun[0].set()
            await begun[0].wait()
            await asyncio.sleep(0.01)

        monitor.check(name, interval="1h", timeout="1s", initial_delay=0)(waits)

    def plain() -> int:
        return 1

    monitor.check("plain", interval="50ms", initial_delay=0)(plain)
    entered: List[int] = []
    begun: List[asyncio.Event] = []
    results = monitor.events(Kinds.RESULT)
    seen: Dict[str, list] = {}

    def watch() -> None:
        for event in results:
            seen.setdefault(event.name, []).append((event.outcome, event.reason))
            others = all(name in seen for name in [*names, "blocks"])
            if others and len(seen.get("plain", [])) > 3:
                blocked.set()
                return

    watcher = threading.Thread(target=watch)

    async def main() -> None:
        begun.append(asyncio.Event())
        async with monitor:
            watcher.start()
            while watcher.is_alive():
                await asyncio.sleep(0.01)

    asyncio.run(main())
    watcher.join()
    assert seen["blocks"][0] == (Outcome.TIMEOUT, Reason.TIMEOUT)
    for name in names:
        assert seen[name][0] in [
            (Outcome.PASS, Reason.NONE),
            (Outcome.LOCAL, Reason.LOCAL_STARVED),
        ], name
    assert any(seen[name][0][0] is Outcome.LOCAL for name in names)
    assert set(seen["plain"]) == {(Outcome.PASS, Reason.NONE)}


def test_a_plain_function_that_hangs_starves_no_other(monitor: Monitor):
    release = threading.Event()
    for number in range(30):
        monitor.check(f"hangs{number}", interval="1h", timeout="100ms", initial_delay=0)(
            lambda: release.wait(BOUND)
        )
    monitor.check("works", interval="20ms", timeout="5s", initial_delay=0)(lambda: 1)
    events = monitor.events(Kinds.RESULT)
    hanging, working = set(), 0
    monitor.start()
    try:
        while len(hanging) < 30 or working < 5:
            event = expect_event(events, lambda event: True)
            if event.name == "works":
                assert event.outcome is Outcome.PASS
                working += 1
            elif event.outcome is Outcome.TIMEOUT:
                hanging.add(event.name)
            else:
                # Had no thread in time; asked once more.
                assert event.reason is Reason.POOL_EXHAUSTED
                monitor.check_now(event.name)
        begun = time.monotonic()
        monitor.stop(0.5)
        assert time.monotonic() - begun < BOUND / 2
    finally:
        release.set()
    assert eventually(lambda: threading.active_count() == 1)


def test_a_plain_function_that_hangs_is_not_started_again(monitor: Monitor):
    release, starts = threading.Event(), []

    @monitor.check("hangs", interval="20ms", timeout="20ms", initial_delay=0)
    def hangs() -> None:
        starts.append(1)
        release.wait(BOUND)

    events = monitor.events(Kinds.RESULT)
    monitor.start()
    expect_event(events, lambda event: event.reason is Reason.STILL_RUNNING)
    expect_event(events, lambda event: event.reason is Reason.STILL_RUNNING)
    assert len(starts) == 1
    release.set()
    expect_event(events, lambda event: event.outcome is Outcome.PASS)
    assert len(starts) >= 2


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_a_plain_function_that_wants_to_exit_fails_and_nothing_else(monitor: Monitor, kind):
    @monitor.check("exits", interval="1h", initial_delay=0)
    def exits() -> None:
        raise kind("enough")

    events = monitor.events(Kinds.RESULT)
    monitor.start()
    event = expect_event(events, lambda event: event.name == "exits")
    assert (event.outcome, event.message) == (Outcome.FAIL, f"{kind.__name__}: enough")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_task_that_is_cancelled_by_the_program_blames_nobody(monitor: Monitor):
    @monitor.check("a", interval="1h", initial_delay=0)
    async def waits() -> None:
        asyncio.current_task().cancel()
        await asyncio.sleep(BOUND)

    async def main() -> None:
        async with monitor:
            events = monitor.events(Kinds.RESULT)
            seen = await collect(events, ["a"])
            assert seen["a"] == [(Outcome.LOCAL, Reason.REPORTED)]

    asyncio.run(main())


def test_a_coroutine_whose_own_future_is_cancelled_fails_or_is_not_blamed(monitor: Monitor):
    @monitor.check("a", interval="1h", initial_delay=0)
    async def waits() -> None:
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.cancel)
        await future

    async def main() -> None:
        async with monitor:
            seen = await collect(monitor.events(Kinds.RESULT), ["a"])
            # Before 3.11 a task cannot tell this from being cancelled itself.
            expected = Outcome.FAIL if sys.version_info >= (3, 11) else Outcome.LOCAL
            assert seen["a"] == [(expected, Reason.REPORTED)]

    asyncio.run(main())
