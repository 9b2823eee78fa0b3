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
from .probes import (
    Basic,
    Cpu,
    Disk,
    Expect,
    External,
    Heartbeat,
    Http,
    Memory,
    Probe,
    Redirects,
    Signal,
    Step,
    Tcp,
    Tls,
)
from .protocols import (
    Amqp,
    Dns,
    Exec,
    Grpc,
    Memcached,
    Mqtt,
    Mysql,
    Nats,
    Postgres,
    Redis,
    Smtp,
    Udp,
)
from .results import Result
from .snapshots import Snapshot

__all__ = [
    "AlreadyRegistered",
    "Amqp",
    "Basic",
    "Busy",
    "Check",
    "Code",
    "Cpu",
    "Deadlock",
    "Disk",
    "Dns",
    "Error",
    "Event",
    "Events",
    "Exec",
    "Expect",
    "External",
    "Forked",
    "Group",
    "Grpc",
    "Handle",
    "Heartbeat",
    "Http",
    "InvalidDocument",
    "Kind",
    "Kinds",
    "LimitReached",
    "LoopLag",
    "Mask",
    "Memcached",
    "Memory",
    "Monitor",
    "Mqtt",
    "Mysql",
    "Nats",
    "NotFound",
    "NotRunning",
    "OutOfRange",
    "Outcome",
    "Postgres",
    "Probe",
    "Reason",
    "Redirects",
    "Redis",
    "Result",
    "Signal",
    "Smtp",
    "Snapshot",
    "Stale",
    "Status",
    "Step",
    "Stopped",
    "Tcp",
    "Timeout",
    "Tls",
    "Udp",
    "WrongMode",
    "__version__",
    "probe_once",
]

_prepare()
