"""The checks of the machine."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import pytest
from compat.support import BOUND, HealthCheck, Switch, health, on_loop, result, threads, until

from meshvitals import Disk, Memory, Outcome, Reason, Result, probe_once
from meshvitals._native import CpuSampler
from meshvitals.compat import HealthCheckConfig, HealthStatus, _system

NAMES = ["system.cpu", "system.memory", "system.disk"]


def machine(**fields) -> HealthCheck:
    """Checks with those of the machine."""
    return HealthCheck(HealthCheckConfig(check_interval=3600.0, **fields))


def figures(monkeypatch, measure) -> None:
    """Lets a function of the words cpu, memory and disk measure."""

    def probe(of, **options):
        return measure({Memory: "memory", Disk: "disk"}[type(of)])

    monkeypatch.setattr(_system, "probe_once", probe)
    sampler = SimpleNamespace(sample=lambda: measure("cpu"))
    monkeypatch.setattr(_system, "CpuSampler", lambda: sampler)


@on_loop
async def test_starting_adds_the_checks_of_the_machine():
    """Section 1.4, start, and the result dict of a system check."""
    made = machine(cpu_threshold=2.0, memory_threshold=2.0, disk_threshold=2.0)
    assert (await made.get_health_stats())["total_checks"] == 0
    await made.start()
    assert await made.check_health() is True
    results = (await made.get_health_stats())["last_check_results"]
    assert list(results) == NAMES
    for found in results.values():
        assert set(found) == {"status", "value", "threshold", "timestamp"}
        assert 0.0 <= found["value"] <= 1.0 and found["threshold"] == 2.0
    await made.stop()


@on_loop
async def test_they_are_added_only_if_the_configuration_says_so():
    """Section 1.3, enable_system_checks."""
    made = machine(enable_system_checks=False)
    await made.start()
    assert (await made.get_health_stats())["total_checks"] == 0
    await made.stop()


@on_loop
async def test_they_are_checks_as_others_are():
    """Section 1.4: they may be unregistered, and replaced before or after start."""
    made = machine()
    mine = Switch()
    made.register_check("system.cpu", mine)
    await made.start()
    made.unregister_check("system.disk")
    made.register_check("system.memory", mine)
    assert await made.check_health() is True
    assert mine.runs == 2
    assert (await made.get_health_stats())["total_checks"] == 2
    await made.stop()


@on_loop
async def test_measuring_never_holds_the_loop(monkeypatch):
    """Row 5: it takes threads, and the loop makes its turns meanwhile."""
    measured = {}
    gate = threading.Event()

    def measure(word):
        measured[word] = threading.current_thread()
        gate.wait(BOUND)
        return Result(Outcome.PASS, value=0.5)

    figures(monkeypatch, measure)
    made = machine()
    await made.start()
    asks = asyncio.ensure_future(made.check_health())
    await until(lambda: len(measured) == 3)
    gate.set()
    assert await asks is True
    assert threading.main_thread() not in measured.values()
    await made.stop()
    assert not threads()


@pytest.mark.parametrize(
    ("value", "threshold", "status"),
    [
        (0.0, 0.9, "healthy"),
        (0.89, 0.9, "healthy"),
        (0.9, 0.9, "degraded"),
        (0.98, 0.9, "degraded"),
        (1.0, 0.9, "unhealthy"),
        (0.5, 0.5, "degraded"),
        (0.54, 0.5, "degraded"),
        (0.56, 0.5, "unhealthy"),
        # From 0.91 upwards 1.1 times the threshold is beyond 1.
        (0.96, 0.95, "degraded"),
        (0.974, 0.95, "degraded"),
        (0.976, 0.95, "unhealthy"),
        (1.0, 0.91, "unhealthy"),
        (1.0, 1.0, "unhealthy"),
        (1.0, 1.5, "healthy"),
        (0.0, 0.0, "unhealthy"),
    ],
)
def test_unhealthy_is_in_reach_of_every_threshold(value, threshold, status):
    """Row 28, and section 1.4: the bands."""
    assert _system.band(value, threshold).value == status


@on_loop
async def test_the_thresholds_are_read_live(monkeypatch):
    """Section 1.3."""
    figures(monkeypatch, lambda word: Result(Outcome.PASS, value=0.5))
    made = machine(failure_threshold=1, success_threshold=1)
    made.config.check_interval = 0.01
    await made.start()
    assert await made.check_health() is True
    made.config.disk_threshold = 0.4
    await until(lambda: made._records["system.disk"].status is HealthStatus.UNHEALTHY)
    assert (await result(made, "system.disk"))["threshold"] == 0.4
    made.config.disk_threshold = 0.6
    await until(lambda: made._records["system.disk"].status is HealthStatus.HEALTHY)
    await made.stop()


@on_loop
async def test_a_level_is_not_confirmed_sooner(monkeypatch):
    """Row 7, the other side: a busy second is no outage, so levels keep their interval. To the
    engine they are functions like others, so it must be told."""
    asked = []

    def measure(word):
        asked.append(word)
        return Result(Outcome.PASS, value=1.0 if asked.count("disk") > 1 else 0.5)

    figures(monkeypatch, measure)
    made = machine()
    await made.start()
    assert await made.check_health() is True
    check = made._driver._roster._checks[made._records["system.disk"]][0]
    check.check_now()
    made.register_check("a", Switch())
    await until(lambda: made._records["system.disk"].failures == 1)
    assert check.snapshot().next > check.snapshot().last + 1000.0
    await made.stop()


@on_loop
async def test_a_filesystem_that_does_not_answer_fails_alone(monkeypatch):
    """Row 35: a mount that hangs holds neither the loop nor the other checks."""
    gate = threading.Event()

    def measure(word):
        if word == "disk":
            gate.wait(BOUND)
        return Result(Outcome.PASS, value=0.5)

    figures(monkeypatch, measure)
    made = machine(timeout=0.1)
    await made.start()
    assert await made.check_health() is False
    results = (await made.get_health_stats())["last_check_results"]
    assert results["system.disk"]["error"].startswith("TimeoutError: ")
    assert results["system.memory"]["status"] is HealthStatus.HEALTHY
    gate.set()
    await made.stop()


@on_loop
async def test_the_figures_are_those_of_the_library():
    """Row 35: what it learns about containers, these checks learn with it."""
    assert (_system.probe_once, _system.CpuSampler) == (probe_once, CpuSampler)
    made = machine(cpu_threshold=2.0)
    await made.start()
    assert made._machine._memory(5.0).value == pytest.approx(probe_once(Memory()).value, abs=0.2)
    assert made._machine._disk(5.0).value == pytest.approx(probe_once(Disk("/")).value, abs=0.2)
    await made.stop()


@on_loop
async def test_a_cpu_share_is_that_since_the_run_before(monkeypatch):
    """Row 5: nothing waits to measure, but where there was no run before."""
    made = health()
    gaps = []
    monkeypatch.setattr(_system.time, "sleep", gaps.append)
    none = Result(Outcome.LOCAL, Reason.NO_SAMPLE)
    answers = [none, Result(Outcome.PASS, value=0.2), Result(Outcome.PASS, value=0.3)]
    figures(monkeypatch, lambda word: answers.pop(0))
    made._machine.open()
    cpu = made._machine.checks["system.cpu"]
    assert (cpu()["value"], cpu()["value"], gaps) == (0.2, 0.3, [0.2])
    made._machine.close()
    answers += [none, Result(Outcome.PASS, value=0.4)]
    made.config.timeout = 0.1
    assert (cpu()["value"], gaps) == (0.4, [0.2, 0.05])


@on_loop
async def test_a_figure_that_there_is_not_is_no_failure(monkeypatch):
    """Row 35: what the system does not tell is unknown and in nobody's way; an error fails."""
    answers = {
        "cpu": Result(Outcome.LOCAL, Reason.LOCAL_UNSUPPORTED, message="no such file"),
        "memory": Result(Outcome.FAIL, message="broken"),
        "disk": Result(Outcome.PASS, value=0.1),
    }
    figures(monkeypatch, answers.get)
    made = machine()
    await made.start()
    assert await made.check_health() is False
    stats = await made.get_health_stats()
    results = stats["last_check_results"]
    assert results["system.cpu"]["status"] is HealthStatus.UNKNOWN
    assert results["system.cpu"]["error"] == "no such file"
    assert results["system.memory"]["error"] == "RuntimeError: broken"
    assert stats["failure_counts"]["system.cpu"] == 0
    made.unregister_check("system.memory")
    assert await made.check_health() is True
    await made.stop()
