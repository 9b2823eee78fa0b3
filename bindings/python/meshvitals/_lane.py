"""Checks on an event loop: started in slices, never held by one another.

Promises: starting many checks holds the loop for a slice at a time; a check that hangs, raises
or blocks the loop is that check's failure only. The last is the trap: while one check blocks the
loop, all others that wait on it would miss their deadlines. So shortly before a deadline the loop
is asked for a sign of life, and if there is none, only the check that holds the loop is to blame.
"""

from __future__ import annotations

import asyncio
import functools
import sys
import time
from collections import deque
from typing import Any, Awaitable, Callable, Deque, Optional, Set

from . import _verdict
from ._run import Run
from ._steps import Steps
from ._tables import Outcome, Reason
from .results import Result

__all__ = ["Lane"]

#: How long checks are started before the loop gets its turn, and how many: the first step of each
#: is made within the next turn.
_SLICE_NS = 1_000_000
_SLICE = 16

#: How many turns of the loop a cancellation may take to get to where a task waits: one for each
#: task that waits for another.
_TURNS = 32

_CANCELLED = Result(Outcome.LOCAL, message="its task was cancelled")


class Lane:
    """The checks of one monitor on one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        #: What has not ended; the loop itself keeps its tasks only weakly.
        self.tasks: Set[asyncio.Task[None]] = set()
        #: The run whose step is being made at this instant.
        self.stepping: Optional[Run] = None
        self._waiting: Deque[Run] = deque()
        self._scheduled = False
        self._asked_ns = 0
        self._answered_ns = 0

    # -- From other threads -----------------------------------------------------------------------

    def submit(self, run: Run) -> None:
        """Starts a run within the loop's next turns."""
        self._waiting.append(run)
        if not self._scheduled:
            self._scheduled = True
            self._soon(self._start_some)

    def adopt(self, run: Run, awaitable: Awaitable[Any]) -> bool:
        """Goes on with a run whose function was called elsewhere; false if the loop is closed."""
        run.move_to(self)
        return self._soon(self._begin, run, _Given(awaitable))

    def cancel(self, run: Run) -> None:
        """Cancels the task of a run."""
        self._soon(self._cancel, run)

    def ask(self) -> None:
        """Asks the loop for a sign of life."""
        self._asked_ns = time.monotonic_ns()
        self._soon(self._answer)

    def judge(self, run: Run, started: bool) -> Optional[Result]:
        """The loop's silence is the fault of the run that holds it only."""
        if not started:
            text = "the event loop did not start it"
            return Result(Outcome.LOCAL, Reason.HOST_NOT_POLLING, message=text)
        holder = self.stepping
        if self._answered_ns >= self._asked_ns or holder is run:
            return None
        by = "the program" if holder is None else "another check"
        return Result(Outcome.LOCAL, Reason.LOCAL_STARVED, message=f"{by} held the event loop")

    def _soon(self, call: Callable[..., None], *arguments: Any) -> bool:
        try:
            self.loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:
            # The loop is closed: its runs are not started, and judged so.
            return False
        return True

    # -- On the loop ------------------------------------------------------------------------------

    def _answer(self) -> None:
        self._answered_ns = time.monotonic_ns()

    def _start_some(self) -> None:
        self._scheduled = False
        until, started = time.monotonic_ns() + _SLICE_NS, 0
        while self._waiting:
            if started == _SLICE or time.monotonic_ns() >= until:
                if not self._scheduled:
                    self._scheduled = True
                    self.loop.call_soon(self._start_some)
                return
            run = self._waiting.popleft()
            if run.claim() and run.enter():
                self._begin(run, run.function.call)
            started += 1

    def _begin(self, run: Run, call: Callable[[], Awaitable[Any]]) -> None:
        check = run.function.check
        name = "meshvitals" if check is None else f"meshvitals {check.name}"
        task = self.loop.create_task(self._body(run, call), name=name)
        run.task = task
        self.tasks.add(task)
        task.add_done_callback(functools.partial(self._end, run, call))
        if run.over:
            # Given up before it had a task.
            task.cancel()

    def _end(self, run: Run, call: object, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled():
            # What came out of it went to the program; its loop need not complain as well.
            task.exception()
        if run.function.inside is run:
            # Cancelled before its first step.
            run.leave(_CANCELLED)
            if isinstance(call, _Given):
                call.close()

    def _cancel(self, run: Run) -> None:
        if run.task is not None:
            run.task.cancel()
            self._watch(run, _TURNS)

    def _watch(self, run: Run, turns: int) -> None:
        """Finds out whether a task goes on in spite of its cancellation."""
        if run.task is None or run.task.done():
            return
        if turns:
            self.loop.call_soon(self._watch, run, turns - 1)
        else:
            run.overstays = True

    async def _body(self, run: Run, call: Callable[[], Awaitable[Any]]) -> None:
        steps = Steps(self, run, call)
        result: Optional[Result] = None
        try:
            result = _verdict.of_value(await steps)
        except asyncio.CancelledError as error:
            if _is_cancelled(steps):
                result = _CANCELLED
                raise
            result = _verdict.of_exception(error)
        except Exception as error:
            result = _verdict.of_exception(error)
        except GeneratorExit:
            # The loop is gone, and the task with it.
            raise
        except BaseException as error:
            # KeyboardInterrupt and SystemExit may come from a signal: they are the program's.
            result = _verdict.of_exception(error)
            raise
        finally:
            run.leave(result)


class _Given:
    """A function that was called already."""

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        self._awaitable = awaitable

    def __call__(self) -> Awaitable[Any]:
        return self._awaitable

    def close(self) -> None:
        """Nobody will await it."""
        if asyncio.iscoroutine(self._awaitable):
            self._awaitable.close()


def _is_cancelled(steps: Steps) -> bool:
    """Whether the task was cancelled from outside, rather than the check having raised."""
    if sys.version_info >= (3, 11):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    # Older tasks do not tell. Something that the check awaited may have been cancelled instead;
    # then the check gets the benefit of the doubt.
    return steps.cancelled
