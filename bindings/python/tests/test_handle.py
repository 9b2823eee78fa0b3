"""Handles: their status is the cell's, before, during and after the life of their check."""

from __future__ import annotations

import weakref

import pytest

from meshvitals import Heartbeat, Monitor, Outcome, Status

from conftest import SECOND


def beating(manual: Monitor, outcome: Outcome = Outcome.PASS):
    manual.advance(manual.now_ns + SECOND)
    check = manual.register(
        Heartbeat(ttl="30s"),
        name="jobs",
        first_result_decides="any",
        tags=["workers"],
        degraded_threshold=1,
    )
    manual.beat(check, outcome)
    return check


@pytest.mark.parametrize(
    ("outcome", "status", "functional"),
    [
        (Outcome.PASS, Status.HEALTHY, True),
        (Outcome.WARN, Status.DEGRADED, True),
        (Outcome.FAIL, Status.UNHEALTHY, False),
    ],
)
def test_status_and_truth_follow_the_results(manual: Monitor, outcome, status, functional):
    check = beating(manual, outcome)
    group = manual.group("workers")
    for handle in (check, group, manual.overall, manual["jobs"]):
        assert handle.status is status
        assert handle.fresh_status is status
        assert bool(handle) is functional
        assert handle.snapshot().status is status
    assert manual.status("jobs") is status and manual.status() is status
    assert group.answer is functional
    assert repr(check) == f"<Check 'jobs' {status.name}>"


def test_a_handle_reads_unknown_when_its_check_is_gone(manual: Monitor):
    check = beating(manual)
    manual.unregister("jobs")
    assert (check.status, check.fresh_status, bool(check)) == (
        Status.UNKNOWN,
        Status.UNKNOWN,
        False,
    )
    assert check.name == "jobs"


def test_a_handle_reads_unknown_after_the_stop(manual: Monitor):
    check = beating(manual)
    manual.stop()
    assert check.status is Status.UNKNOWN and not check


def test_a_handle_keeps_the_engine_but_not_the_monitor():
    monitor = Monitor(clock="manual")
    check = beating(monitor)
    gone = weakref.ref(monitor)
    del monitor
    assert gone() is None
    assert check.status is Status.HEALTHY


def test_what_is_too_old_reads_unknown(manual: Monitor):
    check = beating(manual)
    manual.advance(manual.now_ns + 3600 * SECOND)
    assert check.fresh_status is Status.UNKNOWN or check.status is not Status.HEALTHY


def test_handles_of_one_check_are_equal(manual: Monitor):
    check = beating(manual)
    assert check == manual["jobs"] == manual[check.id] == manual[check]
    assert len({check, manual["jobs"], manual.overall}) == 2
    assert check != "jobs" and check != manual.overall
    assert check in manual and "jobs" in manual and check.id in manual
    assert "nobody" not in manual and 3.5 not in manual


def test_the_id_of_a_group_is_no_check(manual: Monitor):
    beating(manual)
    assert manual.overall.id not in manual
    assert [group.name for group in manual.groups][:2] == ["overall", "readiness"]
    assert "workers" in [group.name for group in manual.groups]


def test_handles_cannot_be_made_or_changed(manual: Monitor):
    check = beating(manual)
    with pytest.raises(TypeError):
        type(check)()
    with pytest.raises(AttributeError):
        check.status = Status.HEALTHY
