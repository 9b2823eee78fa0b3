"""What it costs to read a status from Python, against `abs(7)`.

``make bench-python`` runs it on the wheel. Each figure is the best of several rounds, in which
all take turns; the cost of an empty loop is taken off.
"""

import sys
import threading
import timeit

import meshvitals
from meshvitals import Outcome

LOOPS, ROUNDS = 1_000_000, 9
#: What is measured, and the goal in nanoseconds (P10).
STATEMENTS = {
    "pass": None,
    "abs(7)": None,
    "check.status": 20.0,
    "1 if check else 0": 10.0,
    "check.fresh_status": None,
}


def measure(check: meshvitals.Check) -> dict:
    """Nanoseconds of each statement, the empty loop taken off."""
    timers = {text: timeit.Timer(text, globals={"check": check}) for text in STATEMENTS}
    best = dict.fromkeys(timers, float("inf"))
    for _ in range(ROUNDS):
        for text, timer in timers.items():
            best[text] = min(best[text], timer.timeit(LOOPS) / LOOPS * 1e9)
    return {text: figure - best["pass"] for text, figure in best.items() if text != "pass"}


def row(label: str, figures: dict, goals: bool) -> None:
    print(f"\n{label}")
    for text, figure in figures.items():
        goal = STATEMENTS[text]
        said = f"  goal {goal:.0f} ns" if goals and goal is not None else ""
        print(f"  {text:20} {figure:6.1f} ns  {figure / figures['abs(7)']:5.2f} x abs(7){said}")


def main() -> None:
    print(f"CPython {sys.version.split()[0]}, best of {ROUNDS} rounds")
    monitor = meshvitals.Monitor(system_checks=False)
    check = monitor.register(
        meshvitals.Heartbeat("1h"), name="jobs", first_result_decides="any", failure_threshold=1,
        success_threshold=1,
    )  # fmt: skip
    with monitor:
        monitor.beat(check)
        row("while the engine sleeps", measure(check), goals=True)
        stop = threading.Event()

        def write() -> None:
            # Few enough that it does not fight for the interpreter.
            outcome = Outcome.FAIL
            while not stop.wait(0.001):
                monitor.beat(check, outcome)
                outcome = Outcome.PASS if outcome == Outcome.FAIL else Outcome.FAIL

        writer = threading.Thread(target=write)
        writer.start()
        try:
            row("while its status changes a thousand times a second", measure(check), goals=False)
        finally:
            stop.set()
            writer.join()


main()
