"""Forks and exits: nothing hangs, crashes, or stays behind.

Each program runs in an interpreter of its own, with the warnings of this one.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

BOUND = 60

PRELUDE = """
import asyncio, logging, os, sys, threading, time
import meshvitals
from meshvitals import Heartbeat, Kinds, Monitor, Outcome, Status, Tcp

def expect(events, wanted):
    for event in events:
        if wanted(event):
            return event
    raise AssertionError("the monitor ended")

def in_child(body):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            body()
            code = 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0, status

def silent():
    logging.getLogger("meshvitals").addHandler(logging.NullHandler())

def quick(**options):
    return Monitor(system_checks=False, start_spread=0, slack="1ms",
                   defaults={"first_result_decides": "any", "failure_threshold": 1}, **options)
"""


def run(program: str, code: int = 0, before: str = "") -> str:
    """Runs a program to its end, and returns what it printed."""
    text = before + PRELUDE + textwrap.dedent(program)
    # Forking with threads is what is tested here.
    flags = ["-X", "dev", "-W", "error", "-W", "ignore:This process:DeprecationWarning"]
    ended = subprocess.run(
        [sys.executable, *flags, "-c", text], capture_output=True, text=True, timeout=BOUND
    )
    assert (ended.returncode, ended.stderr) == (code, ""), ended.stderr
    return ended.stdout


def test_a_child_is_refused_until_it_starts_the_monitor_again():
    run(
        """
        monitor = quick()
        jobs = monitor.register(Heartbeat("1h"), name="jobs")
        events = monitor.events(Kinds.LIFE)
        monitor.start()
        monitor.beat("jobs")
        assert jobs.status is Status.HEALTHY

        def child():
            assert jobs.status is Status.UNKNOWN and not jobs and monitor.status() is Status.UNKNOWN
            for call in (monitor.checks, monitor.render, monitor.stop, lambda: monitor.beat("jobs"),
                         lambda: monitor.register(Heartbeat("1h"), name="b"), monitor.events,
                         lambda: events.poll(timeout=0), events.fileno, jobs.snapshot):
                try:
                    call()
                except meshvitals.Forked as error:
                    assert error.code_name == "FORKED"
                else:
                    raise AssertionError(call)
            monitor.start()
            monitor.beat("jobs")
            assert jobs
            monitor.stop()

        in_child(child)
        assert jobs.status is Status.HEALTHY
        monitor.stop()
        """
    )


def test_a_child_that_was_not_started_is_alive_but_not_ready():
    run(
        """
        from meshvitals.web import Endpoints

        monitor = quick()
        monitor.register(Heartbeat("1h"), name="jobs", tags=["readiness"])
        endpoints = Endpoints(monitor)

        def codes():
            return [endpoints.reply("GET", path).code for path in ("/livez", "/readyz", "/health")]

        def child():
            assert codes() == [200, 503, 503]
            assert b"fork" in endpoints.reply("GET", "/readyz").body
            with monitor:
                monitor.beat("jobs")
                assert codes() == [200, 200, 200]

        with monitor:
            monitor.beat("jobs")
            assert codes() == [200, 200, 200]
            in_child(child)
            assert codes() == [200, 200, 200]
        """
    )


@pytest.mark.parametrize("started", [False, True])
def test_functions_run_in_parent_and_child(started: bool):
    run(
        f"""
        monitor = quick()
        pids = []

        @monitor.check("plain", interval="20ms", initial_delay=0)
        def plain():
            pids.append(os.getpid())

        @monitor.check("coroutine", interval="20ms", initial_delay=0)
        async def coroutine():
            pids.append(os.getpid())
            await asyncio.sleep(0)

        async def main():
            async with monitor:
                seen = set()
                async for event in monitor.events(Kinds.RESULT):
                    if event.outcome is Outcome.PASS:
                        seen.add(event.name)
                    if {{"plain", "coroutine"}} <= seen:
                        return

        if {started}:
            monitor.start()
            expect(monitor.events(Kinds.RESULT),
                   lambda event: event.name == "plain" and event.outcome is Outcome.PASS)
        for _ in range(2):
            in_child(lambda: asyncio.run(main()))
        monitor.stop()
        asyncio.run(main())
        assert set(pids) == {{os.getpid()}}
        """
    )


def test_forks_in_the_middle_of_runs_and_logs_harm_nobody():
    run(
        """
        import logging
        monitor = quick()
        for number in range(20):
            monitor.check(f"n{number}", interval="10ms", initial_delay=0)(lambda: time.sleep(0.001))
        monitor.set_log(logging.CRITICAL)
        monitor.start()
        results = monitor.events(Kinds.RESULT)
        for turn in range(20):
            def child():
                if turn % 2:
                    monitor.start()
                    mine = monitor.events(Kinds.RESULT)
                    expect(mine, lambda event: event.outcome is Outcome.PASS)
                    monitor.stop()
            in_child(child)
        seen = results.poll(1000, 0)
        assert seen
        expect(results, lambda event: event.outcome is Outcome.PASS)
        monitor.stop()
        """
    )


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_works_by_every_method(method: str, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        PRELUDE
        + textwrap.dedent(
            f"""
            import multiprocessing

            monitor = quick(checks=[{{"name": "jobs", "heartbeat": {{"ttl": "1h"}}}}])

            def work(_):
                monitor.start()
                monitor.beat("jobs")
                return bool(monitor["jobs"])

            if __name__ == "__main__":
                monitor.start()
                with multiprocessing.get_context({method!r}).Pool(2) as pool:
                    assert pool.map(work, range(4)) == [True] * 4
                    pool.close()
                    pool.join()
                monitor.stop()
            """
        )
    )
    # What the pool's own threads say of forks is not our subject.
    flags = ["-X", "dev", "-W", "ignore::DeprecationWarning"]
    ended = subprocess.run(
        [sys.executable, *flags, program], capture_output=True, text=True, timeout=BOUND
    )
    assert (ended.returncode, ended.stderr) == (0, "")


EXITS = {
    "with a running monitor": "monitor.start()",
    "with a plain function that hangs": """
        @monitor.check("hangs", interval="10ms", timeout="10ms", initial_delay=0)
        def hangs():
            time.sleep(3600)
        events = monitor.events(Kinds.RESULT)
        monitor.start()
        expect(events, lambda event: event.outcome is Outcome.TIMEOUT)
        """,
    "with a function that runs all the time": """
        @monitor.check("busy", interval="10ms", initial_delay=0)
        def busy():
            until = time.monotonic() + 0.005
            while time.monotonic() < until: pass
        monitor.set_log()
        monitor.start()
        expect(monitor.events(Kinds.RESULT), lambda event: event.name == "busy")
        """,
    "with a coroutine that swallows its cancellation": """
        silent()
        @monitor.check("stubborn", interval="10ms", timeout="10ms", initial_delay=0)
        async def stubborn():
            for _ in range(100):
                try:
                    await asyncio.sleep(0.01)
                except asyncio.CancelledError:
                    pass
        async def main():
            monitor.start()
            async for event in monitor.events(Kinds.RESULT):
                if event.outcome is Outcome.TIMEOUT:
                    return
        asyncio.run(main())
        """,
    "with a coroutine that never ends": """
        silent()
        @monitor.check("stubborn", interval="10ms", timeout="10ms", initial_delay=0)
        async def stubborn():
            while True:
                try:
                    await asyncio.sleep(1)
                except asyncio.CancelledError:
                    pass
        async def main():
            async with monitor:
                async for event in monitor.events(Kinds.RESULT):
                    if event.outcome is Outcome.TIMEOUT:
                        return
        asyncio.run(main())
        """,
    "with a thread inside an iteration": """
        monitor.start()
        reader = threading.Thread(target=lambda: list(monitor.events()), daemon=True)
        reader.start()
        """,
    "with a thread inside a poll": """
        monitor.start()
        events = monitor.events(Kinds.LIFE)
        reader = threading.Thread(target=events.poll, daemon=True)
        reader.start()
        """,
    "with everything in a cycle": """
        monitor.start()
        cycle = [monitor, monitor.events(), monitor.overall]
        cycle.append(cycle)
        """,
    "with an exception": """
        monitor.start()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        1 / 0
        """,
}


@pytest.mark.parametrize("case", EXITS)
def test_the_interpreter_ends(case: str):
    code = 1 if case == "with an exception" else 0
    run("monitor = quick()\n" + textwrap.dedent(EXITS[case]), code)


def test_nothing_runs_any_more_when_the_interpreter_goes():
    # What is registered first runs last.
    before = """
import atexit, threading
atexit.register(lambda: print([thread.name for thread in threading.enumerate()]))
"""
    output = run(
        """
        monitor = quick()
        monitor.check("a", interval="10ms", initial_delay=0)(lambda: None)
        monitor.set_log()
        monitor.start()
        expect(monitor.events(Kinds.RESULT), lambda event: event.name == "a")
        """,
        before=before,
    )
    assert output == "['MainThread']\n"


def test_no_request_is_lost_when_a_child_starts():
    run(
        """
        monitor = quick()
        monitor.check("a", interval="1h", initial_delay=0)(lambda: None)

        def child():
            monitor.start()
            # The next run would be an hour later.
            until = time.monotonic() + 30
            while not monitor["a"]:
                assert time.monotonic() < until, monitor.snapshot("a")
                time.sleep(0.001)
            monitor.stop()

        monitor.start()
        for _ in range(20):
            in_child(child)
        """
    )


def test_logging_goes_on_in_a_child():
    output = run(
        """
        import logging
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
        monitor = quick()
        monitor.register(Heartbeat("1h"), name="jobs")
        monitor.set_log()
        monitor.start()

        def child():
            monitor.start()
            monitor.beat("jobs")
            monitor.stop()
            sys.stdout.flush()

        in_child(child)
        """
    )
    assert "jobs: UNKNOWN -> HEALTHY (none)" in output


def test_interrupting_an_iteration_ends_the_program():
    run(
        """
        import signal
        monitor = quick()
        monitor.start()
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            for event in monitor.events(Kinds.LIFE):
                pass
        except KeyboardInterrupt:
            print("interrupted")
        """
    )
