"""A program that shares its work among processes, each of which watches for itself. The first
argument says who makes them, the second how."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import sys
import threading
import time
from typing import Any, Tuple

from meshvitals import Monitor, Status

COUNT = 2
monitor = Monitor(
    system_checks=False,
    start_spread=0,
    stop_timeout="300ms",
    defaults={"first_result_decides": "any", "interval": "20ms"},
)


@monitor.check("function")
def function() -> int:
    """It was run in this process."""
    return os.getpid()


def hang() -> None:
    """It never comes back."""
    time.sleep(3600)


def begin(barrier: Any) -> None:
    """What each worker does first."""
    global together
    together = barrier
    monitor.start()


def work(_: int) -> Tuple[int, bool]:
    """Who worked, and whether its own check ran. No worker does the work of two."""
    together.wait(60)
    until = time.monotonic() + 60
    while monitor["function"].status is not Status.HEALTHY:
        assert time.monotonic() < until, monitor.snapshot("function")
        time.sleep(0.001)
    return os.getpid(), monitor.snapshot("function").value == os.getpid()


def alone(barrier: Any) -> None:
    """A process that is left with its monitor running, one check of which hangs."""
    begin(barrier)
    monitor.register_function(hang, name="hangs", timeout="1h")
    work(0)


def by_executor(context: Any) -> set:
    barrier = context.Barrier(COUNT)
    with concurrent.futures.ProcessPoolExecutor(
        COUNT, mp_context=context, initializer=begin, initargs=[barrier]
    ) as pool:
        return set(pool.map(work, range(2 * COUNT)))


def by_pool(context: Any) -> set:
    barrier = context.Barrier(COUNT)
    with context.Pool(COUNT, initializer=begin, initargs=[barrier]) as pool:
        seen = set(pool.map(work, range(2 * COUNT), chunksize=1))
        pool.close()
        pool.join()
        return seen


def by_processes(context: Any) -> set:
    barrier = context.Barrier(COUNT)
    children = [context.Process(target=alone, args=[barrier]) for _ in range(COUNT)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0, child.exitcode
    seen = {(child.pid, True) for child in children}
    for child in children:
        child.close()
    return seen


def main(maker: str, method: str) -> None:
    """Works in three rounds; the second and the third must leave nothing that the first did not."""
    monitor.start()
    context = multiprocessing.get_context(method)
    counts = []
    for _ in range(3):
        seen = globals()[f"by_{maker}"](context)
        assert len({pid for pid, _ in seen}) == COUNT and all(own for _, own in seen), seen
        assert multiprocessing.active_children() == []
        counts.append(len(os.listdir("/proc/self/fd")))
    assert counts[0] == counts[1] == counts[2], counts
    assert monitor["function"].status is Status.HEALTHY
    monitor.stop()
    # A thread of a pool may take an instant to go.
    until = time.monotonic() + 60
    while len(os.listdir("/proc/self/task")) != 1:
        assert time.monotonic() < until, [thread.name for thread in threading.enumerate()]
        time.sleep(0.001)


if __name__ == "__main__":
    main(*sys.argv[1:])
