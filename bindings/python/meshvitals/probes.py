"""Typed probes: what a check measures.

They are dataclasses whose fields are the keys of the documents, so an unknown key is a
``TypeError`` of Python; the values are validated by the library when the probe is made.

>>> from meshvitals import Tcp
>>> Tcp("10.0.0.5:5432").address
'10.0.0.5:5432'
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Dict, Mapping, Optional, Sequence, Union

from . import _native
from ._documents import Duration, plain, text

__all__ = [
    "Basic",
    "Cpu",
    "Disk",
    "Expect",
    "External",
    "Heartbeat",
    "Http",
    "Memory",
    "Probe",
    "Redirects",
    "Signal",
    "Step",
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
class Basic:
    """A user and a password.

    >>> Basic("probe", password_file="/run/secrets/probe").document()
    {'user': 'probe', 'password_file': '/run/secrets/probe'}
    """

    #: The user: 1 to 255 bytes without a colon.
    user: str
    #: The password; secret.
    password: Optional[str] = field(default=None, repr=False)
    #: A variable of the environment that holds the password.
    password_env: Optional[str] = None
    #: A file that holds the password.
    password_file: Optional[str] = None

    def document(self) -> Dict[str, Any]:
        """The document of it."""
        return _keys(self)


@dataclass(frozen=True)
class Redirects:
    """Which redirects are followed.

    >>> Redirects(max=2).document()
    {'max': 2}
    """

    #: The most that are followed in one run. Default: 5.
    max: Optional[int] = None
    #: Whether they must stay on the URL's host. Default: true.
    same_host: Optional[bool] = None

    def document(self) -> Dict[str, Any]:
        """The document of it."""
        return _keys(self)


@dataclass(frozen=True)
class Step:
    """A step of a script, which is exactly one of these keys.

    >>> Step(expect="220 ").document()
    {'expect': '220 '}
    """

    #: "graceful", as the last step: says that nothing more comes and waits for the other side to
    #: end, instead of a reset. It changes no verdict, and keeps a port of this machine for a
    #: minute.
    close: Optional[str] = None
    #: What comes next must begin with this text of 1 to 4096 bytes; secret. The rest stays for the
    #: next step. To find a text anywhere, use expect_regex.
    expect: Optional[str] = field(default=None, repr=False)
    #: The same for bytes, written as pairs of hexadecimal digits; secret.
    expect_hex: Optional[str] = field(default=None, repr=False)
    #: What comes next must hold a match of this regular expression (of the Rust crate regex);
    #: secret. ^ is where the step begins, $ the end of the stream. Everything up to the end of the
    #: match is taken. A match that more bytes could lengthen is taken when a byte ends it.
    expect_regex: Optional[str] = field(default=None, repr=False)
    #: Sends a text of 1 to 4096 bytes; secret. ${name} stands for what an earlier expect_regex has
    #: captured under this name, $${ for ${ itself.
    send: Optional[str] = field(default=None, repr=False)
    #: Sends bytes, written as pairs of hexadecimal digits; secret.
    send_hex: Optional[str] = field(default=None, repr=False)
    #: true: encrypts the connection, as the key tls beside the script says.
    starttls: Optional[bool] = None

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
    #: What is said and expected on the connection, step by step.
    script: Optional[Sequence[Step]] = None


@dataclass(frozen=True)
class Expect:
    """What the answer to an HTTP request must look like.

    >>> Expect(status=[200, "300-399"], body_contains="ok").document()
    {'status': [200, '300-399'], 'body_contains': 'ok'}
    """

    status: Optional[Sequence[Union[int, str]]] = None
    body_contains: Optional[str] = field(default=None, repr=False)
    body_limit: Optional[int] = None
    #: Codes and ranges that are a warning, a failure, or a wish to be asked later.
    warn: Optional[Sequence[Union[int, str]]] = None
    fail: Optional[Sequence[Union[int, str]]] = None
    retry: Optional[Sequence[Union[int, str]]] = None
    #: Headers by their names, each a text or ``{"regex": ...}``.
    headers: Optional[Mapping[str, Any]] = field(default=None, repr=False)
    #: A regular expression that the body must match.
    body_regex: Optional[str] = field(default=None, repr=False)
    #: Values of a JSON body by their JSON pointers.
    json: Optional[Mapping[str, Any]] = field(default=None, repr=False)
    #: A header whose presence is a warning.
    degraded_header: Optional[str] = None

    def document(self) -> Dict[str, Any]:
        """The document of the expectation."""
        return _keys(self)


@dataclass(frozen=True)
class Http(Probe):
    """Sends one HTTP request on a fresh connection. Redirects are followed when asked for.

    >>> Http("http://127.0.0.1:8080/health", expect=Expect(status=[204])).url
    'http://127.0.0.1:8080/health'
    """

    _word: ClassVar[str] = "http"
    url: str
    method: Optional[str] = None
    headers: Optional[Mapping[str, str]] = field(default=None, repr=False)
    body: Optional[str] = field(default=None, repr=False)
    host: Optional[str] = None
    address: Optional[str] = None
    expect: Optional[Expect] = None
    #: How ``https`` is encrypted.
    tls: Optional[Tls] = None
    #: ``"1.1"``, ``"2"`` or ``"auto"``.
    version: Optional[str] = None
    redirects: Optional[Redirects] = None
    #: Whether the connection is kept, and after how many runs it is made anew.
    keep_alive: Optional[bool] = None
    fresh_every: Optional[int] = None
    proxy: Optional[str] = None
    proxy_basic: Optional[Basic] = None
    basic: Optional[Basic] = None
    #: A token, or the path of a file or the name of a variable that holds it.
    bearer: Optional[str] = field(default=None, repr=False)
    bearer_file: Optional[str] = None
    bearer_env: Optional[str] = None


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
