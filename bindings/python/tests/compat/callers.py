"""Small callers that make the calls of the mesh, each as its module makes them.

They import the drop-in as those do, from ``datapunk.lib.mesh.health.checks``, under which the
tests put it; and nothing else of the mesh, as there is none here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

from datapunk.lib.mesh.health.checks import HealthCheck, HealthStatus

__all__ = ["Balancer", "GrpcHealth", "Instance", "Monitoring", "Registry", "RestHealth"]


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
class Registry:
    """The health loop of the registry: one instance after the other, by URL."""

    health_check: HealthCheck
    services: Dict[str, Instance] = field(default_factory=dict)

    async def check_all(self) -> None:
        for instance in self.services.values():
            if instance.health_check_url:
                found = await self.health_check.check_url_health(instance.health_check_url)
                instance.state = "running" if found else "unhealthy"


@dataclass
class Balancer:
    """The health loop of the balancer: whoever cannot be checked stays in the pool."""

    health_check: HealthCheck
    metrics: Any
    instances: List[Instance] = field(default_factory=list)
    pool: List[str] = field(default_factory=list)

    async def check_all(self) -> None:
        for instance in self.instances:
            found = await self.health_check.check_instance_health(instance)
            if found and instance.id not in self.pool:
                self.pool.append(instance.id)
            elif not found and instance.id in self.pool:
                self.pool.remove(instance.id)
            await self.metrics.gauge(
                "load_balancer.instance.health", 1 if found else 0, tags={"instance": instance.id}
            )


@dataclass
class Monitoring:
    """The monitor: it compares members and prints their values."""

    health_check: HealthCheck
    history: Dict[str, List[HealthStatus]] = field(default_factory=dict)

    async def collect(self, instance: Instance) -> None:
        found = await self.health_check.check_instance_health(instance)
        status = HealthStatus.HEALTHY if found else HealthStatus.UNHEALTHY
        self.history.setdefault(instance.id, []).append(status)

    def error_rate(self, name: str) -> float:
        found = self.history[name]
        return sum(1 for status in found if status == HealthStatus.UNHEALTHY) / len(found)

    def stats(self) -> Dict[str, str]:
        return {name: found[-1].value for name, found in self.history.items()}


async def every(seconds: float, call: Any) -> None:
    """The loop that each of them has around its checks."""
    while True:
        await asyncio.sleep(seconds)
        await call()
