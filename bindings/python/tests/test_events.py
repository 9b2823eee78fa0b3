"""Events: read blocking, polled, and from an event loop."""

from __future__ import annotations

import asyncio
import select
import signal
import sys
import threading
import time

import pytest
import uvloop

import meshvitals
from meshvitals import Events, Heartbeat, Kind, Kinds, Monitor, Reason, Status

from conftest import BOUND, SECOND, expect_status

LOOPS = pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])


def run(new_loop, main) -> None:
    loop = new_loop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


def test_the_first_events_tell_the_present(manual: Monitor):
    manual.register(Heartbeat(ttl=30), name="a")
    events = manual.events()
    told = events.poll()
    assert {(event.kind, event.reason) for event in told} == {(Kind.STATUS, Reason.INITIAL)}
    names = ["a", *(group.name for group in manual.groups)]
    assert sorted(event.name for event in told) == sorted(names)
    event = next(event for event in told if event.name == "a")
    assert event.time == pytest.approx(time.time(), abs=BOUND)
    assert repr(event) == "<Event STATUS 'a' UNKNOWN -> UNKNOWN (initial state)>"


def test_a_change_says_from_what_to_what_and_why(manual: Monitor):
    manual.advance(SECOND)
    manual.register(Heartbeat(ttl=30), name="a", first_result_decides="any", cookie=9)
    events = manual.events()
    manual.beat("a")
    event = expect_status(events, "a", Status.HEALTHY)
    assert (event.previous, event.name, event.cookie) == (Status.UNKNOWN, "a", 9)
    assert event.at_ns == SECOND and event.merged == 0 and event.sequence == 1


def test_lives_of_checks_are_told_by_name(manual: Monitor):
    events = manual.events(Kinds.LIFE)
    check = manual.register(Heartbeat(ttl=30), name="a")
    manual.unregister("a")
    told = [(event.kind, event.name, event.id) for event in events.poll()]
    assert told == [(Kind.REGISTERED, "a", check.id), (Kind.REMOVED, "a", check.id)]


def test_polls_end_at_their_time_or_are_woken(monitor: Monitor):
    events = monitor.events(Kinds.LIFE)
    assert events.poll(timeout=0) == []
    assert events.poll(timeout=0.01) == []
    events.wake()
    assert events.poll() == []
    with pytest.raises(meshvitals.OutOfRange):
        events.poll(timeout=-1)


def test_the_descriptor_is_readable_while_there_is_something(manual: Monitor):
    events = manual.events(Kinds.LIFE)
    assert select.select([events], [], [], 0)[0] == []
    manual.register(Heartbeat(ttl=30), name="a")
    assert select.select([events], [], [], 0)[0] == [events]
    events.poll()
    assert select.select([events], [], [], 0)[0] == []


def test_an_iteration_ends_with_the_monitor(monitor: Monitor):
    monitor.start()
    events = monitor.events(Kinds.LIFE)
    seen = []
    reader = threading.Thread(target=lambda: seen.extend(event.kind for event in events))
    reader.start()
    monitor.register(Heartbeat(ttl=30), name="a")
    monitor.stop()
    reader.join(BOUND)
    assert seen == [Kind.REGISTERED, Kind.STOPPED]
    with pytest.raises(meshvitals.Stopped):
        events.poll()


def test_closing_ends_every_wait_at_once(monitor: Monitor):
    monitor.start()
    events = monitor.events(Kinds.LIFE)
    ended = []
    readers = [threading.Thread(target=lambda: ended.append(list(events))) for _ in range(4)]
    for reader in readers:
        reader.start()
    events.close()
    for reader in readers:
        reader.join(BOUND)
    assert ended == [[]] * 4 and events.closed
    events.close()
    with pytest.raises(meshvitals.Stopped):
        events.fileno()


def test_events_outlive_their_monitor():
    monitor = Monitor(clock="manual")
    events = monitor.events(Kinds.LIFE)
    monitor.register(Heartbeat(ttl=30), name="a")
    del monitor
    assert [(event.kind, event.name) for event in events] == [
        (Kind.REGISTERED, "a"),
        (Kind.STOPPED, ""),
    ]


def test_a_full_queue_merges_and_counts(manual: Monitor):
    manual.advance(SECOND)
    manual.register(Heartbeat(ttl=30), name="a", first_result_decides="any")
    events = manual.events(Kinds.STATUS, capacity=1)
    events.poll()
    manual.beat("a")
    for _ in range(4):
        manual.pause("a")
        manual.resume("a")
    told = events.poll()
    assert [event.status for event in told if event.name == "a"][-1] is Status.HEALTHY
    assert events.merged > 0


@LOOPS
def test_an_async_iteration_follows_the_changes(monitor: Monitor, new_loop):
    monitor.register(Heartbeat(ttl=30), name="a")

    async def main() -> None:
        async with monitor:
            events = monitor.events()
            beats = asyncio.get_running_loop().call_later(0.01, monitor.beat, "a")
            async for event in events:
                if event.name == "a" and event.status is Status.HEALTHY:
                    break
            beats.cancel()
            events.close()

    run(new_loop, main)


@LOOPS
def test_an_async_iteration_ends_with_the_monitor_and_with_close(monitor: Monitor, new_loop):
    async def collect(events: Events) -> list:
        return [event.kind async for event in events]

    async def main() -> None:
        monitor.start()
        until_stop, until_close = monitor.events(Kinds.LIFE), monitor.events(Kinds.LIFE)
        tasks = [asyncio.ensure_future(collect(each)) for each in (until_stop, until_close)]
        await asyncio.sleep(0)
        until_close.close()
        assert await asyncio.wait_for(tasks[1], BOUND) == []
        await monitor.astop()
        assert await asyncio.wait_for(tasks[0], BOUND) == [Kind.STOPPED]

    run(new_loop, main)


@LOOPS
def test_two_tasks_may_share_a_subscription(monitor: Monitor, new_loop):
    async def main() -> None:
        monitor.start()
        events = monitor.events(Kinds.LIFE)
        tasks = [asyncio.ensure_future(events.__anext__()) for _ in range(2)]
        await asyncio.sleep(0)
        tasks.append(asyncio.ensure_future(events.__anext__()))
        await asyncio.sleep(0)
        tasks.pop().cancel()
        for name in ("a", "b"):
            monitor.register(Heartbeat(ttl=30), name=name)
        told = await asyncio.wait_for(asyncio.gather(*tasks), BOUND)
        assert sorted(event.name for event in told) == ["a", "b"]
        # Nothing is watched while nobody waits.
        assert not asyncio.get_running_loop().remove_reader(events)

    run(new_loop, main)


def test_a_subscription_moves_from_loop_to_loop(monitor: Monitor):
    monitor.start()
    events = monitor.events(Kinds.LIFE)

    async def next_name(name: str) -> str:
        asyncio.get_running_loop().call_later(
            0.01, lambda: monitor.register(Heartbeat(ttl=30), name=name)
        )
        return (await events.__anext__()).name

    assert [asyncio.run(next_name(name)) for name in ("a", "b")] == ["a", "b"]


@pytest.mark.parametrize("made", ["monitor", "manual"])
def test_a_poll_on_a_loop_answers_events_wakes_and_time(made: str, request):
    events = request.getfixturevalue(made).events(Kinds.LIFE)

    async def polls() -> None:
        assert await events.apoll(timeout=0) == []
        assert await events.apoll(timeout=0.001) == []
        # Of one that waits, and of the next one.
        asyncio.get_running_loop().call_soon(events.wake)
        assert await events.apoll(timeout=BOUND) == []
        events.wake()
        assert await events.apoll(timeout=BOUND) == []
        for name in "ab":
            request.getfixturevalue(made).register(meshvitals.Heartbeat("1h"), name=name)
        assert [event.name for event in await events.apoll(1, BOUND)] == ["a"]
        assert [event.name for event in await events.apoll()] == ["b"]

    asyncio.run(asyncio.wait_for(polls(), BOUND / 2))


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals")
def test_a_signal_ends_a_wait(monitor: Monitor):
    monitor.start()

    class Interrupted(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(Interrupted):
            for _ in monitor.events(Kinds.LIFE):
                pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_events_hold_no_thread_while_they_wait(monitor: Monitor):
    monitor.start()
    events = monitor.events(Kinds.LIFE)
    waiting = threading.Thread(target=lambda: events.poll(timeout=BOUND))
    waiting.start()
    # The interpreter runs on while the other thread is inside the library.
    deadline = time.monotonic() + BOUND
    count = 0
    while count < 1000 and time.monotonic() < deadline:
        count += 1
    assert count == 1000 and sys.getswitchinterval() > 0
    events.wake()
    waiting.join(BOUND)
    assert not waiting.is_alive()
