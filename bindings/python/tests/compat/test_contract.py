"""`HealthCheck` keeps the contract of its predecessor."""

from __future__ import annotations

import asyncio
import inspect
import threading
from types import SimpleNamespace

import pytest
from compat.support import NEVER, Server, Switch, health, on_loop, result, started, until

from meshvitals.compat import HealthCheck, HealthCheckConfig, HealthStatus


def test_the_signatures_are_those_of_the_predecessor():
    """Section 1.4, the table."""
    asynchronous = {
        "start": [],
        "stop": [],
        "check_health": [],
        "check_url_health": ["url"],
        "check_instance_health": ["instance"],
        "check_tcp_port": ["host", "port"],
        "get_health_stats": [],
    }
    plain = {"register_check": ["name", "check"], "unregister_check": ["name"]}
    for names, is_asynchronous in ((asynchronous, True), (plain, False)):
        for name, parameters in names.items():
            method = getattr(HealthCheck, name)
            assert inspect.iscoroutinefunction(method) == is_asynchronous, name
            assert list(inspect.signature(method).parameters) == ["self", *parameters]
    constructor = inspect.signature(HealthCheck).parameters
    assert list(constructor) == ["config", "metrics_collector"]
    assert constructor["metrics_collector"].default is None


def test_it_is_made_without_a_loop_on_any_thread():
    """Section 1.4: constructible without a running loop, from any thread."""
    made = []
    thread = threading.Thread(target=lambda: made.append(health()))
    thread.start()
    thread.join()
    made[0].register_check("a", Switch())
    assert asyncio.run(made[0].check_health()) is True


def test_it_has_the_objects_it_was_given_and_is_true():
    """Section 1.4: attributes, and truth with zero checks."""
    config, collector = HealthCheckConfig(), object()
    made = HealthCheck(config, collector)
    assert made.config is config and made.metrics is collector
    assert made and not hasattr(made, "__len__")


@on_loop
async def test_methods_can_be_patched_and_an_instance_is_asked_by_its_url():
    """Section 1.4: subclassable, patchable, check_instance_health goes through self."""
    asked = []

    class Mine(HealthCheck):
        async def check_url_health(self, url):
            asked.append(url)
            return False

    made = Mine(HealthCheckConfig())
    assert not await made.check_instance_health(SimpleNamespace(health_check_url="http://a/"))

    async def always(url):
        asked.append(url)
        return True

    made.check_url_health = always
    assert await made.check_instance_health(SimpleNamespace(health_check_url="http://b/"))
    assert asked == ["http://a/", "http://b/"]


@pytest.mark.parametrize("url", [None, ""])
@on_loop
async def test_an_instance_without_a_url_is_healthy(url):
    """Section 1.4, check_instance_health."""
    assert await health().check_instance_health(SimpleNamespace(health_check_url=url)) is True


@on_loop
async def test_an_instance_is_as_its_url_answers():
    """Section 1.4, check_instance_health."""
    async with Server({"/up": "204 No Content", "/down": "503 Down"}) as server:
        url = server.url
        made = health()
        for path, answer in (("/up", True), ("/down", False)):
            instance = SimpleNamespace(health_check_url=url + path)
            assert await made.check_instance_health(instance) is answer


@on_loop
async def test_no_checks_are_healthy():
    """Section 1.4, check_health."""
    made = health()
    assert await made.check_health() is True
    await made.start()
    assert await made.check_health() is True
    await made.stop()


@on_loop
async def test_the_answer_is_a_real_bool():
    """Section 1.4, check_health."""
    made = health()
    made.register_check("a", Switch())
    assert await made.check_health() is True
    made.register_check("b", Switch("unhealthy"))
    assert await made.check_health() is False


@on_loop
async def test_a_coroutine_runs_on_the_callers_loop_and_thread():
    """Section 1.4, register_check."""
    seen = []

    async def where():
        seen.append((asyncio.get_running_loop(), threading.get_ident()))
        return {"status": "healthy"}

    here = (asyncio.get_running_loop(), threading.get_ident())
    made = health()
    made.register_check("a", where)
    await made.check_health()
    async with started() as other:
        other.register_check("a", where)
        await other.check_health()
    assert seen == [here, here]


@on_loop
async def test_the_same_name_replaces_the_check_and_its_counts():
    """Section 1.4, register_check."""
    made = health(failure_threshold=1)
    made.register_check("a", Switch("unhealthy"))
    assert not await made.check_health()
    assert (await made.get_health_stats())["failure_counts"] == {"a": 1}
    made.register_check("a", Switch())
    stats = await made.get_health_stats()
    assert (stats["failure_counts"], stats["last_check_results"]) == ({"a": 0}, {})
    assert await made.check_health()
    assert (await made.get_health_stats())["success_counts"] == {"a": 1}


@on_loop
async def test_unregistering_removes_the_result_and_the_counts():
    """Section 1.4, unregister_check."""
    made = health()
    made.unregister_check("unknown")
    made.register_check("a", Switch("unhealthy"))
    await made.check_health()
    made.unregister_check("a")
    stats = await made.get_health_stats()
    for key in ("last_check_results", "failure_counts", "success_counts"):
        assert stats[key] == {}
    assert stats["total_checks"] == 0
    assert await made.check_health()


@on_loop
async def test_unregistered_checks_do_not_run_any_more():
    """Section 1.4, unregister_check of a started object."""
    async with started(check_interval=0.01) as made:
        gone, other = Switch(), Switch()
        made.register_check("gone", gone)
        made.register_check("other", other)
        await until(lambda: gone.runs > 0)
        made.unregister_check("gone")
        runs = gone.runs
        now = other.runs
        await until(lambda: other.runs >= now + 5)
        assert gone.runs == runs


@on_loop
async def test_the_stats_have_every_key_and_every_registered_name():
    """Section 1.4, get_health_stats."""
    made = health()
    answers = {"h": "healthy", "d": "degraded", "u": "unhealthy"}
    for name, answer in answers.items():
        made.register_check(name, Switch(answer))
    await made.check_health()
    made.register_check("new", Switch())
    stats = await made.get_health_stats()
    assert {key: stats[key] for key in stats if key.endswith("_checks")} == {
        "total_checks": 4,
        "healthy_checks": 1,
        "degraded_checks": 1,
        "unhealthy_checks": 1,
        "unknown_checks": 1,
    }
    assert stats["failure_counts"] == {"h": 0, "d": 0, "u": 1, "new": 0}
    assert stats["success_counts"] == {"h": 1, "d": 0, "u": 0, "new": 0}
    assert set(stats["last_check_results"]) == set(answers)


@on_loop
async def test_a_result_is_the_checks_own_dict_with_all_its_keys():
    """Section 1.4, the result dict of a custom check."""
    made = health()
    made.register_check("a", Switch({"status": HealthStatus.HEALTHY, "rows": 3, "who": "db"}))
    await made.check_health()
    assert await result(made, "a") == {"status": HealthStatus.HEALTHY, "rows": 3, "who": "db"}


@on_loop
async def test_a_check_that_raises_has_status_error_and_timestamp():
    """Section 1.4, the result dict of a raising check."""
    made = health()
    made.register_check("a", Switch(ValueError("no rows")))
    await made.check_health()
    found = await result(made, "a")
    assert set(found) == {"status", "error", "timestamp"}
    assert found["status"] is HealthStatus.UNHEALTHY and "no rows" in found["error"]


@on_loop
async def test_names_may_be_anything():
    """Section 1.4: the predecessor took any name, also one that the engine would refuse."""
    made = health()
    names = ["", "system.mine", "meshvitals.x", "a\nb", "x" * 1000, "ü", 7, ("a", 1)]
    for name in names:
        made.register_check(name, Switch())
    assert await made.check_health()
    assert set((await made.get_health_stats())["last_check_results"]) == set(names)


@on_loop
async def test_the_configuration_is_read_live():
    """Section 1.3: fields, and the object itself, may be changed while checks run."""
    async with started(check_interval=0.01) as made:
        check = Switch()
        made.register_check("a", check)
        await until(lambda: check.runs >= 2)
        made.config.failure_threshold = 1
        made.config.timeout = 2.0
        check.answer = "unhealthy"
        await until(lambda: made._records["a"].status is HealthStatus.UNHEALTHY)
        assert (await made.get_health_stats())["failure_counts"]["a"] >= 1
        made.config = HealthCheckConfig(check_interval=NEVER, success_threshold=1)
        check.answer = "healthy"
        await until(lambda: made._records["a"].status is HealthStatus.HEALTHY)


def test_one_object_lives_under_several_loops_in_a_row():
    """Section 1.4."""
    made = health()
    check = Switch()
    made.register_check("a", check)

    async def life(stops):
        await made.start()
        assert await made.check_health()
        if stops:
            await made.stop()

    assert asyncio.run(made.check_health())
    for stops in (True, False, False, True):
        asyncio.run(life(stops))
    assert asyncio.run(made.check_health())
    assert check.runs == 6


def test_counts_go_on_from_loop_to_loop():
    """Section 1.4: a script that asks once per loop still gets its thresholds."""
    made = health()
    check = Switch()
    made.register_check("a", check)
    answers = []
    for answer in ("healthy", "unhealthy", "unhealthy", "unhealthy"):
        check.answer = answer
        answers.append(asyncio.run(made.check_health()))
    assert answers == [True, True, True, False]
