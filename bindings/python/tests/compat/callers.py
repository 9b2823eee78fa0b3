"""Small callers that make the calls of the mesh, each as its module makes them.

They import the drop-in as those do, from ``datapunk.lib.mesh.health.checks``, under which the
tests put it; and nothing else of the mesh, as there is none here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

from datapunk.lib.mesh.health.checks import HealthCheck, HealthStatus

__all__ = ["Balancer", "GrpcHealth", "Instance", "Monitoring", "Registry", "RestHealth", "Routed"]


@dataclass
class Instance:
    """What a registration of the mesh is to these callers."""

    id: str
    health_check_url: Optional[str] = None
    state: str = "starting"


class RestHealth:
    """The handler of /health of the REST server."""

    def __init__(self, health_check: Optional[HealthCheck] = None) -> None:
        self.health_check = health_check

    async def get(self) -> int:
        try:
            if self.health_check:
                return 200 if await self.health_check.check_health() else 503
            return 200
        except Exception:
            return 500


class GrpcHealth:
    """The health service of the gRPC server."""

    def __init__(self, health_check: Optional[HealthCheck] = None) -> None:
        self.health_check = health_check

    async def check(self) -> str:
        if self.health_check and not await self.health_check.check_health():
            return "NOT_SERVING"
        return "SERVING"


@dataclass
class Looping:
    """What the registry, the balancer and the monitor share: a task that checks again and again,
    and that there is only with something to check with."""

    health_check: Optional[HealthCheck]
    interval: float = 0.01
    task: Optional[asyncio.Task[None]] = None

    async def start(self) -> None:
        if self.health_check:
            self.task = asyncio.create_task(self._loop())

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait({self.task})

    async def check_all(self) -> None:
        raise NotImplementedError

    async def _loop(self) -> None:
        while True:
            try:
                await asyncio.sleep(self.interval)
                await self.check_all()
            except asyncio.CancelledError:
                break


@dataclass
class Registry(Looping):
    """The registry: one instance after the other, by its URL."""

    services: Dict[str, Instance] = field(default_factory=dict)
    errors: int = 0

    async def check_all(self) -> None:
        for instance in self.services.values():
            if not instance.health_check_url:
                continue
            try:
                found = await self.health_check.check_url_health(instance.health_check_url)
                instance.state = "running" if found else "unhealthy"
            except Exception:
                self.errors += 1


@dataclass
class Routed:
    """What the balancer knows of an instance: it may be chosen until it was found to be down."""

    registration: Instance
    is_healthy: bool = True
    failures: int = 0


@dataclass
class Balancer(Looping):
    """The balancer: one instance after the other; whoever cannot be checked stays in the pool."""

    metrics: Any = None
    instances: List[Routed] = field(default_factory=list)

    async def check_all(self) -> None:
        for instance in self.instances:
            try:
                found = await self.health_check.check_instance_health(instance.registration)
                instance.is_healthy = found
                tags = {"instance": instance.registration.id}
                await self.metrics.gauge("load_balancer.instance.health", int(found), tags=tags)
            except Exception:
                instance.failures += 1

    def pool(self) -> List[str]:
        return [each.registration.id for each in self.instances if each.is_healthy]


@dataclass
class Monitoring(Looping):
    """The monitor: it keeps statuses, compares them with members and shows their values."""

    services: List[Instance] = field(default_factory=list)
    history: Dict[str, List[HealthStatus]] = field(default_factory=dict)

    async def check_all(self) -> None:
        for instance in self.services:
            found = await self.health_check.check_instance_health(instance)
            status = HealthStatus.HEALTHY if found else HealthStatus.UNHEALTHY
            self.history.setdefault(instance.id, []).append(status)

    def error_rate(self, name: str) -> float:
        found = self.history[name]
        return sum(1 for status in found if status == HealthStatus.UNHEALTHY) / len(found)

    def stats(self) -> Dict[str, str]:
        return {name: found[-1].value for name, found in self.history.items()}
