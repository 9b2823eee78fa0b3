"""What one run of a check yields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping, Optional

from ._tables import Outcome, Reason

__all__ = ["Result"]


@dataclass(frozen=True)
class Result:
    """One result: what ``probe_once`` returns, and what a check of your own may return.

    >>> from meshvitals import Outcome, Result
    >>> Result(Outcome.WARN, value=0.93, message="the queue is nearly full").outcome.name
    'WARN'
    """

    outcome: Outcome
    #: Why. None in your own results: the library fills it in.
    reason: Optional[Reason] = None
    #: The measured value.
    value: Optional[float] = None
    #: One sentence for people, cut to 159 bytes. It is shown in reports: no secrets.
    message: str = ""
    #: A number that explains the reason: errno, HTTP status.
    detail: int = 0
    #: How long it took, in seconds.
    latency: float = 0.0
    #: Where the time went, in seconds: resolve, connect, first_byte, transfer.
    phases: Mapping[str, float] = field(default_factory=dict)
