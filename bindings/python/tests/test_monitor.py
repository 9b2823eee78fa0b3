"""The monitor: its life, its registry, what it says and what it is told."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import timedelta

import pytest

import meshvitals
from meshvitals import Heartbeat, Kind, Kinds, Monitor, Outcome, Reason, Result, Status, Tcp

from conftest import SECOND, eventually, expect_event, expect_status, threads


def is_running() -> bool:
    return "meshvitals" in threads()


def is_gone() -> bool:
    return not is_running()


def test_a_context_manager_starts_and_stops(monitor: Monitor, port: int):
    events = monitor.events()
    db = monitor.register(Tcp(f"127.0.0.1:{port}"), name="db", interval="20ms")
    with monitor as entered:
        assert entered is monitor
        expect_status(events, "db", Status.HEALTHY)
        assert db and is_running()
    assert db.status is Status.UNKNOWN
    assert eventually(is_gone)


def test_an_async_context_manager_does_the_same(monitor: Monitor, port: int):
    db = monitor.register(Tcp(f"127.0.0.1:{port}"), name="db", interval="20ms")

    async def main() -> None:
        async with monitor as entered:
            assert entered is monitor
            async for event in monitor.events():
                if event.name == "db" and event.status is Status.HEALTHY:
                    break
            assert db
        assert threading.active_count() == 1

    asyncio.run(main())
    assert eventually(is_gone)


def test_start_and_stop_may_be_repeated(monitor: Monitor):
    monitor.start()
    monitor.start()
    monitor.stop()
    monitor.stop(0.5)
    monitor.start()
    assert eventually(is_running)


def test_an_unreferenced_monitor_is_stopped():
    monitor = Monitor(system_checks=False)
    monitor.start()
    assert eventually(is_running)
    del monitor
    assert eventually(is_gone)


def test_options_are_the_documents_keys(manual: Monitor):
    with_options = manual.register(
        Heartbeat(ttl=timedelta(seconds=30)),
        name="a",
        tags=["x"],
        critical=False,
        cookie=7,
        failure_threshold=None,
    )
    document = {"name": "b", "heartbeat": {"ttl": "30s"}, "tags": ["x"], "critical": False}
    as_mapping = manual.register(document, cookie=7)
    as_text = manual.register(json.dumps({**document, "name": "c", "cookie": 7}))
    seen = [
        (
            check.snapshot().probe,
            check.snapshot().tags,
            check.snapshot().critical,
            check.snapshot().cookie,
        )
        for check in (with_options, as_mapping, as_text)
    ]
    assert seen == [("heartbeat", ("x",), False, 7)] * 3


def test_a_configuration_may_be_a_mapping_a_text_or_options():
    for monitor in (
        Monitor({"clock": "manual", "checks": [{"name": "a", "heartbeat": {"ttl": 1}}]}),
        Monitor('{"clock": "manual", "checks": [{"name": "a", "heartbeat": {"ttl": 1}}]}'),
        Monitor(
            {"clock": "system"}, clock="manual", checks=[{"name": "a", "heartbeat": {"ttl": 1}}]
        ),
    ):
        assert [check.name for check in monitor] == ["a"]
    with pytest.raises(meshvitals.InvalidDocument):
        Monitor("{")
    with pytest.raises(TypeError):
        Monitor("[]")


def test_many_are_registered_and_removed_at_once(manual: Monitor):
    documents = [{"name": f"n{n}", "heartbeat": {"ttl": 30}} for n in range(100)]
    checks = manual.register_many(documents)
    assert [check.name for check in checks] == [document["name"] for document in documents]
    assert manual.checks() == checks
    manual.unregister(*checks[:50], "n50", checks[51].id)
    assert len(manual.checks()) == 48


def test_replacing_keeps_what_it_can(manual: Monitor):
    manual.advance(SECOND)
    document = {"name": "a", "heartbeat": {"ttl": 30}, "first_result_decides": "any"}
    check = manual.replace(document)
    manual.beat(check)
    assert manual.replace(document) == check and check.status is Status.HEALTHY
    assert manual.replace({"name": "a", "external": {}}) == check
    assert check.status is Status.UNKNOWN


def test_a_snapshot_says_everything(manual: Monitor):
    manual.advance(SECOND)
    manual.register(Heartbeat(ttl=30), name="a", first_result_decides="any")
    manual.beat("a", Outcome.FAIL, value=3.5, message="no workers")
    seen = manual.snapshot("a")
    assert (seen.status, seen.measured, seen.reason) == (
        Status.UNHEALTHY,
        Status.UNHEALTHY,
        Reason.REPORTED,
    )
    assert (seen.message, seen.value, seen.threshold) == ("no workers", 3.5, None)
    assert (seen.failures, seen.passes, seen.runs, seen.in_flight) == (1, 0, 1, 0)
    assert seen.last == seen.since and seen.next == pytest.approx(seen.last + 30)
    assert manual.snapshot().runs == 1 and manual.snapshot().probe == "group"
    with pytest.raises(AttributeError):
        seen.status = Status.HEALTHY


def test_pauses_and_overrides_lie_over_what_is_measured(manual: Monitor):
    manual.advance(SECOND)
    check = manual.register(Heartbeat(ttl=30), name="a", first_result_decides="any")
    manual.beat("a")
    manual.pause("a")
    assert check.status is Status.UNKNOWN
    assert check.snapshot().mask == meshvitals.Mask.PAUSED
    manual.override("a", Status.DEGRADED, 5)
    assert check.status is Status.DEGRADED
    manual.override("a", None)
    manual.resume("a")
    assert check.status is Status.HEALTHY
    with pytest.raises(meshvitals.OutOfRange):
        check.override_status(9, 1.0)


def test_external_checks_are_answered_with_their_token(manual: Monitor):
    events = manual.events(Kinds.DUE | Kinds.RESULT)
    check = manual.register({"name": "a", "external": {}, "first_result_decides": "any"})
    manual.advance(SECOND)
    due = expect_event(events, lambda event: event.kind is Kind.DUE)
    assert (due.name, due.id) == ("a", check.id)
    assert due.deadline_ns == manual.now_ns + 5 * SECOND
    result = Result(Outcome.FAIL, value=0.5, message="half", detail=7, latency=0.25)
    manual.report(check, due.token, result)
    told = expect_event(events, lambda event: event.kind is Kind.RESULT)
    assert (told.outcome, told.reason, told.value) == (Outcome.FAIL, Reason.REPORTED, 0.5)
    assert (told.message, told.detail, told.latency) == ("half", 7, 0.25)
    assert check.status is Status.UNHEALTHY
    with pytest.raises(meshvitals.Stale):
        manual.report(check, due.token, result)
    with pytest.raises(meshvitals.OutOfRange):
        check.report(due.token, 1, reason=9_999)
    with pytest.raises(meshvitals.OutOfRange):
        check.report(due.token, 0)


def test_a_check_can_be_asked_for_now(monitor: Monitor, port: int):
    monitor.register(Tcp(f"127.0.0.1:{port}"), name="db", initial_delay="1h")
    events = monitor.events(Kinds.RESULT)
    monitor.start()
    monitor.check_now("db")
    assert expect_event(events, lambda event: event.name == "db").outcome is Outcome.PASS


def test_reports_are_rendered(manual: Monitor):
    assert json.loads(manual.render())["groups"][0]["name"] == "overall"
    assert manual.render("openmetrics").endswith("# EOF\n")


def test_a_probe_runs_once_without_a_monitor(port: int):
    assert meshvitals.probe_once(Tcp(f"127.0.0.1:{port}")).outcome is Outcome.PASS
    refused = meshvitals.probe_once(Tcp("127.0.0.1:1"), timeout="1s")
    assert (refused.outcome, refused.reason) == (Outcome.FAIL, Reason.CONNECT_REFUSED)
    assert refused.message and set(refused.phases) == {
        "resolve",
        "connect",
        "tls",
        "first_byte",
        "transfer",
    }
    with pytest.raises(meshvitals.WrongMode):
        meshvitals.probe_once(Heartbeat(ttl=1))
    with pytest.raises(meshvitals.OutOfRange):
        meshvitals.probe_once(meshvitals.Cpu(), {"slack": "1h"})


def test_calls_may_come_from_many_threads(monitor: Monitor):
    monitor.start()
    failures = []

    def churn(number: int) -> None:
        try:
            for turn in range(50):
                name = f"{number}-{turn}"
                check = monitor.register(Heartbeat(ttl=30), name=name)
                monitor.beat(name)
                monitor.snapshot(name)
                monitor.render()
                monitor.unregister(check)
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=churn, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures
    assert [check.name for check in monitor] == ["meshvitals.self"]


def test_a_stop_that_is_refused_stops_nothing(monitor: Monitor):
    monitor.check("a", interval="10ms", initial_delay=0)(lambda: None)
    monitor.start()
    events = monitor.events(Kinds.RESULT)
    for patience in (-1.0, float("nan")):
        with pytest.raises(meshvitals.OutOfRange):
            monitor.stop(patience)
    events.poll(64, 0)
    for _ in range(3):
        expect_event(events, lambda event: event.name == "a")


def test_threads_may_start_and_stop_it_at_once(monitor: Monitor):
    monitor.check("a", interval="10ms", initial_delay=0)(lambda: None)
    unexpected = []

    def churn() -> None:
        for _ in range(50):
            try:
                monitor.start()
                monitor.stop()
            except meshvitals.Error:
                pass
            except BaseException as error:
                unexpected.append(error)

    threads = [threading.Thread(target=churn) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert unexpected == []
    events = monitor.events(Kinds.RESULT)
    monitor.start()
    expect_event(events, lambda event: event.name == "a")


def test_a_stop_waits_for_functions_that_have_time_left(monitor: Monitor):
    inside, gate, ended = threading.Event(), threading.Event(), []

    @monitor.check("a", interval="1h", timeout="1h", initial_delay=0)
    def waits() -> None:
        inside.set()
        gate.wait(60)
        ended.append(True)

    monitor.start()
    assert inside.wait(60)
    # The engine withdraws the run first.
    opener = threading.Timer(0.05, gate.set)
    opener.start()
    monitor.stop(60)
    assert ended == [True]
    opener.join()
