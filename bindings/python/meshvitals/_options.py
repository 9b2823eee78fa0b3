"""The keyword options of checks and monitors; the values are those of the documents."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence, TypedDict

from ._documents import Duration, ProbeLike

__all__ = ["CheckOptions", "MonitorOptions", "NamedCheckOptions"]


class CheckOptions(TypedDict, total=False):
    """When a check runs, how its results become a status, and how groups take it."""

    interval: Optional[Duration]
    timeout: Optional[Duration]
    confirm_interval: Optional[Duration]
    initial_delay: Optional[Duration]
    jitter: Optional[float]
    failure_threshold: Optional[int]
    success_threshold: Optional[int]
    degraded_threshold: Optional[int]
    first_result_decides: Optional[str]
    degraded_is_failure: Optional[bool]
    start_grace: Optional[Duration]
    linger: Optional[Duration]
    max_in_flight: Optional[int]
    policy: Optional[str]
    critical: Optional[bool]
    role: Optional[str]
    tags: Optional[Sequence[str]]
    depends_on: Optional[Sequence[str]]
    cookie: Optional[int]
    addresses: Optional[str]


class NamedCheckOptions(CheckOptions, total=False):
    """The same, with the name."""

    name: Optional[str]


class MonitorOptions(TypedDict, total=False):
    """The configuration of a monitor."""

    system_checks: Optional[bool]
    cpu_threshold: Optional[float]
    memory_threshold: Optional[float]
    disk_threshold: Optional[float]
    disk_paths: Optional[Sequence[str]]
    policy: Optional[str]
    jitter: Optional[float]
    slack: Optional[Duration]
    max_runs: Optional[int]
    max_handshakes: Optional[int]
    start_spread: Optional[Duration]
    allow_exec: Optional[bool]
    stop_timeout: Optional[Duration]
    anchor: Optional[str]
    all_down_means: Optional[str]
    clock: Optional[str]
    defaults: Optional[Mapping[str, Any]]
    checks: Optional[Sequence[ProbeLike]]
