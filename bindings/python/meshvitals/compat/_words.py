"""The status and the configuration that the mesh knows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

__all__ = ["HealthCheckConfig", "HealthStatus"]


class HealthStatus(str, Enum):
    """How a check is. Members are texts, so that results can be written as JSON.

    >>> from meshvitals.compat import HealthStatus
    >>> HealthStatus("degraded") is HealthStatus.DEGRADED
    True
    """

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"

    if TYPE_CHECKING:
        # What an enumeration makes of it: a member is looked up, and no text is decoded.
        _value_: str

        def __new__(cls, value: object) -> HealthStatus: ...

    # They print as members of a plain enumeration, whatever the version of Python.
    __str__ = Enum.__str__

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


@dataclass
class HealthCheckConfig:
    """When checks run and what they are measured against. It is read again at every run, so it
    may be changed at any time; what makes no sense is moved into the range that does.

    >>> from meshvitals.compat import HealthCheckConfig
    >>> HealthCheckConfig(5.0).check_interval
    5.0
    """

    #: Seconds from one run of a check to the next.
    check_interval: float = 15.0
    #: Seconds that a run, or the probe of a URL, may take.
    timeout: float = 5.0
    #: Failures in a row that make UNHEALTHY; after the first the others are sought soon.
    failure_threshold: int = 3
    #: Successes in a row that end it.
    success_threshold: int = 2
    #: Whether `start` watches CPU, memory and disk.
    enable_system_checks: bool = True
    #: Shares, from which a figure is DEGRADED; from 1.1 times that it is UNHEALTHY.
    cpu_threshold: float = 0.9
    memory_threshold: float = 0.9
    disk_threshold: float = 0.9
    #: Whether `register_dependency` watches anything.
    enable_dependency_checks: bool = True
    #: Seconds that connecting to a dependency may take.
    dependency_timeout: float = 3.0
