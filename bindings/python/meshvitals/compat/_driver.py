"""The engine under the checks, driven from an event loop.

The engine's clock is manual: this file moves it, on the loop that the checks run on. So it has no
thread, and nothing of it outlives the loop; schedule, deadlines, counts and statuses are the
engine's. Everything happens in slices of a millisecond, however many checks there are.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import threading
import time
from typing import Any, Callable, Dict, Optional, Set, Tuple

from .._lifecycle import off_loop
from .._native import Check, Event
from .._options import CheckOptions
from .._tables import Kind, Kinds
from ..errors import Forked
from ..events import Events
from ..monitor import Monitor
from ..probes import External
from ._options import number, schedule
from ._records import Record

__all__ = ["Driver"]

#: More than events ever wait: a result and a request for each check.
_CAPACITY = 1 << 16
_BATCH = 32
_SLICE_NS = 1_000_000
#: How long ending waits for functions that are inside.
_PATIENCE = 2.0
#: Seconds after an unexpected error, doubled by each that follows.
_BACKOFF, _BACKOFF_LIMIT = 0.1, 10.0
#: How often somebody looks whether results that others wait for as well are there.
_LOOK = 0.005

_logger = logging.getLogger("meshvitals")


class Driver:
    """One life of the checks: from `start` to `stop`, or while nobody has started them.

    `records` is read as it is at each turn; `booked` is told of each run that ended, `failed` of
    each turn that could not be made.
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
        self._records = records
        self._config = config
        self._booked = booked
        self._failed = failed
        self._began = time.monotonic()
        self._pid = os.getpid()
        self._closed = False
        #: Held while it is decided who makes the round.
        self._lock = threading.Lock()
        self._task: Optional[asyncio.Task[None]] = None
        self._monitor = Monitor(
            clock="manual", system_checks=False, start_spread=0, slack="1ms", max_runs=65_536
        )
        self._dispatcher = self._monitor._dispatcher
        self._events: Optional[Events] = None
        self._numbers = itertools.count(1)
        #: What the engine knows: checks by records with their options, and records by ids.
        self._checks: Dict[Record, Tuple[Check, CheckOptions]] = {}
        self._of_id: Dict[int, Record] = {}
        #: Of the round in flight: who has not answered.
        self._asked: Set[Record] = set()
        #: Whether the engine may not know them all; and the schedules that it knows.
        self._changed = True
        self._settled: Optional[Tuple[CheckOptions, CheckOptions]] = None
        self._slice_ends = 0

    # -- For callers ------------------------------------------------------------------------------

    @property
    def is_alive(self) -> bool:
        """Whether it still serves: in this process, and on a loop that is there."""
        if self._closed or self._pid != os.getpid():
            return False
        return not self.is_started or _is_running(self._task)

    async def begin(self) -> None:
        """Starts the checks; answers when the engine has them all."""
        self._task = asyncio.get_running_loop().create_task(self._live(), name="meshvitals health")
        while self._settled is None and _is_running(self._task):
            await asyncio.sleep(0)

    async def observe(self) -> None:
        """Answers when there is a result of each check: of a run that ended since `begin`, or,
        before that, of a round that is made now. Callers share what is in flight."""
        if self.is_started:
            await self._await_first()
            return
        for _ in range(2):
            task = self._round_in_flight()
            if task.get_loop() is asyncio.get_running_loop():
                # Unlike `await task`, this neither ends the round with its caller nor the other
                # way round.
                await asyncio.wait({task})
            while _is_running(task):
                await asyncio.sleep(_LOOK)
            if not task.cancelled():
                error = task.exception()
                if isinstance(error, Exception):
                    self._failed(error)
            if all(record.tried is not None for record in list(self._records.values())):
                # What was registered while the round was made is not in it.
                return

    def change(self) -> None:
        """The registered checks are others now."""
        self._on_loop(self._nudge)

    def close(self) -> None:
        """Runs and books nothing any more; does not wait for what is inside."""
        self._closed = True
        self._on_loop(self._cancel)

    async def aclose(self) -> None:
        """The same, and waits for what is inside; a bounded time."""
        until = time.monotonic() + _PATIENCE
        self.close()
        await off_loop(lambda: self._dispatcher.rest(_PATIENCE))
        tasks = {*self._dispatcher.tasks()}
        if self._task is not None and self._task.get_loop() is asyncio.get_running_loop():
            tasks.add(self._task)
        tasks = {task for task in tasks if task is not asyncio.current_task()}
        if tasks:
            await asyncio.wait(tasks, timeout=max(0.0, until - time.monotonic()))
        # A task that was cancelled remembers where, and so this object; what they hold must not
        # wait for the garbage collector.
        self._task = None
        self._checks.clear()

    def _on_loop(self, call: Callable[[], None]) -> None:
        if self._task is not None and _is_running(self._task) and self._pid == os.getpid():
            try:
                self._task.get_loop().call_soon_threadsafe(call)
            except RuntimeError:
                # The loop was closed, and what ran on it is gone.
                pass

    def _round_in_flight(self) -> asyncio.Task[None]:
        with self._lock:
            if self._task is None or not _is_running(self._task):
                loop = asyncio.get_running_loop()
                self._task = loop.create_task(self._round(), name="meshvitals health round")
            return self._task

    async def _await_first(self) -> None:
        limit = number(self._config(), "timeout", 0.001, 3600.0) + 1.0
        while self.is_alive:
            now = time.monotonic()
            for record in list(self._records.values()):
                since = max(self._began, record.born)
                if (record.tried or 0.0) < since and now < since + limit:
                    break
            else:
                return
            await asyncio.sleep(_LOOK)

    # -- On the loop ------------------------------------------------------------------------------

    def _nudge(self) -> None:
        self._changed = True
        if self._events is not None:
            self._events.wake()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _live(self) -> None:
        wait = _BACKOFF
        with self._opened():
            while not self._closed:
                try:
                    await self._turn()
                    wait = _BACKOFF
                except Forked:
                    return
                except Exception as error:
                    _logger.error("a turn of the health checks failed", exc_info=True)
                    self._failed(error)
                    await asyncio.sleep(wait)
                    wait = min(2 * wait, _BACKOFF_LIMIT)

    async def _round(self) -> None:
        with self._opened():
            try:
                await self._settle()
                self._asked = set(self._checks)
                for record in list(self._asked):
                    self._checks[record][0].check_now()
                    await self._breathe()
                while self._asked and not self._closed:
                    await self._turn()
            finally:
                # Nobody ends an object that was never started, so nothing may stay.
                self._dispatcher.rest(0.0)

    def _opened(self) -> Events:
        self._monitor.use_loop()
        self._events = self._monitor.events(Kinds.DUE | Kinds.RESULT, _CAPACITY)
        return self._events

    async def _turn(self) -> None:
        """Does what is due, and waits for what comes next."""
        while self._changed or self._settled != self._schedules():
            await self._settle()
        now = time.monotonic_ns()
        after = self._monitor.advance(now)
        assert self._events is not None
        patience = None if after is None else (after - now) / 1e9
        for event in await self._events.apoll(_BATCH, patience):
            self._take(event)
        await self._breathe()

    def _take(self, event: Event) -> None:
        if event.kind != Kind.RESULT:
            self._dispatcher.hand_out(event)
            return
        record = self._of_id.get(event.id)
        if record is not None and not record.gone and not self._closed:
            self._booked(record, record.book(event))
            self._asked.discard(record)

    async def _breathe(self) -> None:
        """Gives the loop its turn when the slice is over."""
        if time.monotonic_ns() >= self._slice_ends:
            await asyncio.sleep(0)
            self._slice_ends = time.monotonic_ns() + _SLICE_NS

    # -- What the engine knows --------------------------------------------------------------------

    def _schedules(self) -> Tuple[CheckOptions, CheckOptions]:
        config = self._config()
        return schedule(config, self.is_started, False), schedule(config, self.is_started, True)

    async def _settle(self) -> None:
        """Makes the engine's checks those that are registered, with the present configuration."""
        self._changed = False
        try:
            schedules = self._schedules()
            await self._settle_as(schedules)
            self._settled = schedules
        except BaseException:
            self._changed = True
            raise

    async def _settle_as(self, schedules: Tuple[CheckOptions, CheckOptions]) -> None:
        wanted = dict.fromkeys(self._records.values())
        for record in [record for record in self._checks if record not in wanted]:
            check, _ = self._checks.pop(record)
            del self._of_id[check.id]
            self._asked.discard(record)
            self._monitor.unregister(check)
            await self._breathe()
        for record in wanted:
            self._enter(record, schedules[record.is_level])
            await self._breathe()

    def _enter(self, record: Record, options: CheckOptions) -> None:
        check, present = self._checks.get(record, (None, None))
        if check is None:
            name = f"check-{next(self._numbers)}"
            check = self._monitor.register_function(record.call, name=name, **options)
            self._of_id[check.id] = record
        elif present != options:
            self._monitor.replace(External(), name=check.name, **options)
        self._checks[record] = check, options


def _is_running(task: Optional[asyncio.Task[None]]) -> bool:
    return task is not None and not task.done() and not task.get_loop().is_closed()
