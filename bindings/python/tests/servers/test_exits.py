"""However a program ends, it ends: at once or after the monitor's `stop_timeout`, with its own
code, and with nothing on standard error."""

from __future__ import annotations

import signal

import pytest
from servers.support import expect_output

CODES = {
    "at its last line": 0,
    "exit": 3,
    "_exit": 4,
    "exception": 1,
    "handled": 5,
    "interrupted": -signal.SIGINT,
    "terminated": -signal.SIGTERM,
}
STATES = [
    "it runs",
    "a function hangs",
    "many functions hang",
    "a function of a loop hangs",
    "a coroutine hangs",
]


@pytest.mark.parametrize("way", CODES)
@pytest.mark.parametrize("state", STATES)
def test_a_program_ends(state: str, way: str):
    expect_output("ends.py", state, way, code=CODES[way])


@pytest.mark.parametrize("way", ["handled", "interrupted", "terminated"])
def test_a_program_whose_loop_is_held_by_a_check_ends(way: str):
    expect_output("ends.py", "a coroutine holds the loop", way, code=CODES[way])


def test_a_program_ends_under_daemon_threads_that_go_on_calling():
    for _ in range(10):
        expect_output("daemons.py")


def test_what_runs_at_the_end_finds_the_monitor_as_the_order_says():
    expect_output(
        "order.py",
        text="first: HEALTHY\nanew: HEALTHY\nlast: UNKNOWN UNKNOWN\n"
        "again: the interpreter is ending; nothing starts\n",
    )


@pytest.mark.parametrize("times", [1, 3])
def test_a_program_whose_task_is_cancelled_leaves_nothing(times: int):
    expect_output("cancelled.py", str(times))
