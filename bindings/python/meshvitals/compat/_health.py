"""The mesh's `HealthCheck`."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Awaitable, Callable, Dict, Mapping, Optional, Union

from .._verdict import of_exception
from ._dependencies import Dependencies
from ._driver import Driver
from ._metrics import ErrorTags, Sender
from ._records import Record
from ._system import Machine
from ._words import HealthCheckConfig, HealthStatus

__all__ = ["HealthCheck"]

#: How long `stop` waits for the metrics collector.
_FLUSH = 0.5

#: A check of the program: usually a coroutine function. A plain one runs on a thread.
CheckFunction = Callable[[], Union[Awaitable[Mapping[str, Any]], Mapping[str, Any]]]


class HealthCheck:
    """Checks of a program, and probes of others.

    Everything but ``start`` works without ``start``. It may be made without a loop, and live
    under several loops, one after the other.

    >>> import asyncio
    >>> from meshvitals.compat import HealthCheck, HealthCheckConfig
    >>> health = HealthCheck(HealthCheckConfig())
    >>> asyncio.run(health.check_tcp_port("127.0.0.1", 9))
    False
    """

    def __init__(self, config: HealthCheckConfig, metrics_collector: Any = None) -> None:
        self.config = config
        self.metrics = metrics_collector
        self._records: Dict[str, Record] = {}
        self._driver: Optional[Driver] = None
        self._sender: Optional[Sender] = None
        self._tags = ErrorTags()
        self._machine = Machine(lambda: self.config)
        self._dependencies = Dependencies()

    # -- Life -------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Runs the checks from now on, those of the machine included if the configuration says
        so. Starting twice is fine."""
        if self._is_started():
            return
        if getattr(self.config, "enable_system_checks", True):
            self._machine.open()
            for name, function in self._machine.checks.items():
                self._records.setdefault(name, Record(name, function, is_level=True))
        before, self._driver = self._driver, self._new_driver(is_started=True)
        if before is not None:
            before.close()
        await self._driver.begin()

    async def stop(self) -> None:
        """Ends everything: afterwards there is no task, thread or socket, but for functions that
        do not come back. Takes a bounded time; stopping twice is fine."""
        driver, self._driver = self._driver, None
        if driver is not None:
            await driver.aclose()
        self._machine.close()
        await self._dependencies.aclose()
        sender, self._sender = self._sender, None
        if sender is not None:
            await sender.flush(_FLUSH)

    # -- Checks -----------------------------------------------------------------------------------

    def register_check(self, name: str, check: CheckFunction) -> None:
        """Makes a check of a function without arguments that returns a dict with ``status``. The
        same name again replaces the check, and its counts begin at 0."""
        before = self._records.get(name)
        self._records[name] = Record(name, check)
        self._changed(before)

    def register_dependency(self, name: str, host: str, port: int) -> None:
        """Makes a check of a TCP port; nothing if the configuration has no dependency checks."""
        if not getattr(self.config, "enable_dependency_checks", True):
            return

        async def is_open() -> Dict[str, Any]:
            found = await self.check_tcp_port(host, port)
            status = HealthStatus.HEALTHY if found else HealthStatus.UNHEALTHY
            return {"status": status, "host": host, "port": port}

        self.register_check(name, is_open)

    def unregister_check(self, name: str) -> None:
        """Forgets a check, its result and its counts. An unknown name is fine."""
        self._changed(self._records.pop(name, None))

    # -- Answers ----------------------------------------------------------------------------------

    async def check_health(self) -> bool:
        """Whether every check is HEALTHY or DEGRADED. Once started, from the results that are
        there; otherwise from a round of all checks, which callers share."""
        try:
            # What is registered or unregistered meanwhile is not asked about.
            records = list(self._records.values())
            if records:
                driver = self._driver
                if driver is None or not driver.is_alive:
                    driver = self._driver = self._new_driver(is_started=False)
                await driver.observe(records)
            return all(record.is_functional or record.gone for record in records)
        except Exception as error:
            self._failed(error)
            return False

    async def check_url_health(self, url: str) -> bool:
        """Whether a GET, redirects followed, is answered with 200 to 299 within the timeout."""
        return await self._dependencies.get(url, self.config)

    async def check_instance_health(self, instance: Any) -> bool:
        """The same of an instance's ``health_check_url``; True if it has none."""
        url = getattr(instance, "health_check_url", None)
        return await self.check_url_health(url) if url else True

    async def check_tcp_port(self, host: str, port: int) -> bool:
        """Whether a connection is accepted within the dependency timeout."""
        return await self._dependencies.reach(host, port, self.config)

    async def get_health_stats(self) -> Dict[str, Any]:
        """How many checks are how, their last results and their counts; copies. Ages are the
        seconds since something was learned."""
        now = time.monotonic()
        records = dict(self._records)
        statuses = [record.status for record in records.values()]
        return {
            "total_checks": len(records),
            "healthy_checks": statuses.count(HealthStatus.HEALTHY),
            "degraded_checks": statuses.count(HealthStatus.DEGRADED),
            "unhealthy_checks": statuses.count(HealthStatus.UNHEALTHY),
            "unknown_checks": statuses.count(HealthStatus.UNKNOWN),
            "last_check_results": {
                name: dict(record.result)
                for name, record in records.items()
                if record.result is not None
            },
            "failure_counts": {name: record.failures for name, record in records.items()},
            "success_counts": {name: record.successes for name, record in records.items()},
            "ages": {
                name: now - record.learned
                for name, record in records.items()
                if record.learned is not None
            },
        }

    # -- Behind -----------------------------------------------------------------------------------

    def _is_started(self) -> bool:
        driver = self._driver
        return driver is not None and driver.is_started and driver.is_alive

    def _new_driver(self, is_started: bool) -> Driver:
        return Driver(self._records, lambda: self.config, self._booked, self._failed, is_started)

    def _changed(self, before: Optional[Record]) -> None:
        if before is not None:
            before.gone = True
        if self._driver is not None:
            self._driver.change()

    def _booked(self, record: Record, error: Optional[str]) -> None:
        sender = self._metrics_sender()
        if sender is not None:
            sender.gauge(record.name, int(record.status is HealthStatus.HEALTHY))
            if error is not None:
                tag = self._tags.tag(record.name, error)
                sender.error({"check": record.name, "error": tag})

    def _failed(self, error: Exception) -> None:
        sender = self._metrics_sender()
        if sender is not None:
            tag = self._tags.tag(None, of_exception(error).message)
            sender.error({"error": tag})

    def _metrics_sender(self) -> Optional[Sender]:
        """Who tells the collector, on the running loop; none without a collector."""
        if self.metrics is None:
            return None
        if self._sender is None or self._sender.loop is not asyncio.get_running_loop():
            self._sender = Sender(lambda: self.metrics)
        return self._sender
