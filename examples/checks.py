"""A program of the mesh whose ``health/checks.py`` is this library: the example of migrating.

``python checks.py`` registers a check of each kind, says how it is, and ends.
"""

import asyncio
from typing import Any, Dict

from meshvitals.compat import HealthCheck, HealthCheckConfig, HealthStatus


# On the program's own loop, so that it may use clients that belong to it.
async def database() -> Dict[str, Any]:
    await asyncio.sleep(0)
    return {"status": HealthStatus.HEALTHY, "rows": 3}


# On a thread, so that it may block.
def license_file() -> Dict[str, Any]:
    with open(__file__, "rb") as file:
        return {"status": "healthy" if file.read(1) else "degraded"}


async def main() -> None:
    config = HealthCheckConfig(check_interval=5.0, timeout=1.0, enable_system_checks=False)
    health = HealthCheck(config)
    health.register_check("database", database)
    health.register_check("license", license_file)
    await health.start()
    print("serves:", await health.check_health())
    stats = await health.get_health_stats()
    print(stats["healthy_checks"], "of", stats["total_checks"], "are healthy")
    await health.stop()


asyncio.run(main())
