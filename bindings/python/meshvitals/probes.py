"""Typed probes: what a check measures.

They are dataclasses whose fields are the keys of the documents, so an unknown key is a
``TypeError`` of Python; the values are validated by the library when the probe is made.

>>> from meshvitals import Tcp
>>> Tcp("10.0.0.5:5432")
Tcp(address='10.0.0.5:5432', connect=None)
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Dict, Mapping, Optional, Sequence, Union

from . import _native
from ._documents import Duration, plain, text

__all__ = [
    "Cpu",
    "Disk",
    "Expect",
    "External",
    "Heartbeat",
    "Http",
    "Memory",
    "Probe",
    "Signal",
    "Tcp",
    "Tls",
]


def _keys(of: Any) -> Dict[str, Any]:
    """The fields of a dataclass that were given, as keys of a document."""
    given = ((field.name, getattr(of, field.name)) for field in fields(of))
    return {name: plain(value) for name, value in given if value is not None}


@dataclass(frozen=True)
class Probe:
    """What a check measures; one of the classes of this module.

    >>> isinstance(Tcp("127.0.0.1:80"), Probe)
    True
    """

    _word: ClassVar[str] = ""

    def __post_init__(self) -> None:
        _native.validate(text({"name": "probe", **self.document()}))

    def document(self) -> Dict[str, Any]:
        """The part of a check's document that is the probe."""
        return {self._word: _keys(self)}


@dataclass(frozen=True)
class Tls:
    """Encrypts the connection of a probe; the files are read when the check is registered.

    >>> Tls(ca_file="/etc/ssl/own.pem").document()
    {'ca_file': '/etc/ssl/own.pem'}
    """

    #: The application protocols that are offered (ALPN), the preferred one first.
    alpn: Optional[Sequence[str]] = None
    #: A file with the certificates of the authorities that are trusted, in PEM. Default: those of
    #: the platform.
    ca_file: Optional[str] = None
    #: A file with the certificate chain of this side, in PEM; together with key_file.
    certificate_file: Optional[str] = None
    #: A certificate that expires within this time is a warning. Default: 336h (14 days).
    certificate_warn: Optional[Duration] = None
    #: A file with the private key of this side, in PEM.
    key_file: Optional[str] = None
    #: The oldest version that is spoken: "1.2" or "1.3". Default: 1.2.
    min_version: Optional[str] = None
    #: The name or address that the certificate must be for, and that the server is told (SNI).
    #: Default: the host of the address.
    name: Optional[str] = None
    #: Whether the certificate is verified. Default: true.
    verify: Optional[bool] = None

    def document(self) -> Dict[str, Any]:
        """The document of it."""
        return _keys(self)


@dataclass(frozen=True)
class Tcp(Probe):
    """Connects to a stream socket: reachability, not health, of what listens.

    >>> Tcp("unix:/run/db.sock").document()
    {'tcp': {'address': 'unix:/run/db.sock'}}
    """

    _word: ClassVar[str] = "tcp"
    address: str
    #: ``"full"``: a whole handshake; ``"fast"``: only the target's kernel sees it.
    connect: Optional[str] = None
    #: The handshake is part of the connection.
    tls: Optional[Tls] = None


@dataclass(frozen=True)
class Expect:
    """What the answer to an HTTP request must look like.

    >>> Expect(status=[200, "300-399"], body_contains="ok").document()
    {'status': [200, '300-399'], 'body_contains': 'ok'}
    """

    status: Optional[Sequence[Union[int, str]]] = None
    body_contains: Optional[str] = None
    body_limit: Optional[int] = None

    def document(self) -> Dict[str, Any]:
        """The document of the expectation."""
        return _keys(self)


@dataclass(frozen=True)
class Http(Probe):
    """Sends one HTTP/1.1 request on a fresh connection. Redirects are not followed.

    >>> Http("http://127.0.0.1:8080/health", expect=Expect(status=[204])).url
    'http://127.0.0.1:8080/health'
    """

    _word: ClassVar[str] = "http"
    url: str
    method: Optional[str] = None
    headers: Optional[Mapping[str, str]] = None
    body: Optional[str] = None
    host: Optional[str] = None
    address: Optional[str] = None
    expect: Optional[Expect] = None


@dataclass(frozen=True)
class Cpu(Probe):
    """The share of CPU time in use.

    >>> Cpu(threshold=0.8).document()
    {'cpu': {'threshold': 0.8}}
    """

    _word: ClassVar[str] = "cpu"
    threshold: Optional[float] = None


@dataclass(frozen=True)
class Memory(Probe):
    """The share of memory in use.

    >>> Memory().document()
    {'memory': {}}
    """

    _word: ClassVar[str] = "memory"
    threshold: Optional[float] = None


@dataclass(frozen=True)
class Disk(Probe):
    """The share of a filesystem in use.

    >>> Disk("/var").document()
    {'disk': {'path': '/var'}}
    """

    _word: ClassVar[str] = "disk"
    path: Optional[str] = None
    threshold: Optional[float] = None


@dataclass(frozen=True)
class Signal(Probe):
    """What a host or a process runs out of: ``kind`` is a key of the table of signals, such as
    ``"memory_pressure"`` or ``"disk_inodes"``. The levels are in the unit of the kind; what is
    left out is taken from the table.

    >>> Signal("disk_inodes", path="/var", degraded_enter=80).document()
    {'disk_inodes': {'path': '/var', 'degraded_enter': 80}}
    """

    _word: ClassVar[str] = "signal"
    kind: str
    #: Any path on the filesystem, of kinds that begin with ``disk_``.
    path: Optional[str] = None
    degraded_enter: Optional[float] = None
    degraded_exit: Optional[float] = None
    unhealthy_enter: Optional[float] = None
    unhealthy_exit: Optional[float] = None
    #: How long a value must hold before a level is entered or left.
    hold: Optional[Duration] = None

    def document(self) -> Dict[str, Any]:
        keys = _keys(self)
        return {keys.pop("kind"): keys}


@dataclass(frozen=True)
class Heartbeat(Probe):
    """The program reports whenever it likes; silence beyond ``ttl`` is a failure.

    >>> from datetime import timedelta
    >>> Heartbeat(ttl=timedelta(minutes=1)).document()
    {'heartbeat': {'ttl': 60.0}}
    """

    _word: ClassVar[str] = "heartbeat"
    ttl: Duration


@dataclass(frozen=True)
class External(Probe):
    """The program runs the check when a DUE event asks for it, and reports.

    ``@monitor.check`` does that for functions; this is what it stands on.

    >>> External().document()
    {'external': {}}
    """

    _word: ClassVar[str] = "external"
