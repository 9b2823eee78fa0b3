"""An ASGI application that answers with its own health, and watches during its lifespan."""

from __future__ import annotations

import asyncio
import json
import os

from checks import monitor, report


@monitor.check("coroutine")
async def coroutine() -> int:
    """It was run on the loop of the server."""
    await asyncio.sleep(0)
    return os.getpid()


async def application(scope, receive, send):
    """Answers every request."""
    if scope["type"] == "lifespan":
        await receive()
        async with monitor:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "http":
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(report()).encode()})
