"""What the mesh's ``MetricsCollector`` is told about the checks of a monitor.

The collector is duck-typed: ``await collector.gauge(name, value, tags=...)`` and
``await collector.increment(name, tags=...)``. It belongs to one loop and may be slow, fail or
hang; so it is called in batches, from one task, and what it cannot take is dropped.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Any, Dict, Optional, Type

from ._calls import Calls
from ._native import Event
from ._tables import Kinds, Outcome, Reason, Status
from .compat._metrics import ErrorTags, Sender
from .errors import Stopped
from .events import Events

__all__ = ["MetricsFeed"]

#: Results that wait at most; beyond that those of one check are merged.
_CAPACITY = 4096
#: Results taken from the queue before others have their turn on the loop.
_SLICE = 64
#: Seconds that the collector has for what is left at the end.
_PATIENCE = 5.0


class MetricsFeed:
    """Tells a collector, from the loop on which it is entered, until it is left:

    - ``gauge("health.check.status", 1 or 0, tags={"check": name})`` for each check that ran, 1
      for HEALTHY only;
    - ``increment("health.check.error", tags={"check": name, "error": text})`` for each run that
      failed. There are few different texts.

    What happened within ``period`` seconds is one batch: of a check that ran several times only
    the last gauge is told.

    >>> import asyncio, meshvitals
    >>> from meshvitals.metrics import MetricsFeed
    >>> class Collector:
    ...     async def gauge(self, name, value, tags):
    ...         print(name, value, tags)
    ...     async def increment(self, name, tags):
    ...         print(name, tags)
    >>> async def main():
    ...     monitor = meshvitals.Monitor(system_checks=False)
    ...     jobs = monitor.register(meshvitals.Heartbeat("30s"), name="jobs")
    ...     async with monitor, MetricsFeed(monitor, Collector()):
    ...         monitor.beat(jobs)
    >>> asyncio.run(main())
    health.check.status 1 {'check': 'jobs'}
    """

    def __init__(self, monitor: Calls, collector: Any, *, period: float = 1.0) -> None:
        self._monitor = monitor
        self._collector = collector
        self._period = period
        self._tags = ErrorTags()
        #: What the batch that is being made says of each check.
        self._gauges: Dict[str, int] = {}
        self._task: Optional[asyncio.Task[None]] = None

    async def __aenter__(self) -> MetricsFeed:
        self._events = self._monitor.events(Kinds.RESULT, _CAPACITY)
        self._sender = Sender(lambda: self._collector)
        self._task = asyncio.create_task(self._work(self._events), name="meshvitals feed")
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        with self._events as events, suppress(Stopped):
            await self._drain(events, 0)
        await self._sender.flush(_PATIENCE)

    async def _work(self, events: Events) -> None:
        with suppress(Stopped):
            while True:
                await self._drain(events, None)
                await asyncio.sleep(self._period)

    async def _drain(self, events: Events, timeout: Optional[float]) -> None:
        """Tells what waits as one batch, and waits for the first if told."""
        while True:
            batch = await events.apoll(_SLICE, timeout)
            for event in batch:
                # Without a name it was removed meanwhile.
                if event.name:
                    self._gauges[event.name] = int(event.status is Status.HEALTHY)
                    self._tell_error(event)
            if len(batch) < _SLICE:
                break
            timeout = 0
            await asyncio.sleep(0)
        while self._gauges:
            self._sender.gauge(*self._gauges.popitem())

    def _tell_error(self, event: Event) -> None:
        if event.outcome in (Outcome.FAIL, Outcome.TIMEOUT):
            own = event.message if event.reason is Reason.REPORTED else ""
            text = self._tags.tag(event.name, own or event.reason.text)
            self._sender.error({"check": event.name, "error": text})
