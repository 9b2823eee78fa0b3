"""The checks of the machine: CPU, memory and disk, as the library measures them.

They are plain functions and so run on threads: a filesystem may not answer at all. What the system
does not tell is UNKNOWN and stands in nobody's way.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any, Callable, Dict, Optional

from .._native import CpuSampler
from .._tables import Outcome, Reason
from ..monitor import probe_once
from ..probes import Disk, Memory
from ..results import Result
from ._answers import timestamp
from ._options import number
from ._words import HealthStatus

__all__ = ["Machine", "band"]

#: Between the first sample of the CPU and the next, where there was none before: what a share
#: needs to mean something, and yet less than a run may take.
_GAP = 0.2


def band(value: float, threshold: float) -> HealthStatus:
    """How a share is. Where 1.1 times the threshold is out of reach, halfway to 1 takes its
    place."""
    if value < threshold:
        return HealthStatus.HEALTHY
    upper = 1.1 * threshold if 1.1 * threshold < 1.0 else (threshold + 1.0) / 2.0
    return HealthStatus.DEGRADED if value < upper else HealthStatus.UNHEALTHY


class Machine:
    """The checks by name; each reads the configuration when it runs."""

    def __init__(self, config: Callable[[], Any]) -> None:
        self._config = config
        self._sampler: Optional[CpuSampler] = None
        self.checks: Dict[str, Callable[[], Dict[str, Any]]] = {
            "system.cpu": partial(self._measured, "cpu_threshold", self._cpu),
            "system.memory": partial(self._measured, "memory_threshold", self._memory),
            "system.disk": partial(self._measured, "disk_threshold", self._disk),
        }

    def open(self) -> None:
        """From now on a CPU share is that since the run before."""
        self._sampler = CpuSampler()

    def close(self) -> None:
        """Keeps nothing open."""
        self._sampler = None

    def _cpu(self, timeout: float) -> Result:
        sampler = self._sampler or CpuSampler()
        found = sampler.sample()
        if found.reason == Reason.NO_SAMPLE:
            time.sleep(min(_GAP, timeout / 2))
            found = sampler.sample()
        return found

    def _memory(self, timeout: float) -> Result:
        return probe_once(Memory(), timeout=timeout)

    def _disk(self, timeout: float) -> Result:
        return probe_once(Disk("/"), timeout=timeout)

    def _measured(self, field: str, measure: Callable[[float], Result]) -> Dict[str, Any]:
        config = self._config()
        threshold = number(config, field, float("-inf"), float("inf"))
        found = measure(number(config, "timeout", 0.001, 3600.0))
        result: Dict[str, Any] = {"threshold": threshold, "timestamp": timestamp()}
        if found.value is not None:
            value = min(max(found.value, 0.0), 1.0)
            return {"status": band(value, threshold), "value": value, **result}
        text = found.message or str(found.reason)
        if found.outcome == Outcome.LOCAL:
            return {"status": HealthStatus.UNKNOWN, "error": text, **result}
        raise RuntimeError(text)
