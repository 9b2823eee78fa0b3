"""An aiohttp service that watches its database, its disk and its own event loop.

``python aiohttp_service.py 127.0.0.1:5432 8080``; its probes and its metrics are on the same port.
"""

import asyncio
import logging
import os
import sys
from typing import AsyncIterator

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

import meshvitals
from meshvitals import LoopLag, Tcp
from meshvitals.prometheus import Collector
from meshvitals.web.aiohttp import routes

ADDRESS = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:5432"
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 8080
logging.basicConfig(level=logging.INFO)

monitor = meshvitals.Monitor()
monitor.set_log(logging.INFO)
monitor.register(Tcp(ADDRESS), name="db", interval="2s", timeout="500ms", tags=["readiness"])

# DEGRADED when the loop is late by 50 ms, UNHEALTHY when it did not turn for 2 seconds.
lag = LoopLag(threshold_ms=50, limit_ms=2000)
monitor.register(lag, name="loop", interval="1s", failure_threshold=1, tags=["liveness"])


# A plain function runs on a thread, so it may block.
@monitor.check("spool", interval="10s", critical=False)
def spool_is_writable() -> bool:
    return os.access(os.environ.get("SPOOL", "/tmp"), os.W_OK)


async def watched(app: web.Application) -> AsyncIterator[None]:
    async with monitor:
        yield


async def index(request: web.Request) -> web.Response:
    if not monitor["db"]:
        # Known before the request has waited for a connection.
        raise web.HTTPServiceUnavailable(text="the database is down\n")
    return web.Response(text="hello\n")


REGISTRY.register(Collector(monitor))


async def metrics(request: web.Request) -> web.Response:
    loop = asyncio.get_running_loop()
    text = await loop.run_in_executor(None, generate_latest)
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})


app = web.Application()
app.cleanup_ctx.append(watched)
app.add_routes(routes(monitor))
app.add_routes([web.get("/", index), web.get("/metrics", metrics)])

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=PORT)
