"""Everything known about one check or group at one instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from ._tables import Mask, Reason, Status

__all__ = ["Snapshot"]


@dataclass(frozen=True)
class Snapshot:
    """A copy of what is known. Dates are as ``time.time()`` counts, durations in seconds.

    >>> import meshvitals
    >>> monitor = meshvitals.Monitor(cpu_threshold=0.8)
    >>> monitor.snapshot("system.cpu").threshold
    0.8
    """

    name: str
    id: int
    #: The word of the probe (``"tcp"``), ``"group"`` for a group.
    probe: str
    #: What everybody reads.
    status: Status
    #: What the results say, below all masks.
    measured: Status
    reason: Reason
    #: The last message, or the cause of the mask.
    message: str
    #: What lies over the measured status.
    mask: Mask
    #: Whether a probe of an orchestrator gets a yes; of a check: whether it is functional.
    answer: bool
    critical: bool
    tags: Tuple[str, ...]
    #: The number given in the document.
    cookie: int
    #: Runs that ended since registration; of a group: its members.
    runs: int
    in_flight: int
    #: Failures in a row.
    failures: int
    #: Passes in a row.
    passes: int
    #: The value of the last run, None if it measured none.
    value: Optional[float]
    threshold: Optional[float]
    #: The unit of both as UCUM writes it: ``"%"``, ``"By"``, ``"1"`` for a share of the whole.
    unit: Optional[str]
    #: What the value is a part of: bytes, CPUs, a count.
    limit: Optional[float]
    #: Whose value it is: ``"host"``, a cgroup, a path.
    scope: Optional[str]
    #: The name of the formula, which the documentation of the signals explains.
    formula: Optional[str]
    #: How long the last run took.
    latency: float
    #: Since when the published status holds.
    since: float
    #: The end of the last run, None before the first.
    last: Optional[float]
    #: The planned start of the next run, None if none is planned.
    next: Optional[float]
    #: Until when the status may be believed.
    fresh_until: Optional[float]
