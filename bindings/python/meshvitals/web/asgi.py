"""Endpoints for ASGI: FastAPI, Starlette, Quart, Litestar, or none of them.

>>> import meshvitals
>>> from meshvitals.web.asgi import Health
>>> app = Health(monitor=meshvitals.Monitor())
"""

from __future__ import annotations

from typing import Any, Awaitable, Callable, MutableMapping, Optional

from .._calls import Calls
from .endpoints import Details, Endpoints

__all__ = ["Health"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Health:
    """Answers /livez, /readyz, /startupz and /health, and passes everything else on to ``app``.
    Without one it is an application of its own, to be mounted or served.

    ``app.add_middleware(Health, monitor=monitor)`` adds it to an application of Starlette or
    FastAPI. ``details`` is a function of the scope if it is one.

    >>> import asyncio, meshvitals
    >>> from meshvitals.web.asgi import Health
    >>> app = Health(monitor=meshvitals.Monitor())
    >>> async def send(message):
    ...     print(message["type"], message.get("status"))
    >>> scope = {"type": "http", "method": "GET", "path": "/livez", "query_string": b""}
    >>> asyncio.run(app(scope, None, send))
    http.response.start 200
    http.response.body None
    """

    def __init__(
        self, app: Optional[App] = None, *, monitor: Calls, details: Details = True
    ) -> None:
        self._app = app
        self._endpoints = Endpoints(monitor, details=details)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _path(scope) if scope["type"] == "http" else None
        if path is not None and (path in self._endpoints or self._app is None):
            await self._answer(path, scope, send)
        elif self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await send({"type": f"{scope['type']}.close"})

    async def _answer(self, path: str, scope: Scope, send: Send) -> None:
        query = scope.get("query_string", b"").decode("latin-1")
        details = self._endpoints.wants_details(query, scope)
        reply = await self._endpoints.areply(scope["method"], path, details)
        headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers]
        await send({"type": "http.response.start", "status": reply.code, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})


def _path(scope: Scope) -> str:
    """The path below where the application is mounted."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    # Some servers have taken it off already.
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


async def _live(receive: Receive, send: Send) -> None:
    """There is nothing to prepare."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
