"""The engine under the checks, driven from an event loop.

The engine's clock is manual: this file moves it, on the loop that the checks run on. So it has no
thread, and nothing of it outlives the loop; schedule, deadlines, counts and statuses are the
engine's. Everything happens in slices of a millisecond, however many checks there are.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Set

from .._deadlines import Deadlines
from .._lifecycle import ended, off_loop
from .._native import Event
from .._tables import Kind, Kinds
from ..errors import Forked
from ..events import Events
from ..monitor import Monitor
from ._options import number
from ._records import Record
from ._roster import Roster

__all__ = ["Driver"]

#: More than events ever wait: a result and a request for each check.
_CAPACITY = 1 << 16
_BATCH = 32
_SLICE_NS = 1_000_000
#: How long ending waits for functions that are inside.
_PATIENCE = 2.0
#: How long what was cancelled may clean up when nobody will end it.
_FAREWELL = 0.1
#: Seconds after an unexpected error, doubled by each that follows.
_BACKOFF, _BACKOFF_LIMIT = 0.1, 10.0
#: How often somebody looks whether results that others wait for as well are there.
_LOOK = 0.005

_logger = logging.getLogger("meshvitals")


class Driver:
    """One life of the checks: from `start` to `stop`, or while nobody has started them.

    `booked` is told of each run that ended, `failed` of each turn that could not be made.
    """

    def __init__(
        self,
        records: Dict[Any, Record],
        config: Callable[[], Any],
        booked: Callable[[Record, Optional[str]], None],
        failed: Callable[[Exception], None],
        is_started: bool,
    ) -> None:
        self.is_started = is_started
        self._config = config
        self._booked = booked
        self._failed = failed
        self._began = time.monotonic()
        self._pid = os.getpid()
        self._is_closed = False
        #: Whether somebody waits for the end.
        self._is_awaited = False
        #: Held while it is decided who makes the round.
        self._lock = threading.Lock()
        self._task: Optional[asyncio.Task[None]] = None
        self._monitor = Monitor(
            clock="manual", system_checks=False, start_spread=0, slack="20ms", max_runs=65_536
        )
        self._dispatcher = self._monitor._dispatcher
        self._roster = Roster(self._monitor, records, config, is_driven=is_started)
        self._events: Optional[Events] = None
        #: Of functions that may have to wait for a thread.
        self._deadlines = Deadlines()
        #: Whether the loop was told that the registered checks are others.
        self._is_told = False
        #: Of the round in flight: who has not answered.
        self._asked: Set[Record] = set()
        self._slice_ends = 0

    # -- For callers ------------------------------------------------------------------------------

    @property
    def is_alive(self) -> bool:
        """Whether it still serves: in this process, and on a loop that is there."""
        if self._is_closed or self._pid != os.getpid():
            return False
        return not self.is_started or _is_running(self._task)

    async def begin(self) -> None:
        """Starts the checks; answers when the engine has them all."""
        task = asyncio.get_running_loop().create_task(self._live(), name="meshvitals health")
        self._task = task
        while not self._roster.was_settled and _is_running(task):
            await asyncio.sleep(0)

    async def observe(self, records: List[Record]) -> None:
        """Answers when there is a result of each of them: of a run that ended since `begin`, or,
        without that, of a round that is made now. Callers share what is in flight."""
        if self.is_started:
            await self._await_first(records)
            return
        for _ in range(2):
            await self._watch(self._round_in_flight())
            if all(record.tried is not None or record.gone for record in records):
                return
            # It was registered after the round had begun.

    def change(self) -> None:
        """The registered checks are others now."""
        self._roster.is_stale = True
        if not self._is_told:
            self._is_told = True
            self._on_loop(self._wake)

    def close(self) -> None:
        """Runs and books nothing any more; does not wait for what is inside."""
        self._is_closed = True
        self._on_loop(self._cancel)

    async def aclose(self) -> None:
        """The same, and waits for what is inside; a bounded time."""
        until = time.monotonic() + _PATIENCE
        self._is_awaited = True
        self.close()
        await off_loop(lambda: self._dispatcher.rest(_PATIENCE))
        tasks = set(self._dispatcher.tasks())
        if self._task is not None and self._task.get_loop() is asyncio.get_running_loop():
            tasks.add(self._task)
        await ended(tasks, until)
        # A task that was cancelled remembers where, and so this object; what they hold must not
        # wait for the garbage collector.
        self._task = None
        self._roster.clear()

    # -- Waiting ----------------------------------------------------------------------------------

    def _round_in_flight(self) -> asyncio.Task[None]:
        with self._lock:
            task = self._task
            if task is None or not _is_running(task):
                loop = asyncio.get_running_loop()
                task = self._task = loop.create_task(self._round(), name="meshvitals health round")
            return task

    async def _watch(self, task: asyncio.Task[None]) -> None:
        """Waits for a round that may be made on another loop."""
        if task.get_loop() is asyncio.get_running_loop():
            # Unlike `await task`, this ends neither the round with its caller nor the other way
            # round.
            await asyncio.wait({task})
        while _is_running(task):
            await asyncio.sleep(_LOOK)
        if task.done() and not task.cancelled():
            error = task.exception()
            if isinstance(error, Exception):
                self._failed(error)

    async def _await_first(self, records: List[Record]) -> None:
        limit = self._limit()

        def is_missing(record: Record) -> bool:
            since = max(self._began, record.born)
            has_none = not record.gone and (record.tried or 0.0) < since
            return has_none and time.monotonic() < since + limit

        while self.is_alive and any(map(is_missing, records)):
            await asyncio.sleep(_LOOK)

    def _limit(self) -> float:
        """How long results may take. The engine moves a deadline by its own lateness, at most
        three times as far as it was away; the rest is for mistakes."""
        return 5.0 * number(self._config(), "timeout", 0.001, 3600.0) + 1.0

    # -- On the loop ------------------------------------------------------------------------------

    def _on_loop(self, call: Callable[[], None]) -> None:
        task = self._task
        if task is None or not _is_running(task) or self._pid != os.getpid():
            return
        try:
            task.get_loop().call_soon_threadsafe(call)
        except RuntimeError:
            # The loop was closed, and what ran on it is gone.
            pass

    def _wake(self) -> None:
        # Only here, between two steps of the task, is it sure that the task sees it.
        self._is_told = False
        self._roster.is_stale = True
        self._asked = {record for record in self._asked if not record.gone}
        if self._events is not None and not self._events.closed:
            self._events.wake()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _live(self) -> None:
        wait = _BACKOFF
        with self._opened() as events:
            try:
                while not self._is_closed:
                    try:
                        await self._turn(events)
                        wait = _BACKOFF
                    except Forked:
                        return
                    except Exception as error:
                        _logger.error("a turn of the health checks failed", exc_info=True)
                        self._failed(error)
                        await asyncio.sleep(wait)
                        wait = min(2 * wait, _BACKOFF_LIMIT)
            finally:
                self._rest()

    async def _round(self) -> None:
        until = time.monotonic() + self._limit()
        with self._opened() as events:
            try:
                await self._settle()
                self._asked.clear()
                for record, check in self._roster:
                    if not record.gone:
                        self._asked.add(record)
                        check.check_now()
                    await self._breathe()
                # The engine answers for those that do not.
                while self._asked and not self._is_closed and time.monotonic() < until:
                    await self._turn(events, until)
                # The metrics have a task of their own, and the loop may end with this round.
                await asyncio.sleep(0)
            finally:
                self._rest()
                if not self._is_awaited:
                    # The loop may end with this round, and would wait for those that do not.
                    await ended(self._dispatcher.tasks(), time.monotonic() + _FAREWELL)

    def _opened(self) -> Events:
        self._monitor.use_loop()
        self._events = self._monitor.events(Kinds.DUE | Kinds.RESULT, _CAPACITY)
        # An earlier loop may have ended before it took note, and its runs with it.
        self._is_told = False
        self._deadlines = Deadlines()
        return self._events

    def _rest(self) -> None:
        if not self._is_awaited:
            # Nobody ends what was not started or what its loop has left, so nothing may stay.
            self._dispatcher.rest(0.0)

    async def _turn(self, events: Events, until: Optional[float] = None) -> None:
        """Does what is due, and waits for what comes next."""
        await self._settle()
        # First: at its deadline the engine convicts, and whoever had no thread is not guilty.
        self._deadlines.judge()
        now = time.monotonic_ns()
        after = self._monitor.advance(now)
        waits = [] if after is None else [(after - now) / 1e9]
        waits += [] if until is None else [until - time.monotonic()]
        patience = self._deadlines.patience()
        waits += [] if patience is None else [patience]
        for event in await events.apoll(_BATCH, min(waits, default=None)):
            self._take(event)
        await self._breathe()

    async def _settle(self) -> None:
        while not self._roster.is_settled:
            # The rounds of a check are counted from the instant that the engine knows when it is
            # told of it; a clock that was never moved stands where the machine was started.
            self._monitor.advance(time.monotonic_ns())
            await self._roster.settle(self._breathe)

    def _take(self, event: Event) -> None:
        if event.kind != Kind.RESULT:
            self._deadlines.add(self._dispatcher.hand_out(event))
            return
        record = self._roster.find(event.id)
        if record is not None and not self._is_closed:
            self._asked.discard(record)
            if not record.gone:
                self._booked(record, record.book(event))

    async def _breathe(self) -> None:
        """Gives the loop its turn when the slice is over."""
        if time.monotonic_ns() >= self._slice_ends:
            await asyncio.sleep(0)
            self._slice_ends = time.monotonic_ns() + _SLICE_NS


def _is_running(task: Optional[asyncio.Task[None]]) -> bool:
    return task is not None and not task.done() and not task.get_loop().is_closed()
