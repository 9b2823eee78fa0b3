"""The exceptions: one root, and a class for each case that a caller handles.

Every exception has the stable ``code`` that all languages share, the ``message``, and the
``key`` of the document that is to blame as a JSON pointer (``/tcp/address``), empty if none is.

>>> import meshvitals
>>> try:
...     meshvitals.Monitor({"slack": "1 fortnight"})
... except meshvitals.InvalidDocument as error:
...     print(error.code.name, error.key)
DOCUMENT /slack
"""

from __future__ import annotations

from typing import Dict, Tuple, Type

from ._tables import Code

__all__ = [
    "AlreadyRegistered",
    "Busy",
    "Deadlock",
    "Error",
    "Forked",
    "InvalidDocument",
    "LimitReached",
    "NotFound",
    "NotRunning",
    "OutOfRange",
    "Stale",
    "Stopped",
    "Timeout",
    "WrongMode",
]


class Error(Exception):
    """What every call of this package raises."""

    message: str
    code: Code
    key: str

    def __init__(self, message: str, code: int = Code.PANIC, key: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = Code(code)
        self.key = key

    @property
    def code_name(self) -> str:
        """The name of the code, as in the header of the library."""
        return self.code.name

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> Tuple[Type[Error], Tuple[str, int, str]]:
        return type(self), (self.message, int(self.code), self.key)


class InvalidDocument(Error, ValueError):
    """The document of a check or a monitor is not valid; ``key`` says where."""


class OutOfRange(InvalidDocument):
    """A value is out of its range; the message says what is allowed."""


class AlreadyRegistered(Error):
    """A check of this name exists; replace it, or choose another name."""


class NotFound(Error, KeyError):
    """Nothing has this name or id."""


class Stale(NotFound):
    """The id was valid and its check was removed, or the run is over."""


class Busy(Error):
    """Something allows one user at a time and has one."""


class Stopped(Error):
    """The queue is empty and the monitor is stopped, or the subscription is closed."""


class NotRunning(Error):
    """The monitor is not running."""


class Timeout(Error, TimeoutError):
    """The time limit passed first."""


class Deadlock(Error, RuntimeError):
    """The call would wait for the thread that makes it."""


class Forked(Error):
    """The process was forked since the monitor was started; start it again."""


class WrongMode(Error):
    """The call does not fit the monitor's clock or the kind of check."""


class LimitReached(Error):
    """A limit of the library or of the system was reached."""


#: By number: the native half looks in here.
_CLASSES: Dict[int, Type[Error]] = {
    int(code): kind
    for code, kind in (
        (Code.DOCUMENT, InvalidDocument),
        (Code.RANGE, OutOfRange),
        (Code.EXISTS, AlreadyRegistered),
        (Code.NOT_FOUND, NotFound),
        (Code.STALE, Stale),
        (Code.BUSY, Busy),
        (Code.STOPPED, Stopped),
        (Code.NOT_RUNNING, NotRunning),
        (Code.TIMEOUT, Timeout),
        (Code.DEADLOCK, Deadlock),
        (Code.FORKED, Forked),
        (Code.MODE, WrongMode),
        (Code.LIMIT, LimitReached),
    )
}
