"""What the mesh's metrics collector is told.

The collector belongs to one loop and may fail, be slow or hang. So its calls are made by a task of
their own, on the loop of the checks, from a bounded store: the last gauge of each check, and so
many errors.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections import deque
from typing import Any, Callable, Deque, Dict, Mapping, Optional, Set, Tuple

__all__ = ["ErrorTags", "Sender"]

_ERRORS = 1_000
_SLICE_NS = 1_000_000
#: A call that takes longer is given up, and with it what waits behind it.
_PATIENCE = 5.0

_logger = logging.getLogger("meshvitals")

#: The name of the method, and its arguments.
_Call = Tuple[str, Tuple[Any, ...], Mapping[str, Any]]


class ErrorTags:
    """Every distinct tag is a series of the collector, which keeps a thousand; so there are few.

    The type of an error always stands; its text only of the first errors that differ.
    """

    _TEXT, _TEXTS, _TYPES = 100, 100, 100

    def __init__(self) -> None:
        self._texts: Set[Tuple[Any, str]] = set()
        self._types: Set[str] = set()

    def tag(self, name: Any, error: str) -> str:
        """The tag for the error of a check, which begins with its type."""
        text = error[: self._TEXT]
        if (name, text) in self._texts or len(self._texts) < self._TEXTS:
            self._texts.add((name, text))
            return text
        kind = text.partition(":")[0]
        if kind in self._types or len(self._types) < self._TYPES:
            self._types.add(kind)
            return kind
        return "other"


class Sender:
    """Calls the collector from one loop."""

    def __init__(self, collector: Callable[[], Any]) -> None:
        self.loop = asyncio.get_running_loop()
        self._collector = collector
        self._gauges: Dict[Any, _Call] = {}
        self._errors: Deque[_Call] = deque(maxlen=_ERRORS)
        self._task: Optional[asyncio.Task[None]] = None
        #: When the call that is being made began, and who looks how long it takes.
        self._since = 0.0
        self._watcher: Optional[asyncio.TimerHandle] = None

    def gauge(self, name: Any, value: int) -> None:
        """Tells how a check is; what was not told yet is replaced."""
        self._gauges[name] = "gauge", ("health.check.status", value), {"check": name}
        self._send()

    def error(self, tags: Mapping[str, Any]) -> None:
        """Tells of an error."""
        self._errors.append(("increment", ("health.check.error",), tags))
        self._send()

    async def flush(self, seconds: float) -> None:
        """Waits until all is told, a bounded time, and ends. On another loop it does not wait."""
        task, self._task = self._task, None
        self._unwatch()
        if task is None or task.done() or self.loop is not asyncio.get_running_loop():
            return
        await asyncio.wait({task}, timeout=seconds)
        self._forget()
        if task.cancel():
            await asyncio.wait({task}, timeout=seconds)

    def _send(self) -> None:
        if self._collector() is None:
            self._forget()
        elif self._task is None or self._task.done():
            self._task = self.loop.create_task(self._work(), name="meshvitals metrics")
            self._since = time.monotonic()
            self._watch(self._task)
            self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task is self._task:
            self._unwatch()

    def _unwatch(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None

    def _watch(self, task: asyncio.Task[None]) -> None:
        """Gives up a call that hangs."""
        if task.done():
            return
        left = self._since + _PATIENCE - time.monotonic()
        if left > 0.0:
            self._watcher = self.loop.call_later(left, self._watch, task)
            return
        task.cancel()
        if self._task is task:
            # One that swallows that is left to itself.
            self._task = None
            self._forget()

    def _forget(self) -> None:
        self._gauges.clear()
        self._errors.clear()

    async def _work(self) -> None:
        slice_ends = time.monotonic_ns() + _SLICE_NS
        while self._gauges or self._errors:
            if self._errors:
                method, arguments, tags = self._errors.popleft()
            else:
                method, arguments, tags = self._gauges.pop(next(iter(self._gauges)))
            self._since = time.monotonic()
            try:
                told = getattr(self._collector(), method)(*arguments, tags=dict(tags))
                if inspect.isawaitable(told):
                    await told
            except Exception:
                _logger.debug("the metrics collector failed", exc_info=True)
            if time.monotonic_ns() >= slice_ends:
                await asyncio.sleep(0)
                slice_ends = time.monotonic_ns() + _SLICE_NS
