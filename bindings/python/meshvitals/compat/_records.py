"""A registered check and what is known about it."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import time
from typing import Any, Awaitable, Callable, Dict, Optional

from .._native import Event
from .._tables import Outcome, Reason
from ..results import Result
from ._answers import OF_ENGINE, timestamp, understood
from ._words import HealthStatus

__all__ = ["Record"]

#: So many results wait at most for the engine to tell what became of their runs.
_KEPT = 4
_STUCK = Result(Outcome.TIMEOUT, Reason.STILL_RUNNING)
_GONE = Result(Outcome.LOCAL, message="the check was unregistered")


class Record:
    """One registration of a name. It outlives the drivers that run it."""

    def __init__(self, name: Any, function: Callable[[], Any], is_level: bool = False) -> None:
        self.name = name
        self.is_level = is_level
        #: What the counts say; UNKNOWN until anything was learned.
        self.status = HealthStatus.UNKNOWN
        self.result: Optional[Dict[str, Any]] = None
        #: In a row.
        self.failures = 0
        self.successes = 0
        #: On the monotonic clock: when it was registered, when the last run ended whatever became
        #: of it, and when something was learned last.
        self.born = time.monotonic()
        self.tried: Optional[float] = None
        self.learned: Optional[float] = None
        #: Whether it was unregistered or replaced.
        self.gone = False
        self._function = function
        #: Of a plain function: whether a run has not come back.
        self._is_inside = False
        self._numbers = itertools.count(1)
        #: What runs returned, by the number that the engine gives back with each result.
        self._returned: Dict[int, Dict[str, Any]] = {}
        #: What the engine is to call.
        self.call: Callable[[], Any] = self._plain
        # An object may be called by a method that is one.
        called = type(function).__call__ if callable(function) else None
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called):
            self.call = self._coroutine

    # -- Where it runs ----------------------------------------------------------------------------

    async def _coroutine(self) -> Result:
        return _GONE if self.gone else await self._awaited(self._function())

    def _plain(self) -> Any:
        if self.gone:
            return _GONE
        if self._is_inside:
            # The engine does not know of a run that is stuck since before it was started.
            return _STUCK
        self._is_inside = True
        try:
            value = self._function()
        finally:
            self._is_inside = False
        # A function that is not declared as a coroutine may return one, which belongs to the loop.
        return self._awaited(value) if inspect.isawaitable(value) else self._told(value)

    async def _awaited(self, awaitable: Awaitable[Any]) -> Result:
        return self._told(await awaitable)

    def _told(self, value: Any) -> Result:
        outcome, result = understood(value)
        number = next(self._numbers) & 0x7FFFFFFF
        self._returned[number] = result
        # Those of runs that came back too late; nobody asks for them.
        self._returned.pop(number - _KEPT, None)
        return Result(outcome, detail=number)

    # -- On the loop ------------------------------------------------------------------------------

    def book(self, event: Event) -> Optional[str]:
        """Takes note of a run that ended. Answers why, if it ended without a result."""
        self.tried = time.monotonic()
        # As long as nothing is learned it is kept, until it is too old to be believed.
        self.status = OF_ENGINE.get(event.status, self.status)
        returned = self._returned.pop(event.detail, None)
        outcome = event.outcome
        if outcome == Outcome.LOCAL and returned is None:
            # What went wrong is not the check's fault.
            return None
        failed = outcome in (Outcome.FAIL, Outcome.TIMEOUT)
        if outcome != Outcome.LOCAL:
            self.failures = self.failures + 1 if failed else 0
            self.successes = self.successes + 1 if outcome == Outcome.PASS else 0
            self.learned = self.tried
        error = None if returned is not None else _why(event)
        if returned is None:
            returned = {"status": self.status, "error": error, "timestamp": timestamp()}
        returned["status"] = self.status
        self.result = returned
        return error

    @property
    def is_functional(self) -> bool:
        """Whether it does not stand in the way of traffic: DEGRADED does not, nor does a level
        that the system does not tell."""
        if self.status is HealthStatus.UNKNOWN:
            return self.is_level and self.tried is not None
        return self.status is not HealthStatus.UNHEALTHY


def _why(event: Event) -> str:
    if event.outcome == Outcome.TIMEOUT:
        text = event.message or event.reason.text
        return f"{asyncio.TimeoutError.__name__}: {text}"
    return event.message or event.reason.text
