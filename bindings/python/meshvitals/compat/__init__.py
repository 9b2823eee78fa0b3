"""The mesh's health checks over this library: the three names of its module ``health/checks.py``.

``HealthCheck`` keeps that module's signatures. What it does differently, and why, is in the
package's README under "Migrating from checks.py". New programs use ``meshvitals.Monitor``.

>>> import asyncio
>>> from meshvitals.compat import HealthCheck, HealthCheckConfig, HealthStatus
>>> health = HealthCheck(HealthCheckConfig(timeout=1.0))
>>> async def database():
...     return {"status": HealthStatus.HEALTHY, "rows": 3}
>>> health.register_check("database", database)
>>> asyncio.run(health.check_health())
True
"""

from ._health import HealthCheck
from ._words import HealthCheckConfig, HealthStatus

__all__ = ["HealthCheck", "HealthCheckConfig", "HealthStatus"]
