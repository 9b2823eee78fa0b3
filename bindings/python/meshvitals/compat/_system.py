"""The checks of the machine: CPU, memory and disk, as the container sees them.

They are plain functions and so run on threads: measuring CPU takes 0.2 s, and a filesystem may
not answer at all.
"""

from __future__ import annotations

from typing import Any, Callable, Dict

from .._tables import Outcome
from ..monitor import probe_once
from ..probes import Cpu, Disk, Memory, Probe
from ._answers import OF_OUTCOME, timestamp
from ._options import number
from ._words import HealthStatus

__all__ = ["system_checks"]

#: The smallest threshold that the engine takes is above this.
_LOW = 1e-9


def system_checks(config: Callable[[], Any]) -> Dict[str, Callable[[], Dict[str, Any]]]:
    """The checks by name; each reads the configuration when it runs."""

    def check(word: str, probe: Callable[[float], Probe]) -> Callable[[], Dict[str, Any]]:
        return lambda: _measured(config(), f"{word}_threshold", probe)

    return {
        "system.cpu": check("cpu", lambda threshold: Cpu(threshold=threshold)),
        "system.memory": check("memory", lambda threshold: Memory(threshold=threshold)),
        "system.disk": check("disk", lambda threshold: Disk("/", threshold=threshold)),
    }


def _measured(config: Any, field: str, probe: Callable[[float], Probe]) -> Dict[str, Any]:
    threshold = number(config, field, _LOW, float("inf"))
    timeout = number(config, "timeout", 0.001, 3600.0)
    found = probe_once(probe(min(threshold, 1.0)), timeout=timeout)
    result = {"threshold": threshold, "timestamp": timestamp()}
    if found.value is not None:
        # The comparison is for thresholds beyond what the engine takes.
        status = OF_OUTCOME[found.outcome] if found.value >= threshold else HealthStatus.HEALTHY
        return {"status": status, "value": min(max(found.value, 0.0), 1.0), **result}
    text = found.message or str(found.reason)
    if found.outcome == Outcome.LOCAL:
        # There is no such figure here: nothing was learned, and nothing is wrong.
        return {"status": HealthStatus.UNKNOWN, "error": text, **result}
    raise RuntimeError(text)
