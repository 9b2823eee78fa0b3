"""Endpoints for WSGI: Flask, Django, or none of them.

>>> import meshvitals
>>> from meshvitals.web.wsgi import Health
>>> application = Health(monitor=meshvitals.Monitor())
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Iterable, Optional

from .._calls import Calls
from .endpoints import Details, Endpoints

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Health"]


class Health:
    """Answers /livez, /readyz, /startupz and /health, and passes everything else on to ``app``.
    Without one it is an application of its own, to be mounted or served.

    ``app.wsgi_app = Health(app.wsgi_app, monitor=monitor)`` adds it to an application of Flask.
    ``details`` is a function of the environment if it is one.

    >>> import meshvitals
    >>> from meshvitals.web.wsgi import Health
    >>> application = Health(monitor=meshvitals.Monitor())
    >>> environment = {"REQUEST_METHOD": "GET", "PATH_INFO": "/livez"}
    >>> application(environment, lambda status, headers: print(status))
    200 OK
    [b'{"status":"pass"}\\n']
    """

    def __init__(
        self, app: Optional[WSGIApplication] = None, *, monitor: Calls, details: Details = True
    ) -> None:
        self._app = app
        self._endpoints = Endpoints(monitor, details=details)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if self._app is not None and path not in self._endpoints:
            return self._app(environ, start_response)
        details = self._endpoints.wants_details(environ.get("QUERY_STRING", ""), environ)
        reply = self._endpoints.reply(environ["REQUEST_METHOD"], path, details)
        start_response(f"{reply.code} {HTTPStatus(reply.code).phrase}", list(reply.headers))
        return [reply.body]
