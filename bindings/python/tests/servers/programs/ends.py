"""A program that ends in the way of its second argument, in the state of its first."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time

from meshvitals import Heartbeat, Kinds, Monitor, Outcome

state, way = sys.argv[1:]
# The program's own tracebacks are not what is looked at.
sys.excepthook = lambda *_: None
entered = threading.Event()
monitor = Monitor(
    system_checks=False,
    start_spread=0,
    stop_timeout="300ms",
    defaults={"first_result_decides": "any", "failure_threshold": 1, "interval": "10ms"},
)


def hanging_function() -> None:
    """It never comes back."""
    entered.set()
    time.sleep(3600)


async def hanging_coroutine() -> None:
    """It comes back when it is cancelled only."""
    entered.set()
    await asyncio.sleep(3600)


async def blocking_coroutine() -> None:
    """It holds its loop and never comes back; signals find it."""
    entered.set()
    while True:
        time.sleep(0.01)


def leave() -> None:
    """Ends the program."""
    if way == "exit":
        sys.exit(3)
    elif way == "_exit":
        os._exit(4)
    elif way == "exception":
        raise ZeroDivisionError
    elif way in ("handled", "interrupted", "terminated"):
        if way == "handled":
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
        os.kill(os.getpid(), signal.SIGINT if way == "interrupted" else signal.SIGTERM)
        # With a loop the signal may do no more than to cancel a task, which needs the loop.
        if way != "interrupted" or ("loop" not in state and "coroutine" not in state):
            time.sleep(3600)


async def on_loop(check) -> None:
    """The life of an asyncio program."""
    monitor.register_function(check, name="hangs", timeout="30s")
    async with monitor:
        while not entered.is_set():
            await asyncio.sleep(0.001)
        leave()
        if way == "interrupted":
            await asyncio.sleep(3600)


async def beside_a_held_loop() -> None:
    """The loop is held by a check when the end comes, from another thread."""

    def end() -> None:
        entered.wait()
        os.kill(os.getpid(), signal.SIGINT if way == "interrupted" else signal.SIGTERM)
        while way == "interrupted":
            # The first may do no more than to cancel a task, which needs the loop.
            time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)

    if way == "handled":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
    monitor.register_function(
        blocking_coroutine, name="holds", timeout="30s", interval="1h", initial_delay=0
    )
    threading.Thread(target=end, daemon=True).start()
    async with monitor:
        await asyncio.sleep(3600)


def main() -> None:
    """Gets into the state, and leaves."""
    if state == "a coroutine hangs":
        asyncio.run(on_loop(hanging_coroutine))
    elif state == "a coroutine holds the loop":
        asyncio.run(beside_a_held_loop())
    elif state == "a function of a loop hangs":
        asyncio.run(on_loop(hanging_function))
    elif state == "a function hangs":
        monitor.register_function(hanging_function, name="hangs", timeout="30s")
        monitor.start()
        entered.wait()
        leave()
    elif state == "many functions hang":
        for number in range(20):
            monitor.register_function(hanging_function, name=f"n{number}", timeout="10ms")
        events = monitor.events(Kinds.RESULT)
        monitor.start()
        for event in events:
            if event.outcome is Outcome.TIMEOUT:
                break
        leave()
    else:
        jobs = monitor.register(Heartbeat("1h"), name="jobs")
        monitor.set_log()
        monitor.start()
        monitor.beat(jobs)
        leave()


main()
