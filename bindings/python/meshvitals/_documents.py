"""From Python's values to the documents of the library."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Mapping, Sequence, Union

from ._tables import Code
from .errors import InvalidDocument

if TYPE_CHECKING:
    from .probes import Probe

__all__ = ["Duration", "ProbeLike", "check_document", "merged", "of_text", "plain", "text"]

#: A number of seconds, a text with a unit (``"250ms"``), or a ``timedelta``.
Duration = Union[float, str, timedelta]

#: A probe, the document of a check, or its text.
ProbeLike = Union["Probe", Mapping[str, Any], str]


def plain(value: Any) -> Any:
    """The value as JSON knows it: durations as seconds, probes as their documents."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (Sequence, set, frozenset)):
        return [plain(item) for item in value]
    document = getattr(value, "document", None)
    return document() if callable(document) else value


def text(document: Any) -> str:
    """The JSON text of a document."""
    try:
        return json.dumps(plain(document), allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise InvalidDocument(f"the document is not JSON: {error}", Code.DOCUMENT) from error


def of_text(document: str) -> Any:
    """The document of a JSON text."""
    try:
        return json.loads(document)
    except ValueError as error:
        raise InvalidDocument(f"the document is not JSON: {error}", Code.DOCUMENT) from error


def check_document(probe: ProbeLike, options: Mapping[str, Any]) -> str:
    """The text of a check's document; options that are None are left out."""
    given = {key: value for key, value in options.items() if value is not None}
    if isinstance(probe, str):
        if not given:
            return probe
        probe = of_text(probe)
    return text(merged(probe, given))


def merged(document: Any, options: Mapping[str, Any]) -> Any:
    """A document with the keys of the options, which come first."""
    found, document = type(document).__name__, plain(document)
    if not isinstance(document, dict):
        raise TypeError(f"a document is an object, made of a probe or a mapping, not {found}")
    given = {key: value for key, value in options.items() if value is not None}
    return {**document, **given}
