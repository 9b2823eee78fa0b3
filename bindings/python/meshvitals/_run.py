"""A function that is a check, and one run of it.

A run is in the hands of several threads: the one that hands out, the loop or worker that runs
the function, and whoever gives it up. What two of them must not both do has a ticket, which only
one can take; whatever is reported twice is refused by the engine, and that is fine.
"""

from __future__ import annotations

import inspect
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Protocol

from ._lifecycle import disown
from ._native import Check
from ._tables import Outcome, Reason
from .errors import Error
from .results import Result

if TYPE_CHECKING:
    import asyncio

    from ._lane import Lane

__all__ = ["NO_LOOP", "Function", "Place", "Run"]

NO_LOOP = Result(Outcome.LOCAL, Reason.HOST_NOT_POLLING, message="it was given no event loop")

_OVERRAN = Result(Outcome.TIMEOUT, Reason.TIMEOUT, message="it held the event loop too long")
_STUCK = Result(Outcome.TIMEOUT, Reason.STILL_RUNNING)
_WAITING = Result(Outcome.LOCAL, Reason.LOCAL_STARVED, message="an earlier run could not go on")

#: How long before the deadline it is decided whose fault a silence is, at most.
_MARGIN_NS = 50_000_000


class Place(Protocol):
    """Where functions run: the lane of an event loop, or the pool."""

    def submit(self, run: Run) -> None:
        """Runs it as soon as it can; never waits."""

    def cancel(self, run: Run) -> None:
        """The run is over, whatever its function does; it was started."""

    def ask(self) -> None:
        """A deadline is near: find out whether the place itself still works."""

    def judge(self, run: Run, started: bool) -> Optional[Result]:
        """Whose fault the silence is: a LOCAL result if it is not the function's."""


class Function:
    """A check that is a function of the program."""

    def __init__(self, call: Callable[[], Any], loop: Optional[asyncio.AbstractEventLoop]) -> None:
        self.call = call
        #: Whether calling it gives a coroutine. Others may turn out to give one as well.
        self.asynchronous = inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(
            type(call).__call__
        )
        #: The loop that was asked for; no other takes its place.
        self.own_loop = loop
        #: Its handle; there from its registration on.
        self.check: Optional[Check] = None
        #: The run whose function has not come back, also when that run is over.
        self.inside: Optional[Run] = None


class Run:
    """One run of a function."""

    def __init__(
        self,
        function: Function,
        token: int,
        deadline_ns: int,
        runs: Dict[int, Run],
        lane: Optional[Lane],
    ) -> None:
        self.function = function
        #: Where it goes on if a plain function returns something to await.
        self.lane = lane
        self.token = token
        self.deadline_ns = deadline_ns
        timeout_ns = max(0, deadline_ns - time.monotonic_ns())
        #: How long before the deadline the silence is judged.
        self.margin_ns = min(_MARGIN_NS, timeout_ns // 4)
        self._timeout_ns = timeout_ns
        #: When a function that was excused has had its whole time once more.
        self._excused_until_ns = deadline_ns + timeout_ns
        #: Whether there is nothing more to report.
        self.over = False
        #: On a loop: its task.
        self.task: Optional[asyncio.Task[None]] = None
        #: Whether its task had its cancellation and goes on.
        self.overstays = False
        #: On a loop: how long its own steps have taken.
        self.held_ns = 0
        self._started_ns = 0
        #: Whether it was the function that let its deadline pass.
        self.overran = False
        self._ticket: List[None] = [None]
        self._place: Optional[Place] = None
        self._runs = runs
        runs[token] = self

    # -- From the thread that hands out -----------------------------------------------------------

    def hand_to(self, place: Place) -> None:
        """Lets a place run it."""
        self._place = place
        place.submit(self)

    def cancel(self) -> None:
        """It is over: its deadline passed, or nobody wants it any more."""
        self.overran = not self.over and time.monotonic_ns() >= self.deadline_ns
        self.over = True
        if self._place is not None and not self.claim():
            self._place.cancel(self)

    def is_in(self, place: Place) -> bool:
        """Whether it is run there."""
        return self._place is place

    def ask(self) -> None:
        """Its deadline is near."""
        if self._place is not None:
            self._place.ask()

    def judge(self) -> None:
        """Reports it as LOCAL if its function could not help it."""
        if self._place is not None:
            started = not self.claim()
            excuse = self._place.judge(self, started)
            if excuse is not None:
                self.report(excuse)
                if started:
                    # The engine takes the run for answered, and will not say that it is over.
                    self._place.cancel(self)

    # -- From where it runs -----------------------------------------------------------------------

    def move_to(self, place: Place) -> None:
        """Its function goes on somewhere else."""
        self._place = place

    def claim(self) -> bool:
        """Takes the right to start it, or to say that nobody does; only one gets it."""
        try:
            self._ticket.pop()
        except IndexError:
            return False
        return True

    def enter(self) -> bool:
        """Begins the function, unless an earlier run of it has not come back."""
        inside = self.function.inside
        if inside is not None and not inside.is_lost():
            stuck = inside.overran or time.monotonic_ns() >= inside._excused_until_ns
            if stuck and inside.overstays and inside.task is not None:
                disown(inside.task)
            self.report(_STUCK if stuck else _WAITING)
            return False
        self.function.inside = self
        self._started_ns = time.monotonic_ns()
        return True

    def is_lost(self) -> bool:
        """Whether its loop was closed under it, so that it never comes back."""
        return self.task is not None and self.task.get_loop().is_closed()

    def leave(self, result: Optional[Result]) -> None:
        """The function came back; None: there is nothing to tell."""
        if self.function.inside is self:
            self.function.inside = None
        if result is not None and self.held_ns >= self._timeout_ns:
            # Who asks on the same loop could not ask in time: the check itself stood in the way.
            result = _OVERRAN
        if result is not None:
            self.report(result)

    def report(self, result: Result) -> None:
        """Tells the engine, once."""
        self._runs.pop(self.token, None)
        check = self.function.check
        if self.over or check is None:
            return
        self.over = True
        took = (time.monotonic_ns() - self._started_ns) / 1e9 if self._started_ns else 0.0
        with suppress(Error):
            # Else it is too late, removed, stopped or forked: nobody asks for it any more.
            try:
                _tell(check, self.token, result, took)
            except (TypeError, ValueError, OverflowError) as error:
                wrong = f"the Result that it returned is refused: {error}"
                _tell(check, self.token, Result(Outcome.FAIL, message=wrong), took)


def _tell(check: Check, token: int, result: Result, took: float) -> None:
    message = result.message
    if isinstance(message, str):
        # Names of files may have bytes that no character stands for.
        message = message.encode("utf-8", "backslashreplace").decode()
    check.report(
        token,
        result.outcome,
        reason=result.reason,
        value=result.value,
        message=message,
        detail=result.detail,
        latency=result.latency or took,
    )
