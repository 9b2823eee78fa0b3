"""The library's stable numbers as enumerations, made from the library's own tables."""

from enum import IntEnum, IntFlag

from . import _native

__all__ = ["Code", "Kind", "Kinds", "Mask", "Outcome", "Reason", "Status"]


class _Words(IntEnum):
    """Members print as their names, whatever the version of Python."""

    def __str__(self) -> str:
        return self.name

    __format__ = object.__format__


class _Statuses(_Words):
    """The four answers to "how is it?".

    >>> Status.DEGRADED.is_functional
    True
    """

    @property
    def is_functional(self) -> bool:
        """HEALTHY or DEGRADED: traffic may be sent there."""
        return self.name in ("HEALTHY", "DEGRADED")


class _Reasons(_Words):
    """Why: what a result, an event and a snapshot carry.

    >>> Reason.CONNECT_REFUSED.text
    'connection refused'
    """

    @property
    def text(self) -> str:
        """The English sentence."""
        return _native.reason_text(self)

    @classmethod
    def _missing_(cls, value: object):
        # Numbers of the host program pass unchanged; they get a member of their own, which is
        # not kept.
        if not isinstance(value, int) or value < _native.FIRST_REASON_OF_HOST:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"HOST_{value}"
        member._value_ = value
        return member


class _Codes(_Words):
    """What kind of error it is: the code that every language sees.

    >>> Code.NOT_FOUND.text
    'not found'
    """

    @property
    def text(self) -> str:
        """The English sentence."""
        return _native.code_text(self) or ""


_MODULE = "meshvitals"

Status = _Statuses("Status", _native.STATUS, module=_MODULE)
Outcome = _Words("Outcome", _native.OUTCOME, module=_MODULE)
Reason = _Reasons("Reason", _native.REASON, module=_MODULE)
Code = _Codes("Code", _native.CODE, module=_MODULE)
Kind = _Words("Kind", _native.KIND, module=_MODULE)
Kinds = IntFlag("Kinds", _native.KINDS, module=_MODULE)
Mask = IntFlag("Mask", _native.MASK, module=_MODULE)

Status.__doc__ = _Statuses.__doc__
Outcome.__doc__ = """How a run ended.

>>> [outcome.name for outcome in Outcome]
['PASS', 'WARN', 'FAIL', 'TIMEOUT', 'LOCAL']
"""
Reason.__doc__ = _Reasons.__doc__
Code.__doc__ = _Codes.__doc__
Kind.__doc__ = """What an event says.

>>> Kind(1).name
'STATUS'
"""
Kinds.__doc__ = """Which events a subscription wants.

>>> Kinds.DUE in Kinds.STATUS | Kinds.DUE
True
"""
Mask.__doc__ = """What lies over the measured status.

>>> Mask.PAUSED in Mask.PAUSED | Mask.STALE
True
"""
