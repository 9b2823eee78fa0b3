"""The lag of an event loop, as a check.

The loop is asked from outside: a thread puts a question into it and waits for its turn. So a loop
that is held is seen while it is held, which no coroutine can do. The trap: code that holds the
interpreter's lock for long, such as a native call, holds that thread as well.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from dataclasses import dataclass
from typing import Callable, Optional

from ._tables import Code, Outcome
from .errors import OutOfRange
from .results import Result

__all__ = ["LoopLag"]

_STANDS = Result(Outcome.LOCAL, message="the event loop is not running")

Loop = Optional[asyncio.AbstractEventLoop]


@dataclass(frozen=True)
class LoopLag:
    """How long an event loop keeps waiting what is due on it, in milliseconds.

    The check is DEGRADED from ``threshold_ms`` on, and fails when the loop has not turned for
    ``limit_ms``, which should be less than the check's ``timeout``. It is about ``loop``, or else
    about the monitor's loop, on which coroutine functions run; while that does not run, nobody is
    blamed.

    >>> import meshvitals
    >>> monitor = meshvitals.Monitor()
    >>> monitor.register(meshvitals.LoopLag(threshold_ms=50), name="loop", interval="1s")
    <Check 'loop' UNKNOWN>
    """

    threshold_ms: float = 100.0
    limit_ms: float = 1000.0
    loop: Loop = None

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold_ms < math.inf:
            what = f"threshold_ms is {self.threshold_ms}; allowed: more than 0 milliseconds"
            raise OutOfRange(what, Code.RANGE, "/threshold_ms")
        if not self.threshold_ms <= self.limit_ms <= threading.TIMEOUT_MAX * 1e3:
            what = f"limit_ms is {self.limit_ms}; allowed: threshold_ms or more"
            raise OutOfRange(what, Code.RANGE, "/limit_ms")


class LagMeter:
    """Measures for one check: a plain function, which runs on a thread and may wait."""

    def __init__(self, probe: LoopLag, default: Callable[[], Loop]) -> None:
        self._probe = probe
        self._default = default
        self._question: Optional[_Question] = None

    def __call__(self) -> Result:
        loop = self._probe.loop or self._default()
        question = self._question
        if question is None or question.loop is not loop or question.answered.is_set():
            if loop is None or loop.is_closed() or not loop.is_running():
                return _STANDS
            self._question = question = _Question(loop)
        # One that an earlier run has asked is not asked again: what it waited counts.
        lag_ms = question.wait(self._probe.limit_ms)
        if question.answered.is_set():
            return self._result(lag_ms)
        if not question.loop.is_running():
            return _STANDS
        message = f"the event loop has not turned for {lag_ms:.0f} ms"
        return Result(Outcome.TIMEOUT, value=lag_ms, message=message)

    def _result(self, lag_ms: float) -> Result:
        if lag_ms < self._probe.threshold_ms:
            return Result(Outcome.PASS, value=lag_ms)
        outcome = Outcome.WARN if lag_ms < self._probe.limit_ms else Outcome.FAIL
        return Result(outcome, value=lag_ms, message=f"the event loop lags {lag_ms:.0f} ms behind")


class _Question:
    """A question that a loop answers when it turns."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.answered = threading.Event()
        self._asked_ns = time.monotonic_ns()
        self._answered_ns = 0
        try:
            loop.call_soon_threadsafe(self._answer)
        except RuntimeError:
            # It was closed this instant, and does not run.
            pass

    def wait(self, limit_ms: float) -> float:
        """Waits until it has been open so long, or is answered; how long it was open."""
        left = limit_ms / 1e3 - (time.monotonic_ns() - self._asked_ns) / 1e9
        self.answered.wait(max(0.0, left))
        until_ns = self._answered_ns or time.monotonic_ns()
        return (until_ns - self._asked_ns) / 1e6

    def _answer(self) -> None:
        self._answered_ns = time.monotonic_ns()
        self.answered.set()
