"""Leak loops of endpoints and metrics."""

from __future__ import annotations

import asyncio
import sys

from meshvitals import Outcome, metrics, prometheus
from meshvitals.web import Endpoints, Reply, aiohttp, asgi, wsgi

from leaks import FEW, loop, monitor, on_loop

PATHS = ("/livez", "/readyz", "/startupz", "/health")


@loop("web.Endpoints", "web.Endpoints.reply", "web.Endpoints.wants_details",
      "web.Endpoints.__contains__", "web.Reply", "web.Reply.__eq__", "web.Reply.__hash__",
      "web.Reply.__repr__")  # fmt: skip
def endpoints():
    made = monitor("a")
    kept = Endpoints(made)

    def call() -> None:
        for path in PATHS:
            kept.reply("GET", path)
            assert path in kept
        reply = Endpoints(made).reply("GET", "/health", details=True)
        assert reply == Reply(reply.code, reply.headers, reply.body)
        assert hash(reply) and repr(reply)
        assert kept.wants_details("verbose=1")

    return call


@loop("web.Endpoints.areply", count=FEW)
def areply():
    kept = Endpoints(monitor("a"))

    async def call() -> None:
        await kept.areply("GET", "/health", details=True)

    return on_loop(call)


@loop("web.asgi.Health", "web.asgi.Health.__call__")
def health_of_asgi():
    made = monitor("a")
    scope = {"type": "http", "method": "GET", "path": "/health", "query_string": b""}

    async def send(message: object) -> None:
        pass

    async def call() -> None:
        await asgi.Health(monitor=made)(scope, None, send)  # type: ignore[arg-type]

    return on_loop(call)


@loop("web.wsgi.Health", "web.wsgi.Health.__call__")
def health_of_wsgi():
    made = monitor("a")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/health", "QUERY_STRING": "verbose"}
    return lambda: wsgi.Health(monitor=made)(environ, lambda status, headers: None)


@loop("web.aiohttp.routes")
def routes_of_aiohttp():
    made = monitor("a")
    # requirements-test.txt has the package from Python 3.10 on.
    return (lambda: aiohttp.routes(made)) if sys.version_info >= (3, 10) else lambda: None


@loop("prometheus.Collector", "prometheus.Collector.collect")
def collector():
    made = monitor("a")
    return lambda: list(prometheus.Collector(made).collect())


@loop("prometheus.Collector.describe")
def described():
    made = monitor("a")
    return lambda: list(prometheus.Collector(made).describe())


class Mesh:
    """A collector of the mesh."""

    async def gauge(self, name: str, value: int, tags: object) -> None:
        pass

    increment = gauge


@loop("metrics.MetricsFeed", "metrics.MetricsFeed.__aenter__", "metrics.MetricsFeed.__aexit__")
def feed():
    made = monitor("a")

    async def call() -> None:
        async with metrics.MetricsFeed(made, Mesh()):
            made.beat("a", Outcome.FAIL)
            await asyncio.sleep(0)

    return on_loop(call)
