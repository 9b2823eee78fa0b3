"""The health engine that services, proxies and sidecars carry inside themselves.

>>> import meshvitals
>>> with meshvitals.Monitor() as monitor:
...     db = monitor.register(meshvitals.Tcp("127.0.0.1:5432"), name="db", interval="2s")
...     print(db.status)
UNKNOWN
"""

try:
    from ._native import Check, Event, Group, Handle, __version__
    from ._native import prepare as _prepare
except ImportError as _error:
    if "subinterpreters" in str(_error):
        _text = "meshvitals works in the main interpreter only; use processes or threads"
        raise ImportError(_text) from _error
    raise
from ._tables import Code, Kind, Kinds, Mask, Outcome, Reason, Status
from .errors import (
    AlreadyRegistered,
    Busy,
    Deadlock,
    Error,
    Forked,
    InvalidDocument,
    LimitReached,
    NotFound,
    NotRunning,
    OutOfRange,
    Stale,
    Stopped,
    Timeout,
    WrongMode,
)
from .events import Events
from .looplag import LoopLag
from .monitor import Monitor, probe_once
from .probes import Cpu, Disk, Expect, External, Heartbeat, Http, Memory, Probe, Signal, Tcp, Tls
from .results import Result
from .snapshots import Snapshot

__all__ = [
    "AlreadyRegistered",
    "Busy",
    "Check",
    "Code",
    "Cpu",
    "Deadlock",
    "Disk",
    "Error",
    "Event",
    "Events",
    "Expect",
    "External",
    "Forked",
    "Group",
    "Handle",
    "Heartbeat",
    "Http",
    "InvalidDocument",
    "Kind",
    "Kinds",
    "LimitReached",
    "LoopLag",
    "Mask",
    "Memory",
    "Monitor",
    "NotFound",
    "NotRunning",
    "OutOfRange",
    "Outcome",
    "Probe",
    "Reason",
    "Result",
    "Signal",
    "Snapshot",
    "Stale",
    "Status",
    "Stopped",
    "Tcp",
    "Tls",
    "Timeout",
    "WrongMode",
    "__version__",
    "probe_once",
]

_prepare()
