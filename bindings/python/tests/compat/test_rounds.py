"""How checks are run: together, bounded, shared, and whatever they do to one another."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest
from compat.support import (
    BOUND,
    NEVER,
    Switch,
    eventually,
    hang,
    health,
    on_loop,
    result,
    started,
    threads,
    until,
)

from meshvitals import _pool
from meshvitals.compat import HealthStatus


@on_loop
async def test_checks_run_at_the_same_time():
    """Row 3: each of fifty waits until all are inside."""
    made = health()
    inside = 0
    together = asyncio.Event()

    async def meets():
        nonlocal inside
        inside += 1
        if inside == 50:
            together.set()
        await together.wait()
        return {"status": "healthy"}

    for number in range(50):
        made.register_check(f"check {number}", meets)
    assert await made.check_health()


@pytest.mark.parametrize("is_started", [False, True])
@on_loop
async def test_a_check_that_hangs_times_out_alone(is_started):
    """Row 4: the others run on, and the timeout is a failure with a text."""
    made = health(timeout=0.2, check_interval=0.05 if is_started else NEVER)
    check = Switch()
    made.register_check("hangs", hang)
    made.register_check("works", check)
    if is_started:
        await made.start()
    assert await made.check_health() is False
    found = await result(made, "hangs")
    assert found["status"] is HealthStatus.UNHEALTHY
    assert found["error"].startswith("TimeoutError: ")
    assert (await result(made, "works"))["status"] is HealthStatus.HEALTHY
    if is_started:
        await until(lambda: check.runs > 3)
    await made.stop()


@on_loop
async def test_callers_share_the_round_in_flight():
    """Row 6, before start: twelve requests, one run."""
    made = health()
    gate = asyncio.Event()
    runs = 0

    async def counts():
        nonlocal runs
        runs += 1
        await gate.wait()
        return {"status": "healthy"}

    made.register_check("a", counts)
    requests = [asyncio.ensure_future(made.check_health()) for _ in range(12)]
    await until(lambda: runs > 0)
    gate.set()
    assert await asyncio.gather(*requests) == [True] * 12
    assert runs == 1


@on_loop
async def test_a_started_object_answers_from_its_results():
    """Row 6, after start: requests run nothing."""
    async with started() as made:
        check = Switch()
        made.register_check("a", check)
        assert [await made.check_health() for _ in range(12)] == [True] * 12
        assert check.runs == 1


@on_loop
async def test_a_caller_that_gives_up_ends_no_round():
    """Row 6: who shares a round does not own it."""
    made = health()
    gate = asyncio.Event()

    async def waits():
        await gate.wait()
        return {"status": "healthy"}

    made.register_check("a", waits)
    first, second = (asyncio.ensure_future(made.check_health()) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    gate.set()
    assert await second is True
    assert first.cancelled()


def test_callers_on_other_loops_share_the_round_as_well():
    """Row 6: one object, two threads with a loop each."""
    made = health()
    runs, answers = [], []
    inside, gate = threading.Event(), threading.Event()

    async def waits():
        runs.append(threading.get_ident())
        inside.set()
        while not gate.is_set():
            await asyncio.sleep(0.001)
        return {"status": "healthy"}

    def ask():
        answers.append(asyncio.run(made.check_health()))

    made.register_check("a", waits)
    first, second = threading.Thread(target=ask), threading.Thread(target=ask)
    first.start()
    assert inside.wait(BOUND)
    second.start()
    gate.set()
    first.join()
    second.join()
    assert answers == [True, True] and 1 <= len(runs) <= 2


@on_loop
async def test_checks_may_be_registered_while_a_round_is_made():
    """Row 12: also from inside a check, and the answer is that of all of them."""
    made = health()
    late = Switch()
    gate = asyncio.Event()

    async def registers():
        for number in range(20):
            made.register_check(f"late {number}", late)
        made.unregister_check("late 7")
        gate.set()
        return {"status": "healthy"}

    async def asks():
        await gate.wait()
        return await made.check_health()

    made.register_check("a", registers)
    first, second = await asyncio.gather(made.check_health(), asks())
    assert first is True and second is True
    assert (await made.get_health_stats())["total_checks"] == 20


@on_loop
async def test_registering_never_disturbs_the_checks_that_run():
    """Row 12, of a started object: nothing is dropped, nothing raises."""
    async with started(check_interval=0.01) as made:
        check = Switch()
        made.register_check("a", check)
        for number in range(200):
            made.register_check(f"b {number % 7}", Switch())
            made.unregister_check(f"b {(number + 3) % 7}")
            assert await made.check_health() is True
        runs = check.runs
        await until(lambda: check.runs > runs)
    assert set((await made.get_health_stats())["failure_counts"].values()) == {0}


@pytest.mark.parametrize("is_started", [False, True])
@on_loop
async def test_a_check_unregistered_while_it_runs_leaves_no_ghost(is_started):
    """Row 13: neither a result nor an error."""
    made = health()
    if is_started:
        await made.start()
    finished = asyncio.Event()

    async def leaves():
        made.unregister_check("a")
        try:
            await asyncio.sleep(0)
        finally:
            finished.set()
        return {"status": "healthy"}

    made.register_check("a", leaves)
    made.register_check("b", Switch())
    assert await made.check_health() is True
    await finished.wait()
    assert set((await made.get_health_stats())["last_check_results"]) == {"b"}
    await made.stop()


@pytest.mark.parametrize("is_started", [False, True])
@on_loop
async def test_a_check_that_raises_cancelled_error_fails(is_started):
    """Row 14: it ends nothing but itself."""
    made = health(check_interval=0.01 if is_started else NEVER)
    check = Switch(asyncio.CancelledError())
    made.register_check("a", check)
    if is_started:
        await made.start()
    assert await made.check_health() is False
    assert (await result(made, "a"))["error"] == "CancelledError"
    if is_started:
        await until(lambda: check.runs > 3)
    await made.stop()


@on_loop
async def test_whoever_asks_can_still_be_cancelled():
    """Row 14: a cancellation of our own is none of a check."""
    made = health()
    made.register_check("a", hang)
    asks = asyncio.ensure_future(made.check_health())
    await asyncio.sleep(0.01)
    asks.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asks
    await made.stop()


@pytest.mark.parametrize("is_started", [False, True])
@on_loop
async def test_a_plain_function_runs_off_the_loop(is_started):
    """Row 26: on a daemon thread, and what it returns counts."""
    seen = []

    def plain():
        seen.append(threading.current_thread())
        return {"status": "healthy", "rows": 3}

    made = health()
    made.register_check("a", plain)
    if is_started:
        await made.start()
    assert await made.check_health()
    assert await result(made, "a") == {"status": HealthStatus.HEALTHY, "rows": 3}
    assert seen[0] is not threading.main_thread() and seen[0].daemon
    await made.stop()
    assert eventually(lambda: not threads())


@on_loop
async def test_a_plain_function_may_return_a_coroutine():
    """Row 26: as the lambdas of old callers do; it is awaited on the loop."""
    made = health()
    check = Switch()
    made.register_check("a", lambda: check())
    assert await made.check_health()
    assert check.runs == 1


@pytest.mark.parametrize("is_started", [False, True])
@on_loop
async def test_a_function_that_gets_no_thread_is_not_blamed(is_started, monkeypatch):
    """Row 26: those that are stuck have all the threads, and fail; it fails not."""
    monkeypatch.setattr(_pool, "_SIZE", 2)
    gate = threading.Event()
    made = health(timeout=0.2, check_interval=0.05 if is_started else NEVER)
    for name in ("stuck", "too"):
        made.register_check(name, lambda: gate.wait(BOUND) and {"status": "healthy"})
    made.register_check("waits", lambda: {"status": "healthy"})
    if is_started:
        await made.start()
    assert await made.check_health() is False
    stats = await made.get_health_stats()
    assert stats["failure_counts"]["stuck"] >= 1 and stats["failure_counts"]["waits"] == 0
    # Threads that are stuck past the deadline are replaced.
    while not is_started and not made._records["waits"].successes:
        await made.check_health()
    await until(lambda: made._records["waits"].successes > 0)
    assert made._records["waits"].failures == 0
    gate.set()
    await made.stop()
    assert eventually(lambda: not threads())


@pytest.mark.parametrize("is_started", [False, True])
@on_loop
async def test_a_stuck_function_is_not_run_again(is_started):
    """Row 26: each further run fails without being made."""
    gate = threading.Event()
    runs = []

    def stuck():
        runs.append(1)
        gate.wait(BOUND)
        return {"status": "healthy"}

    made = health(timeout=0.2, check_interval=0.05 if is_started else NEVER)
    made.register_check("a", stuck)
    if is_started:
        await made.start()
        await until(lambda: made._records["a"].failures >= 3)
        # Neither does another life of the checks begin it again.
        await made.stop()
    for _ in range(3):
        assert await made.check_health() is False
    assert len(runs) == 1
    gate.set()
    await until(lambda: not made._records["a"]._is_inside)
    assert await made.check_health() is False, "two passes are needed"
    assert await made.check_health() is True
    assert len(runs) == 3


def test_a_stuck_function_does_not_keep_the_process():
    """Row 26: the interpreter ends."""
    program = """if True:
        import asyncio, time
        from meshvitals.compat import HealthCheck, HealthCheckConfig

        async def main():
            made = HealthCheck(HealthCheckConfig(timeout=0.05))
            made.register_check("a", lambda: time.sleep(3600))
            print(await made.check_health())

        asyncio.run(main())
    """
    flags = ["-X", "dev", "-W", "error"]
    ended = subprocess.run(
        [sys.executable, *flags, "-c", program], capture_output=True, text=True, timeout=BOUND
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("False\n", "", 0)


@on_loop
async def test_who_holds_the_loop_is_not_held_against_the_others():
    """Row 4, the other side: an answer that could not be taken in time is no timeout."""
    made = health(timeout=0.2, failure_threshold=1)

    async def holds():
        threading.Event().wait(0.4)
        return {"status": "healthy"}

    async def waits():
        await asyncio.sleep(0.05)
        return {"status": "healthy"}

    made.register_check("waits", waits)
    made.register_check("holds", holds)
    await made.check_health()
    assert (await result(made, "waits"))["status"] is HealthStatus.HEALTHY
