"""The checks of the machine: CPU, memory and disk, as the container sees them.

They are plain functions and so run on threads: measuring CPU takes 0.2 s, and a filesystem may
not answer at all.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict

from .._tables import Outcome
from ..monitor import probe_once
from ..probes import Cpu, Disk, Memory, Probe
from ._answers import timestamp
from ._options import number
from ._words import HealthStatus

__all__ = ["band", "system_checks"]

_PROBES = {"cpu": Cpu(), "memory": Memory(), "disk": Disk("/")}


def system_checks(config: Callable[[], Any]) -> Dict[str, Callable[[], Dict[str, Any]]]:
    """The checks by name; each reads the configuration when it runs."""
    return {
        f"system.{word}": partial(_measured, config, f"{word}_threshold", probe)
        for word, probe in _PROBES.items()
    }


def band(value: float, threshold: float) -> HealthStatus:
    """How a share is. Where 1.1 times the threshold is out of reach, halfway to 1 takes its
    place."""
    if value < threshold:
        return HealthStatus.HEALTHY
    upper = 1.1 * threshold if 1.1 * threshold < 1.0 else (threshold + 1.0) / 2.0
    return HealthStatus.DEGRADED if value < upper else HealthStatus.UNHEALTHY


def _measured(config: Callable[[], Any], field: str, probe: Probe) -> Dict[str, Any]:
    threshold = number(config(), field, float("-inf"), float("inf"))
    found = probe_once(probe, timeout=number(config(), "timeout", 0.001, 3600.0))
    result: Dict[str, Any] = {"threshold": threshold, "timestamp": timestamp()}
    if found.value is not None:
        value = min(max(found.value, 0.0), 1.0)
        return {"status": band(value, threshold), "value": value, **result}
    text = found.message or str(found.reason)
    if found.outcome == Outcome.LOCAL:
        # There is no such figure here: nothing was learned, and nothing is wrong.
        return {"status": HealthStatus.UNKNOWN, "error": text, **result}
    raise RuntimeError(text)
