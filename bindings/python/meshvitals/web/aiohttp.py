"""Endpoints for aiohttp, which is imported only when the routes are made.

>>> from meshvitals.web.aiohttp import routes
>>> callable(routes)
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List

from .._calls import Calls
from .endpoints import PATHS, Details, Endpoints

if TYPE_CHECKING:
    # Whoever checks types need not have it.
    from aiohttp import web  # type: ignore[import-not-found,unused-ignore]

__all__ = ["routes"]


def routes(monitor: Calls, *, details: Details = True) -> List[web.RouteDef]:
    """The routes of /livez, /readyz, /startupz and /health, for ``app.add_routes``; ``details``
    is a function of the ``web.Request`` if it is one.

    >>> import meshvitals
    >>> from aiohttp import web
    >>> from meshvitals.web.aiohttp import routes
    >>> app = web.Application()
    >>> len(app.add_routes(routes(meshvitals.Monitor())))
    4
    """
    from aiohttp import web

    endpoints = Endpoints(monitor, details=details)

    def answering(path: str) -> web.RouteDef:
        async def answer(request: web.Request) -> web.Response:
            wanted = endpoints.wants_details(request.query_string, request)
            reply = await endpoints.areply(request.method, path, wanted)
            return web.Response(status=reply.code, headers=dict(reply.headers), body=reply.body)

        return web.route("*", path, answer)

    return [answering(path) for path in PATHS]
