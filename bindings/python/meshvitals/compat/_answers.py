"""What a check of the mesh returns, and what it means."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, Mapping, Tuple

from .._tables import Outcome, Status
from ._words import HealthStatus

__all__ = ["OF_ENGINE", "timestamp", "understood"]

#: The engine's statuses in the mesh's words.
OF_ENGINE = {status: HealthStatus(status.name.lower()) for status in Status}

_OUTCOMES = {
    HealthStatus.HEALTHY: Outcome.PASS,
    HealthStatus.DEGRADED: Outcome.WARN,
    HealthStatus.UNHEALTHY: Outcome.FAIL,
    # Nothing was learned, so nothing is counted.
    HealthStatus.UNKNOWN: Outcome.LOCAL,
}


def understood(value: Any) -> Tuple[Outcome, Dict[str, Any]]:
    """The outcome of a run that returned this, and a copy of its dict with a real status. Raises
    if it is none."""
    if not isinstance(value, Mapping):
        raise TypeError(f'the check returned {type(value).__name__}, not a dict with "status"')
    result = dict(value)
    if "status" not in result:
        raise ValueError('the check returned a dict without "status"')
    result["status"] = _status(result["status"])
    return _OUTCOMES[result["status"]], result


def timestamp() -> str:
    """Now, in UTC and without a zone, as the mesh writes it."""
    return datetime.now(timezone.utc).replace(tzinfo=None).isoformat()


def _status(given: Any) -> HealthStatus:
    if isinstance(given, Status):
        return OF_ENGINE[given]
    # Members of other enumerations count by their values.
    word = getattr(given, "value", given)
    try:
        return HealthStatus(word.lower() if isinstance(word, str) else word)
    except ValueError:
        words = ", ".join(status.value for status in HealthStatus)
        raise ValueError(f"the check returned the status {word!r:.40}; allowed: {words}") from None
