"""Servers that run while a test asks them, each in a thread of its own.

The packages are those of requirements-test.txt, which has some of them from Python 3.10 on.
"""

from __future__ import annotations

import asyncio
import http.client
import sys
import threading
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Tuple
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import pytest

from meshvitals import Monitor

from conftest import BOUND, eventually

#: A method and a target go in; a code, the headers and the body come out.
Ask = Callable[[str, str], Tuple[int, Dict[str, str], bytes]]

from_3_10 = pytest.mark.skipif(
    sys.version_info < (3, 10), reason="python_version: pinned for 3.10 and newer only"
)


def asking(port: int) -> Ask:
    """Asks the server on a port, with a new connection each time."""

    def ask(method: str, target: str) -> Tuple[int, Dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND)
        try:
            connection.request(method, target)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, headers, answer.read()
        finally:
            connection.close()

    return ask


@contextmanager
def uvicorn(app: Any) -> Iterator[Ask]:
    """An ASGI application, with its lifespan."""
    from uvicorn import Config, Server

    config = Config(app, port=0, lifespan="on", ws="none", log_config=None)
    server = Server(config)
    runner = threading.Thread(target=server.run)
    runner.start()
    try:
        assert eventually(lambda: server.started or not runner.is_alive()) and server.started
        yield asking(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        runner.join()


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


@contextmanager
def wsgiref(app: Any) -> Iterator[Ask]:
    """A WSGI application, every call of which is validated."""
    with make_server("127.0.0.1", 0, validator(app), handler_class=Quiet) as server:
        runner = threading.Thread(target=server.serve_forever)
        runner.start()
        try:
            yield asking(server.server_port)
        finally:
            server.shutdown()
            runner.join()


@contextmanager
def aiohttp(app: Any) -> Iterator[Ask]:
    """An application of aiohttp."""
    from aiohttp import web

    ports, stop = [], asyncio.Event()

    async def serve() -> None:
        site_of = web.AppRunner(app)
        await site_of.setup()
        site = web.TCPSite(site_of, "127.0.0.1", 0)
        await site.start()
        ports.append(site_of.addresses[0][1])
        await stop.wait()
        await site_of.cleanup()

    loop = asyncio.new_event_loop()
    runner = threading.Thread(target=loop.run_until_complete, args=[serve()])
    runner.start()
    try:
        assert eventually(lambda: bool(ports) or not runner.is_alive()) and ports
        yield asking(ports[0])
    finally:
        loop.call_soon_threadsafe(stop.set)
        runner.join()
        loop.close()


# -- Applications ---------------------------------------------------------------------------------


def asgi_alone(monitor: Monitor, details: Any) -> Any:
    from meshvitals.web.asgi import Health

    return uvicorn(Health(monitor=monitor, details=details))


def starlette_mount(monitor: Monitor, details: Any) -> Any:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    from meshvitals.web.asgi import Health

    async def hello(request: Any) -> Any:
        return PlainTextResponse("hello")

    own = Health(monitor=monitor, details=details)
    return uvicorn(Starlette(routes=[Route("/", hello), Mount("/internal", own)]))


def fastapi_middleware(monitor: Monitor, details: Any) -> Any:
    from fastapi import FastAPI

    from meshvitals.web.asgi import Health

    app = FastAPI()
    app.add_middleware(Health, monitor=monitor, details=details)

    @app.get("/")
    async def hello() -> str:
        return "hello"

    return uvicorn(app)


def wsgi_alone(monitor: Monitor, details: Any) -> Any:
    from meshvitals.web.wsgi import Health

    return wsgiref(Health(monitor=monitor, details=details))


def flask_middleware(monitor: Monitor, details: Any) -> Any:
    from flask import Flask

    from meshvitals.web.wsgi import Health

    app = Flask(__name__)
    app.wsgi_app = Health(app.wsgi_app, monitor=monitor, details=details)
    app.get("/")(lambda: "hello")
    return wsgiref(app)


def flask_mount(monitor: Monitor, details: Any) -> Any:
    from flask import Flask
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    from meshvitals.web.wsgi import Health

    app = Flask(__name__)
    app.get("/")(lambda: "hello")
    own = Health(monitor=monitor, details=details)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/internal": own})
    return wsgiref(app)


def aiohttp_routes(monitor: Monitor, details: Any) -> Any:
    from aiohttp import web

    from meshvitals.web.aiohttp import routes

    async def hello(request: Any) -> Any:
        return web.Response(text="hello")

    app = web.Application()
    app.add_routes([web.get("/", hello), *routes(monitor, details=details)])
    return aiohttp(app)


def aiohttp_subapp(monitor: Monitor, details: Any) -> Any:
    from aiohttp import web

    from meshvitals.web.aiohttp import routes

    async def hello(request: Any) -> Any:
        return web.Response(text="hello")

    app, own = web.Application(), web.Application()
    own.add_routes(routes(monitor, details=details))
    app.add_subapp("/internal", own)
    app.add_routes([web.get("/", hello)])
    return aiohttp(app)


#: The server with its application, where the endpoints are below it, and whether it has others.
SERVERS = [
    pytest.param(asgi_alone, "", False, marks=from_3_10),
    pytest.param(starlette_mount, "/internal", True, marks=from_3_10),
    pytest.param(fastapi_middleware, "", True, marks=from_3_10),
    pytest.param(wsgi_alone, "", False),
    pytest.param(flask_middleware, "", True, marks=from_3_10),
    pytest.param(flask_mount, "/internal", True, marks=from_3_10),
    pytest.param(aiohttp_routes, "", True, marks=from_3_10),
    pytest.param(aiohttp_subapp, "/internal", True, marks=from_3_10),
]
