"""The endpoints in real servers: each answers the same to the same question."""

from __future__ import annotations

import asyncio
import json
from typing import Any, List

import pytest

from meshvitals import Heartbeat, Monitor, Outcome
from meshvitals.web import PATHS, Endpoints
from meshvitals.web.asgi import Health

from webservers import SERVERS

each_server = pytest.mark.parametrize(("serve", "prefix", "has_others"), SERVERS)


@pytest.fixture
def alive(monitor: Monitor) -> Monitor:
    """A monitor that runs and is ready."""
    monitor.register(Heartbeat("1h"), name="db", tags=["readiness"])
    monitor.start()
    monitor.beat("db")
    return monitor


@each_server
def test_every_answer_is_that_of_the_endpoints(alive: Monitor, serve, prefix, has_others):
    endpoints = Endpoints(alive)
    with serve(alive, True) as ask:
        for outcome, code in ((Outcome.PASS, 200), (Outcome.FAIL, 503)):
            alive.beat("db", outcome)
            assert ask("GET", f"{prefix}/readyz")[0] == code
            for path in PATHS:
                for method in ("GET", "HEAD", "POST"):
                    got, headers, body = ask(method, prefix + path)
                    reply = endpoints.reply(method, path)
                    assert (got, body) == (reply.code, reply.body), (method, path)
                    wanted = {name.lower(): value for name, value in reply.headers}
                    assert {name: headers.get(name) for name in wanted} == wanted, (method, path)


@each_server
def test_others_are_left_alone(alive: Monitor, serve, prefix, has_others):
    with serve(alive, True) as ask:
        assert ask("GET", f"{prefix}/nothing")[0] == 404
        code, _, body = ask("GET", "/")
        assert (code, b"hello" in body) == ((200, True) if has_others else (404, False))


@each_server
def test_details_are_told_to_those_who_ask(alive: Monitor, serve, prefix, has_others):
    with serve(alive, True) as ask:
        assert "checks" not in json.loads(ask("GET", f"{prefix}/readyz")[2])
        code, _, body = ask("GET", f"{prefix}/readyz?verbose")
        assert code == 200 and set(json.loads(body)["checks"]) == {"db"}
        code, headers, body = ask("HEAD", f"{prefix}/readyz?verbose")
        assert (code, body) == (200, b"") and int(headers["content-length"]) > 20


@each_server
def test_details_may_be_refused_by_what_the_request_is(alive: Monitor, serve, prefix, has_others):
    seen: List[Any] = []

    def is_refused(request: Any) -> bool:
        seen.append(request)
        return False

    with serve(alive, is_refused) as ask:
        code, _, body = ask("GET", f"{prefix}/health?verbose")
        assert (code, json.loads(body)) == (200, {"status": "pass"})
        ask("GET", f"{prefix}/health")
    # The scope, the environment or the request: all of them know the path.
    (request,) = seen
    path = getattr(request, "path", None) or request.get("PATH_INFO") or request["path"]
    assert path.endswith("/health")


def test_asgi_applications_get_their_own_messages_and_see_the_mounted_path(alive: Monitor):
    passed: List[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope)

    async def main() -> List[Any]:
        sent: List[Any] = []

        async def send(message: Any) -> None:
            sent.append(message.get("status", message["type"]))

        async def receive() -> Any:
            return {"type": kinds.pop(0)}

        def http(path: str, root: str = "") -> Any:
            return {"type": "http", "method": "GET", "path": path, "root_path": root}

        for scope in ({"type": "lifespan"}, {"type": "websocket", "path": "/livez"}, http("/x")):
            await Health(app, monitor=alive)(scope, receive, send)
        assert sent == [] and len(passed) == 3
        alone = Health(monitor=alive)
        kinds = ["lifespan.startup", "lifespan.shutdown"]
        await alone({"type": "lifespan"}, receive, send)
        await alone({"type": "websocket", "path": "/livez"}, receive, send)
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete",
                        "websocket.close"]  # fmt: skip
        sent.clear()
        # Servers differ in whether the path has what the application is mounted below.
        for scope in (
            http("/in/livez", "/in"),
            http("/in/livez", "/in/"),
            http("/livez", "/in"),
            http("/livez", "/"),
            http("/livez", "/live"),
            http("/livez", "/livez"),
            http("/in/livez"),
        ):
            await alone(scope, receive, send)
        return [code for code in sent if isinstance(code, int)]

    assert asyncio.run(main()) == [200, 200, 200, 200, 200, 200, 404]
