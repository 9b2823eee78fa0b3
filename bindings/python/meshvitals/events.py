"""Events: a queue that is read blocking, or from an event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Deque, Dict, List, Optional, Type

from ._native import Event, Subscription
from .errors import Stopped

__all__ = ["Events"]

#: Events taken from the queue at once.
_BATCH = 64


class Events:
    """A subscription. Iterate over it, with ``for`` or with ``async for``; it ends when the
    monitor is stopped or the subscription closed.

    The first events of a subscription to STATUS tell the present status of each check
    (``reason`` INITIAL), so that nothing lies between a snapshot and the first change.

    >>> import meshvitals
    >>> monitor = meshvitals.Monitor(system_checks=False)
    >>> with monitor.events(meshvitals.Kinds.LIFE) as events:
    ...     jobs = monitor.register(meshvitals.Heartbeat("30s"), name="jobs")
    ...     print(next(iter(events)).name)
    jobs
    """

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        #: Events that were taken from the queue and not yet given out by an iteration.
        self._taken: Deque[Event] = deque()
        self._waiters: Dict[asyncio.AbstractEventLoop, List[asyncio.Future[None]]] = {}

    def poll(self, limit: int = _BATCH, timeout: Optional[float] = None) -> List[Event]:
        """Up to ``limit`` events, waiting up to ``timeout`` seconds for the first (None: as long
        as it takes). Empty when the time passed and after ``wake``; raises ``Stopped`` when the
        monitor is stopped and no event is left. On the queue of a manual monitor it never waits.
        """
        taken: List[Event] = []
        while len(taken) < limit and self._taken:
            with suppress(IndexError):  # Another thread was faster.
                taken.append(self._taken.popleft())
        return taken or self._subscription.poll(limit, timeout)

    async def apoll(self, limit: int = _BATCH, timeout: Optional[float] = None) -> List[Event]:
        """As ``poll``, without holding the event loop; on the queue of a manual monitor it waits
        as well."""
        if timeout != 0 and not self._taken:
            # Before anything is taken, because taking ends a wake that came before.
            await self._readable(timeout)
        return self.poll(limit, 0)

    def fileno(self) -> int:
        """The descriptor that is readable while there is something to poll."""
        return self._subscription.fileno()

    def wake(self) -> None:
        """Makes a poll that waits, or else the next one, return without an event."""
        self._subscription.wake()

    def close(self) -> None:
        """Ends the subscription and every iteration over it."""
        self._subscription.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._subscription.closed

    @property
    def merged(self) -> int:
        """Events that were merged into others because the queue was full."""
        return self._subscription.merged

    def __iter__(self) -> Events:
        return self

    def __next__(self) -> Event:
        while True:
            with suppress(IndexError):
                return self._taken.popleft()
            if not self._take(timeout=None):
                raise StopIteration

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> Event:
        while True:
            with suppress(IndexError):
                return self._taken.popleft()
            if not self._take(timeout=0):
                raise StopAsyncIteration
            if not self._taken:
                await self._readable()

    def _take(self, timeout: Optional[float]) -> bool:
        """Takes what there is; false at the end."""
        try:
            self._taken.extend(self._subscription.poll(_BATCH, timeout))
        except Stopped:
            return False
        return True

    async def _readable(self, timeout: Optional[float] = None) -> None:
        """Waits until there may be something to poll, or the time has passed. The descriptor is
        watched only meanwhile, so a subscription may move from one loop to another."""
        try:
            watch = self._subscription.watch()
        except Stopped:
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        waiters = self._waiters.setdefault(loop, [])
        if not waiters:
            loop.add_reader(watch, _wake, waiters)
        waiters.append(waiter)
        timer = None if timeout is None else loop.call_later(max(0.0, timeout), _wake, [waiter])
        try:
            await waiter
        finally:
            if timer is not None:
                timer.cancel()
            waiters.remove(waiter)
            if not waiters:
                del self._waiters[loop]
                loop.remove_reader(watch)

    def __enter__(self) -> Events:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()


def _wake(waiters: List[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
