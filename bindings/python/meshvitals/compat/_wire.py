"""One probe on a thread: its sockets, its deadline, and its end from outside.

The trap is a peer that sends a byte now and then: no timeout of a socket ever passes. So whoever
waits for the answer gives the probe up at its deadline, which shuts its socket down.
"""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import time
from http.client import HTTPConnection, HTTPSConnection
from typing import Dict, List, Optional, Tuple
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

__all__ = ["Wire"]

_REDIRECTS = 10
_REDIRECTING = (301, 302, 303, 307, 308)
#: Left as it is in a target; all else is encoded.
_SAFE = "/?#[]@!$&'()*+,;=:%-._~"

_trusted: List[ssl.SSLContext] = []


class Wire:
    """What is raised by its calls means no."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        #: Held while the socket is shut down, so that nobody closes it meanwhile.
        self._lock = threading.Lock()
        self._socket: Optional[socket.socket] = None
        self._over = False

    def give_up(self) -> None:
        """Ends what the probe waits for; from any thread."""
        with self._lock:
            self._over = True
            if self._socket is not None:
                try:
                    # A TLS socket would change its state under the thread that reads it.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                except OSError:
                    # Not connected any more.
                    pass

    def reaches(self, host: str, port: int) -> bool:
        """Connects, and closes the connection."""
        try:
            self._connect(host, port)
        except ConnectionResetError:
            # It was accepted first, for who does not accept refuses; unless this is the mark of
            # having been given up.
            return not self._over
        finally:
            self._close()
        return True

    def get(self, url: str) -> bool:
        """Whether the URL, or where it redirects to, is answered with 200 to 299."""
        for _ in range(_REDIRECTS + 1):
            status, location = self._request(urlsplit(url))
            if status not in _REDIRECTING or location is None:
                return 200 <= status <= 299
            url = urljoin(url, location)
        return False

    def _request(self, url: SplitResult) -> Tuple[int, Optional[str]]:
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("the URL is not one of http or https")
        if url.scheme == "https":
            port = url.port or 443
            connection: HTTPConnection = HTTPSConnection(url.hostname, port, context=_trust())
        else:
            port = url.port or 80
            connection = HTTPConnection(url.hostname, port)
        try:
            connection.sock = self._connect(url.hostname, port)
            if url.scheme == "https":
                connection.sock = self._secured(connection.sock, url.hostname)
            connection.sock.settimeout(self._left())
            target = quote(url.path or "/", _SAFE) + ("?" + quote(url.query, _SAFE)) * bool(
                url.query
            )
            connection.request("GET", target, headers=_headers(url))
            response = connection.getresponse()
            return response.status, response.getheader("Location")
        finally:
            self._close()
            connection.close()

    def _connect(self, host: str, port: int) -> socket.socket:
        """Connects to one address after the other, of which each has its share of the time."""
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        problem: OSError = OSError("the name has no address")
        for index, (family, kind, protocol, _, address) in enumerate(addresses):
            opened = self._hold(socket.socket(family, kind, protocol))
            try:
                opened.settimeout(self._left() / (len(addresses) - index))
                opened.connect(address)
            except ConnectionResetError:
                raise
            except OSError as error:
                self._close()
                problem = error
            else:
                # Shutting a socket down while it connects looks as if it were connected.
                return self._hold(opened)
        raise problem

    def _secured(self, plain: socket.socket, host: str) -> socket.socket:
        secured = _trust().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        self._hold(secured)
        secured.settimeout(self._left())
        secured.do_handshake()
        return secured

    def _hold(self, opened: socket.socket) -> socket.socket:
        with self._lock:
            self._socket = opened
            if not self._over:
                return opened
        self._close()
        raise TimeoutError("the probe was given up")

    def _close(self) -> None:
        with self._lock:
            opened, self._socket = self._socket, None
            if opened is not None:
                opened.close()

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0.0:
            raise TimeoutError("the time has passed")
        return left


def _trust() -> ssl.SSLContext:
    """The certificates that this machine trusts; reading them takes long, so they are kept."""
    if not _trusted:
        _trusted.append(ssl.create_default_context())
    return _trusted[0]


def _headers(url: SplitResult) -> Dict[str, str]:
    headers = {"Accept": "*/*", "User-Agent": "meshvitals", "Connection": "close"}
    if url.username is not None:
        user = f"{unquote(url.username)}:{unquote(url.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    return headers
