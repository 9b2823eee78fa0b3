"""What the return value or the exception of a check means."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from ._tables import Outcome, Status
from .results import Result

__all__ = ["of_exception", "of_value"]

_OUTCOMES = {
    Status.HEALTHY: Outcome.PASS,
    Status.DEGRADED: Outcome.WARN,
    Status.UNHEALTHY: Outcome.FAIL,
    Status.UNKNOWN: Outcome.LOCAL,
}
_WORDS = {status.name.lower(): outcome for status, outcome in _OUTCOMES.items()}
_ALLOWED = (
    "None, a bool, a number, a Status or its word, an Outcome, a Result, "
    "or a mapping with status, value and message"
)


def of_value(value: Any) -> Result:
    """The result of a check that returned this.

    None and True pass and False fails; a status or its word is taken as it is (UNKNOWN: nothing
    was learned); a number passes and is the measured value; a mapping may have all three. An
    answer that raises while it is looked at is a failure, as a check that raises is.
    """
    try:
        return _look_at(value)
    except Exception as error:
        return of_exception(error)


def _look_at(value: Any) -> Result:
    if isinstance(value, Result):
        return value
    if isinstance(value, Mapping):
        return _of_mapping(value)
    outcome = _outcome(value)
    if outcome is not None:
        return Result(outcome)
    if isinstance(value, (int, float)):
        return Result(Outcome.PASS, value=float(value))
    return _not_understood(value)


def of_exception(error: BaseException) -> Result:
    """The result of a check that raised: its type and text, for people."""
    try:
        text = str(error)
    except BaseException:
        # Somebody else's `__str__` must not decide whether a result is told.
        text = ""
    name = type(error).__name__
    return Result(Outcome.FAIL, message=f"{name}: {text}" if text else name)


def _of_mapping(answer: Mapping[Any, Any]) -> Result:
    given = answer.get("status")
    outcome = _outcome(given)
    if outcome is None:
        return _not_understood(given)
    value = answer.get("value")
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        value = None
    message = answer.get("message", answer.get("error", ""))
    return Result(
        outcome,
        value=None if value is None else float(value),
        message=message if isinstance(message, str) else str(message),
    )


def _outcome(value: Any) -> Optional[Outcome]:
    """The outcome that a value without a figure means; none if it is not one of them."""
    if value is None or value is True:
        return Outcome.PASS
    if value is False:
        return Outcome.FAIL
    if isinstance(value, Outcome):
        return value
    if isinstance(value, Status):
        return _OUTCOMES[value]
    # Somebody else's enumeration of the same words.
    word = getattr(value, "value", value)
    return _WORDS.get(word.lower()) if isinstance(word, str) else None


def _not_understood(value: Any) -> Result:
    found = type(value).__name__
    return Result(Outcome.FAIL, message=f"returned {found}; allowed: {_ALLOWED}")
