"""Driving a coroutine, and saying for each of its steps that it holds the loop."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Generator

if TYPE_CHECKING:
    from ._lane import Lane
    from ._run import Run

__all__ = ["Steps"]


class Steps:
    """Calls a function and awaits what it returns. While the program's own code runs, the lane
    says so in `stepping`."""

    __slots__ = ("_inner", "_lane", "_run", "cancelled")

    def __init__(self, lane: Lane, run: Run, call: Callable[[], Awaitable[Any]]) -> None:
        self._inner: Any = _called(call)
        self._lane = lane
        self._run = run
        #: Whether a cancellation came in from outside.
        self.cancelled = False

    def __await__(self) -> Generator[Any, Any, Any]:
        return self

    def __iter__(self) -> Steps:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        """One step."""
        began = self._begin()
        try:
            return self._inner.send(value)
        finally:
            self._end(began)

    def throw(self, *error: Any) -> Any:
        """One step that begins with an exception."""
        kind = error[0] if isinstance(error[0], type) else type(error[0])
        self.cancelled = self.cancelled or issubclass(kind, asyncio.CancelledError)
        began = self._begin()
        try:
            return self._inner.throw(*error)
        finally:
            self._end(began)

    def _begin(self) -> int:
        self._lane.stepping = self._run
        return time.monotonic_ns()

    def _end(self, began: int) -> None:
        self._lane.stepping = None
        self._run.held_ns += time.monotonic_ns() - began

    def close(self) -> None:
        """No step follows."""
        self._inner.close()


async def _called(call: Callable[[], Awaitable[Any]]) -> Any:
    return await call()
