"""From the configuration, which may hold anything, to what the engine takes."""

from __future__ import annotations

import math
from typing import Any

from .._options import CheckOptions
from ._words import HealthCheckConfig

__all__ = ["number", "schedule"]

_DAY = 86_400.0
_DEFAULTS = HealthCheckConfig()


def number(config: Any, field: str, low: float, high: float) -> float:
    """A field of the configuration within a range; what is no number is the field's default."""
    try:
        value = float(getattr(config, field))
    except (AttributeError, TypeError, ValueError, OverflowError):
        value = math.nan
    if math.isnan(value):
        value = getattr(_DEFAULTS, field)
    return min(max(value, low), high)


def schedule(config: Any, is_driven: bool, is_level: bool) -> CheckOptions:
    """How a check runs and is judged. One that nobody drives runs only when it is asked for. A
    level, such as the CPU's, must hold to mean something, so it is not confirmed sooner."""
    interval = number(config, "check_interval", 0.01, _DAY) if is_driven else _DAY
    options: CheckOptions = {
        "interval": interval,
        "timeout": number(config, "timeout", 0.001, 3600.0),
        "failure_threshold": int(number(config, "failure_threshold", 1, 1000)),
        "success_threshold": int(number(config, "success_threshold", 1, 1000)),
        "degraded_threshold": 1,
        "first_result_decides": "any",
        "initial_delay": 0,
        "policy": "thresholds",
    }
    if is_level or not is_driven:
        options["confirm_interval"] = interval
    return options
