"""Event loops: which one runs a check, how many start in a turn, and what a held loop means."""

from __future__ import annotations

import asyncio
import threading
from typing import Dict, List

from meshvitals import Kinds, Monitor, Outcome, Reason
from meshvitals._lane import Lane
from meshvitals._run import Function, Run

from conftest import BOUND, collect, eventually, expect_event, works


def test_leaving_waits_until_cancelled_coroutines_have_cleaned_up(monitor: Monitor):
    steps: List[str] = []

    @monitor.check("a", interval="1h", initial_delay=0)
    async def cleans_up() -> None:
        steps.append("entered")
        try:
            await asyncio.sleep(BOUND)
        finally:
            # Longer than the engine takes to stop.
            await asyncio.sleep(0.3)
            steps.append("left")

    async def main() -> None:
        async with monitor:
            while not steps:
                await asyncio.sleep(0.001)
        assert steps == ["entered", "left"]

    asyncio.run(main())


def test_a_loop_held_by_the_program_blames_no_check(monitor: Monitor):
    @monitor.check("waits", interval="200ms", timeout="150ms", initial_delay=0)
    async def waits() -> None:
        entered.append(1)
        await asyncio.sleep(BOUND)

    entered: List[int] = []
    events = monitor.events(Kinds.RESULT)

    async def main() -> None:
        async with monitor:
            while not entered:
                await asyncio.sleep(0.001)
            # The program's own code holds the loop, until the check was judged.
            event = expect_event(events, lambda event: event.name == "waits")
            assert (event.outcome, event.reason) == (Outcome.LOCAL, Reason.LOCAL_STARVED)
            assert event.message == "the program held the event loop"
            # Excused once, it is not excused for ever.
            async for event in events:
                if event.name == "waits" and event.outcome is Outcome.TIMEOUT:
                    break
                monitor.check_now("waits")
            assert len(entered) >= 2

    asyncio.run(main())


def test_a_loop_that_stands_starts_nothing_and_blames_nobody(monitor: Monitor):
    loop = asyncio.new_event_loop()
    monitor.check("a", interval="1h", timeout="100ms", initial_delay=0, loop=loop)(works)
    events = monitor.events(Kinds.RESULT)
    monitor.start()
    event = expect_event(events, lambda event: event.name == "a")
    assert (event.outcome, event.reason) == (Outcome.LOCAL, Reason.HOST_NOT_POLLING)
    loop.close()
    monitor.check_now("a")
    event = expect_event(events, lambda event: event.name == "a")
    assert (event.outcome, event.reason) == (Outcome.LOCAL, Reason.HOST_NOT_POLLING)


def test_thousands_of_coroutines_that_are_due_at_once_all_run(monitor: Monitor):
    count = 2000
    for number in range(count):
        monitor.check(f"n{number}", interval="1h", timeout="30s", initial_delay=0)(works)

    async def main() -> Dict[str, list]:
        events = monitor.events(Kinds.RESULT, capacity=2 * count)
        async with monitor:
            return await collect(events, [f"n{number}" for number in range(count)])

    seen = asyncio.run(main())
    assert {result for results in seen.values() for result in results} == {
        (Outcome.PASS, Reason.NONE)
    }


def test_only_a_few_coroutines_are_started_in_one_turn_of_the_loop():
    started: List[int] = []

    async def starts() -> None:
        started.append(1)

    async def main() -> List[int]:
        lane = Lane(asyncio.get_running_loop())
        for token in range(200):
            Run(Function(starts, None), token, 1 << 62, {}, lane).hand_to(lane)
        seen = [0]
        while seen[-1] < 200:
            await asyncio.sleep(0)
            seen.append(len(started))
        return seen

    seen = asyncio.run(main())
    assert max(after - before for before, after in zip(seen, seen[1:])) <= 16


def test_several_loops_in_a_row_run_the_same_checks(monitor: Monitor):
    monitor.check("a", interval="10ms", initial_delay=0)(works)

    async def main() -> None:
        async with monitor:
            seen = await collect(monitor.events(Kinds.RESULT), ["a"])
            assert seen["a"][0][0] is Outcome.PASS

    for _ in range(3):
        asyncio.run(main())


def test_a_loop_closed_under_a_coroutine_does_not_keep_it_from_the_next(monitor: Monitor):
    first = asyncio.new_event_loop()
    entered: List[int] = []

    @monitor.check("a", interval="50ms", timeout="50ms", initial_delay=0)
    async def waits() -> None:
        entered.append(1)
        if len(entered) == 1:
            first.stop()
            await asyncio.sleep(BOUND)

    # It is told of the task that it loses.
    first.set_exception_handler(lambda loop, context: None)
    monitor.use_loop(first)
    monitor.start()
    first.run_forever()
    first.close()

    async def main() -> None:
        monitor.use_loop()
        async for event in monitor.events(Kinds.RESULT):
            if event.name == "a" and event.outcome is Outcome.PASS:
                return

    asyncio.run(main())


def test_two_loops_at_once_run_their_own_checks(monitor: Monitor):
    loops = [asyncio.new_event_loop() for _ in range(2)]
    runners = [threading.Thread(target=loop.run_forever) for loop in loops]
    for runner in runners:
        runner.start()

    async def where() -> None:
        seen.add(asyncio.get_running_loop())

    seen: set = set()
    for number, loop in enumerate(loops):
        monitor.check(f"n{number}", interval="1h", initial_delay=0, loop=loop)(where)
    events = monitor.events(Kinds.RESULT)
    monitor.start()
    for _ in loops:
        expect_event(events, lambda event: event.outcome is Outcome.PASS and event.name[0] == "n")
    assert seen == set(loops)
    monitor.stop()
    for loop, runner in zip(loops, runners):
        loop.call_soon_threadsafe(loop.stop)
        runner.join()
        loop.close()


def test_a_run_that_its_loop_left_behind_does_not_hold_its_check_up(monitor: Monitor):
    """The first loop is closed before it starts a run whose deadline is far away."""
    events = monitor.events(Kinds.RESULT)
    left = asyncio.new_event_loop()
    runs = []

    @monitor.check("a", interval="10ms", timeout="1h", initial_delay=0)
    async def a() -> None:
        runs.append(asyncio.get_running_loop())

    monitor.use_loop(left)
    monitor.start()
    # It is asked, and never turns.
    assert eventually(lambda: monitor["a"].snapshot().in_flight == 1)
    left.close()

    async def again() -> None:
        await monitor.astart()
        async for event in events:
            if event.outcome is Outcome.PASS:
                return

    asyncio.run(asyncio.wait_for(again(), BOUND))
    assert left not in runs
