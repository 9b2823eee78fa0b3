"""What is answered to which probe, whatever the server: the shared part of the endpoints."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from datetime import datetime
from typing import Any, Dict, Tuple

import pytest

import meshvitals
from meshvitals import Heartbeat, Kinds, Monitor, Outcome, Status
from meshvitals.web import PATHS, Endpoints

from conftest import BOUND, SECOND, expect_status

UNKNOWN, HEALTHY, DEGRADED, UNHEALTHY = Status


def ask(endpoints: Endpoints, path: str, details: bool = False) -> Tuple[int, Dict[str, Any]]:
    """The code and the document of an answer."""
    reply = endpoints.reply("GET", path, details)
    assert dict(reply.headers) == {
        "Content-Type": "application/health+json",
        "Content-Length": str(len(reply.body)),
        "Cache-Control": "no-store",
    }
    assert reply.body.endswith(b"\n")
    return reply.code, json.loads(reply.body)


def told(endpoints: Endpoints) -> Dict[str, Tuple[int, str]]:
    """The code and the word of every path."""
    answers = {path: ask(endpoints, path) for path in PATHS}
    assert all(set(document) == {"status"} for _, document in answers.values())
    return {path: (code, document["status"]) for path, (code, document) in answers.items()}


PASS, WARN, FAIL = (200, "pass"), (200, "warn"), (503, "fail")


@pytest.mark.parametrize(
    ("db", "loop", "live", "ready", "startup", "health"),
    [
        (UNKNOWN, UNKNOWN, WARN, FAIL, FAIL, FAIL),
        (HEALTHY, HEALTHY, PASS, PASS, PASS, PASS),
        (DEGRADED, HEALTHY, PASS, WARN, PASS, WARN),
        (HEALTHY, DEGRADED, WARN, PASS, WARN, WARN),
        (UNHEALTHY, HEALTHY, PASS, FAIL, PASS, FAIL),
        (HEALTHY, UNHEALTHY, FAIL, PASS, FAIL, FAIL),
    ],
)
def test_each_path_is_answered_by_its_group(
    manual: Monitor, db, loop, live, ready, startup, health
):
    manual.advance(SECOND)
    manual.register(Heartbeat("1h"), name="db", tags=["readiness"])
    manual.register(Heartbeat("1h"), name="loop", tags=["liveness", "startup"])
    for name, status in (("db", db), ("loop", loop)):
        if status is not UNKNOWN:
            manual.override(name, status)
    assert told(Endpoints(manual)) == {
        "/livez": live, "/readyz": ready, "/startupz": startup, "/health": health,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "expected"), [(UNKNOWN, FAIL), (HEALTHY, PASS), (DEGRADED, WARN), (UNHEALTHY, FAIL)]
)
def test_readiness_without_members_is_the_whole(manual: Monitor, status, expected):
    manual.advance(SECOND)
    manual.register(Heartbeat("1h"), name="a")
    if status is not UNKNOWN:
        manual.override("a", status)
    endpoints = Endpoints(manual)
    assert told(endpoints)["/readyz"] == expected
    assert "a" in ask(endpoints, "/readyz", details=True)[1]["checks"]
    # With a member of its own it speaks for itself.
    manual.register(Heartbeat("1h"), name="b", tags=["readiness"])
    manual.override("b", HEALTHY)
    assert told(endpoints)["/readyz"] == PASS
    assert set(ask(endpoints, "/readyz", details=True)[1]["checks"]) == {"b"}


def test_liveness_without_members_says_that_the_process_answers(manual: Monitor):
    assert told(Endpoints(manual))["/livez"] == PASS


def test_what_becomes_unknown_keeps_its_last_answer(manual: Monitor):
    manual.advance(SECOND)
    jobs = manual.register(Heartbeat("1h"), name="a", tags=["readiness"])
    endpoints = Endpoints(manual)
    for outcome, known, after in ((Outcome.PASS, PASS, WARN), (Outcome.FAIL, FAIL, FAIL)):
        manual.beat(jobs, outcome)
        assert told(endpoints)["/readyz"] == known
        manual.override(jobs, UNKNOWN, 60)
        assert manual.group("readiness").status is UNKNOWN
        assert told(endpoints)["/readyz"] == after
        manual.override(jobs, None)


class Silent:
    """A group of an engine that has stopped turning: it published once, too long ago."""

    name, status, fresh_status, answer = "readiness", HEALTHY, UNKNOWN, True


@pytest.mark.parametrize(
    ("name", "code"), [("readiness", 503), ("overall", 503), ("liveness", 200)]
)
def test_what_is_too_old_is_not_believed(name, code):
    group = Silent()
    group.name = name

    class Old(Monitor):
        def group(self, _: str) -> Any:
            return group

    path = {of: path for path, of in PATHS.items()}[name]
    assert ask(Endpoints(Old()), path)[0] == code


def test_the_silence_of_a_real_engine_ends_readiness(monitor: Monitor):
    """The engine is held by nothing here but by being stopped: UNKNOWN, and no answer is left."""
    monitor.register(Heartbeat("1h"), name="a", tags=["readiness", "liveness"])
    endpoints = Endpoints(monitor)
    with monitor:
        monitor.beat("a")
        assert told(endpoints)["/readyz"] == told(endpoints)["/livez"] == PASS
    assert told(endpoints)["/readyz"] == FAIL
    assert told(endpoints)["/livez"] == WARN


def test_answers_without_details_ask_nothing_of_the_engine(monitor: Monitor):
    class Cells:
        """Only the handles, and of them only what is read from cells."""

        def __init__(self, group: Any) -> None:
            self._group, self.name = group, group.name

        status = property(lambda self: self._group.status)
        fresh_status = property(lambda self: self._group.fresh_status)

    class Published(Monitor):
        def group(self, name: str) -> Any:
            return Cells(monitor.group(name))

        def render(self, format: str = "json") -> str:
            raise AssertionError("that takes the engine's lock")

    endpoints = Endpoints(Published())
    monitor.register(Heartbeat("1h"), name="a", tags=["readiness", "liveness"])
    with monitor:
        for outcome, expected in ((Outcome.PASS, PASS), (Outcome.FAIL, FAIL)):
            monitor.beat("a", outcome)
            for path in ("/livez", "/readyz", "/health"):
                code, document = ask(endpoints, path)
                assert (code, document["status"]) == expected, path


def test_details_do_not_hold_the_loop():
    asked = threading.Event()
    turned = threading.Event()

    class Slow(Monitor):
        def render(self, format: str = "json") -> str:
            asked.set()
            assert turned.wait(BOUND), "the loop stood still"
            return super().render(format)

    async def main() -> int:
        answer = asyncio.ensure_future(Endpoints(Slow()).areply("GET", "/livez", True))
        while not asked.is_set():
            await asyncio.sleep(0.001)
        turned.set()
        return (await answer).code

    assert asyncio.run(main()) == 200


def test_details_say_what_is_known_of_each_check(monitor: Monitor):
    @monitor.check("db", tags=["readiness"], interval="1h", initial_delay=0)
    def database() -> Dict[str, Any]:
        return {"status": "unhealthy", "value": 3.5, "message": "no answer from 10.0.0.5"}

    monitor.register(Heartbeat("1h"), name="other")
    endpoints = Endpoints(monitor)
    events = monitor.events()
    monitor.start()
    expect_status(events, "db", UNHEALTHY)
    code, document = ask(endpoints, "/readyz", details=True)
    (found,) = document["checks"].pop("db")
    assert datetime.fromisoformat(found.pop("time").replace("Z", "+00:00")).tzinfo
    assert (code, document, found) == (
        503,
        {"status": "fail", "checks": {}},
        {
            "componentType": "external",
            "status": "fail",
            "observedValue": 3.5,
            "output": "no answer from 10.0.0.5",
        },
    )
    code, document = ask(endpoints, "/health", details=True)
    # Nothing was measured and nothing is known: no value, no time.
    assert document["checks"]["other"] == [{"componentType": "heartbeat", "status": "warn"}]
    assert code == 503 and "meshvitals.self" in document["checks"]


def test_a_check_that_passes_gives_no_reasons(monitor: Monitor):
    monitor.register(Heartbeat("1h"), name="a")
    with monitor:
        monitor.beat("a", message="fine")
        (found,) = ask(Endpoints(monitor), "/health", details=True)[1]["checks"]["a"]
    assert found["status"] == "pass" and "output" not in found


def test_no_secret_is_told(monitor: Monitor):
    probe = meshvitals.Http(
        "http://127.0.0.1:1/?token=hunter2",
        headers={"Authorization": "Bearer hunter2"},
        body="hunter2",
    )
    events = monitor.events(Kinds.STATUS)
    monitor.register(probe, name="a", initial_delay=0, timeout="5s")
    monitor.start()
    expect_status(events, "a", UNHEALTHY)
    reply = Endpoints(monitor).reply("GET", "/health", details=True)
    assert b'"a":[' in reply.body and b"refused" in reply.body
    assert b"hunter2" not in reply.body


def test_only_get_and_head_are_answered(manual: Monitor):
    endpoints = Endpoints(manual)
    for path in PATHS:
        full, empty = endpoints.reply("GET", path), endpoints.reply("HEAD", path)
        assert empty == replace(full, body=b"") and full.body
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "get"):
            reply = endpoints.reply(method, path)
            assert (reply.code, dict(reply.headers)["Allow"]) == (405, "GET, HEAD")
    assert endpoints.reply("GET", "/healthz").code == 404
    assert "/health" in endpoints and "/" not in endpoints


@pytest.mark.parametrize(
    ("query", "details", "expected"),
    [
        ("verbose", True, True),
        ("a=1&verbose=1", True, True),
        ("verbose=", True, True),
        ("", True, False),
        ("verbosely", True, False),
        ("verbose", False, False),
        ("verbose", lambda request: request == "a friend", True),
        ("verbose", lambda request: request != "a friend", False),
        ("", lambda request: 1 / 0, False),
    ],
)
def test_details_are_told_when_asked_for_and_allowed(manual: Monitor, query, details, expected):
    endpoints = Endpoints(manual, details=details)
    assert endpoints.wants_details(query, "a friend") is expected


def test_a_function_for_details_that_fails_opens_nothing(manual: Monitor):
    def fails(request: object) -> bool:
        raise ValueError(request)

    async def refuses(request: object) -> bool:
        return False

    class Awaits:
        def __call__(self, request: object) -> object:
            refusal = refuses(request)
            refusal.close()
            return refusal

    for details in (fails, Awaits()):
        endpoints = Endpoints(manual, details=details)  # type: ignore[arg-type]
        assert endpoints.wants_details("verbose") is False
    with pytest.raises(TypeError, match="allowed: True, False, a plain function"):
        Endpoints(manual, details=refuses)  # type: ignore[arg-type]


def test_head_has_no_body_whatever_the_answer_is(manual: Monitor):
    endpoints = Endpoints(manual)
    for path in ("/livez", "/health", "/nothing"):
        asked, told = endpoints.reply("HEAD", path), endpoints.reply("GET", path)
        assert (asked.body, asked.code, asked.headers) == (b"", told.code, told.headers)
