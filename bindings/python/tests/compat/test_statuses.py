"""From results to statuses: thresholds, DEGRADED, and what a result may look like."""

from __future__ import annotations

import asyncio
import enum

import pytest
from compat.support import Switch, hang, health, on_loop, result, started, until

import meshvitals
from meshvitals.compat import HealthStatus


async def answers_of(made, check, script):
    """The answers to a script of results: h, d, u, or x for an exception."""
    words = {"h": "healthy", "d": "degraded", "u": "unhealthy", "x": ValueError("no")}
    answers = ""
    for letter in script:
        check.answer = words[letter]
        answers += "ny"[await made.check_health()]
    return answers


@pytest.mark.parametrize(
    ("script", "answers"),
    [
        ("h", "y"),
        ("u", "n"),
        ("huuhuu", "yyyyyy"),
        ("huuu", "yyyn"),
        ("huuuhuhh", "yyynnnny"),
        ("hxxx", "yyyn"),
        ("uhh", "nny"),
    ],
)
@on_loop
async def test_the_first_result_counts_at_once_and_then_the_thresholds_do(script, answers):
    """Row 7."""
    made = health(failure_threshold=3, success_threshold=2)
    check = Switch()
    made.register_check("a", check)
    assert await answers_of(made, check, script) == answers


@on_loop
async def test_results_that_come_and_go_change_nothing():
    """Row 8: fifty results in turn, no change."""
    made = health()
    check = Switch()
    made.register_check("a", check)
    assert await answers_of(made, check, "hu" * 25) == "y" * 50


@on_loop
async def test_a_first_failure_is_confirmed_soon():
    """Row 7, the decision: within an interval of an hour all three failures are there."""
    async with started(check_interval=3600.0) as made:
        check = Switch()
        made.register_check("a", check)
        assert await made.check_health()
        check.answer = "unhealthy"
        # The run that meets the failure would come in an hour.
        made._driver._roster._checks[made._records["a"]][0].check_now()
        made.register_check("b", Switch())
        await until(lambda: made._records["a"].status is HealthStatus.UNHEALTHY)
        assert check.runs == 4


@on_loop
async def test_degraded_serves():
    """Row 9."""
    made = health()
    made.register_check("a", Switch("degraded"))
    made.register_check("b", Switch())
    assert await made.check_health() is True
    assert (await result(made, "a"))["status"] is HealthStatus.DEGRADED


@on_loop
async def test_degraded_is_no_failure_and_never_escalates():
    """Row 10."""
    made = health()
    check = Switch("degraded")
    made.register_check("a", check)
    for _ in range(9):
        assert await made.check_health() is True
    assert (await result(made, "a"))["status"] is HealthStatus.DEGRADED
    assert (await made.get_health_stats())["failure_counts"] == {"a": 0}


@on_loop
async def test_an_exception_counts_as_a_failure():
    """Row 11: it adds to the failures and ends the successes."""
    made = health(failure_threshold=2)
    check = Switch()
    made.register_check("a", check)
    assert await answers_of(made, check, "hhhhx") == "yyyyy"
    stats = await made.get_health_stats()
    assert (stats["failure_counts"], stats["success_counts"]) == ({"a": 1}, {"a": 0})
    assert stats["last_check_results"]["a"]["status"] is HealthStatus.HEALTHY
    assert await answers_of(made, check, "x") == "n"
    assert (await result(made, "a"))["status"] is HealthStatus.UNHEALTHY


@on_loop
async def test_the_dict_of_a_check_is_left_alone():
    """Row 24: a check that returns one shared dict recovers."""
    made = health(failure_threshold=1, success_threshold=1)
    shared = {"status": HealthStatus.DEGRADED}
    check = Switch(shared)
    made.register_check("a", check)
    for _ in range(4):
        await made.check_health()
    assert shared == {"status": HealthStatus.DEGRADED}
    shared["status"] = HealthStatus.HEALTHY
    await made.check_health()
    assert (await result(made, "a"))["status"] is HealthStatus.HEALTHY


@on_loop
async def test_stats_are_copies():
    """Row 25: what a caller does to them, nobody else sees."""
    made = health()
    made.register_check("a", Switch({"status": "healthy", "rows": 3}))
    await made.check_health()
    stats = await made.get_health_stats()
    stats["last_check_results"]["a"].clear()
    for key in ("last_check_results", "failure_counts", "success_counts"):
        stats[key].clear()
    assert await result(made, "a") == {"status": HealthStatus.HEALTHY, "rows": 3}
    assert (await made.get_health_stats())["success_counts"] == {"a": 1}


@on_loop
async def test_what_is_not_known_yet_is_unknown():
    """Row 29: and is counted so."""
    made = health()
    made.register_check("a", Switch())
    stats = await made.get_health_stats()
    assert (stats["unknown_checks"], stats["total_checks"]) == (1, 1)
    await made.check_health()
    assert (await made.get_health_stats())["unknown_checks"] == 0


@on_loop
async def test_a_check_that_knows_nothing_is_unknown_and_no_failure():
    """Row 29: its own UNKNOWN is taken as it is, and does not serve."""
    made = health()
    check = Switch("unknown")
    made.register_check("a", check)
    assert await made.check_health() is False
    stats = await made.get_health_stats()
    assert (stats["unknown_checks"], stats["failure_counts"]) == (1, {"a": 0})
    check.answer = "healthy"
    assert await made.check_health() is True


@on_loop
async def test_what_is_too_old_to_be_believed_is_unknown():
    """Row 6, fresh results: one that comes no more does not serve for ever."""
    async with started(check_interval=0.01, timeout=0.1) as made:
        check = Switch()
        made.register_check("a", check)
        assert await made.check_health() is True
        check.answer = "unknown"
        await until(lambda: made._records["a"].status is HealthStatus.UNKNOWN)
        assert await made.check_health() is False
        assert (await made.get_health_stats())["failure_counts"] == {"a": 0}
        check.answer = "healthy"
        await until(lambda: made._records["a"].status is HealthStatus.HEALTHY)
        assert await made.check_health() is True


class Foreign(enum.Enum):
    """Somebody else's enumeration of the same words."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@pytest.mark.parametrize("name", ["HEALTHY", "DEGRADED", "UNHEALTHY"])
@on_loop
async def test_a_status_counts_by_its_value(name):
    """Row 31: a text, an equal foreign enumeration, the native one."""
    status = HealthStatus[name]
    for given in (status, status.value, name, Foreign[name], meshvitals.Status[name]):
        made = health()
        made.register_check("a", Switch({"status": given}))
        assert await made.check_health() is (name != "UNHEALTHY")
        assert (await result(made, "a"))["status"] is status


@pytest.mark.parametrize("answer", [None, 3, [], {}, {"status": "fine"}, {"status": None}])
@on_loop
async def test_what_is_no_result_is_a_failure_that_says_so(answer):
    """Row 31: with an error text."""
    made = health()

    async def odd():
        return answer

    made.register_check("a", odd)
    assert await made.check_health() is False
    assert "the check returned" in (await result(made, "a"))["error"]


@on_loop
async def test_results_come_one_by_one_and_have_an_age():
    """Row 33: one check that hangs keeps no other result back."""
    async with started(timeout=3600.0, check_interval=0.01) as made:
        check = Switch()
        made.register_check("hangs", hang)
        made.register_check("works", check)
        await until(lambda: check.runs > 2 and made._records["works"].successes > 2)
        stats = await made.get_health_stats()
        assert set(stats["last_check_results"]) == {"works"}
        before = stats["ages"]["works"]
        check.answer = asyncio.CancelledError()
        assert set(stats["ages"]) == {"works"} and before >= 0.0
        # No result comes any more, so it grows older.
        made._driver.close()
        await asyncio.sleep(0.01)
        first = (await made.get_health_stats())["ages"]["works"]
        await asyncio.sleep(0.01)
        assert (await made.get_health_stats())["ages"]["works"] > first
