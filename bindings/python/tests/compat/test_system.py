"""The checks of the machine."""

from __future__ import annotations

import asyncio
import threading

import pytest

from compat.support import BOUND, HealthCheck, Switch, health, on_loop, result, threads, until
from meshvitals import Cpu, Disk, Memory, Outcome, Reason, Result
from meshvitals.compat import HealthCheckConfig, HealthStatus, _system

NAMES = ["system.cpu", "system.memory", "system.disk"]


def machine(**fields) -> HealthCheck:
    """Checks with those of the machine."""
    return HealthCheck(HealthCheckConfig(check_interval=3600.0, **fields))


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
    """Row 5: it takes a thread, and the loop makes its turns meanwhile."""
    measured = []

    def probe(of, **options):
        measured.append((type(of), threading.current_thread()))
        gate.wait(BOUND)
        return Result(Outcome.PASS, value=0.5)

    gate = threading.Event()
    monkeypatch.setattr(_system, "probe_once", probe)
    made = machine()
    await made.start()
    asks = asyncio.ensure_future(made.check_health())
    await until(lambda: len(measured) == 3)
    gate.set()
    assert await asks is True
    assert {kind for kind, _ in measured} == {Cpu, Memory, Disk}
    assert threading.main_thread() not in {thread for _, thread in measured}
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
    answer = Result(Outcome.PASS, value=0.5)
    monkeypatch.setattr(_system, "probe_once", lambda of, **options: answer)
    made = health(failure_threshold=1, success_threshold=1)
    for name, function in _system.system_checks(lambda: made.config).items():
        made.register_check(name, function)
    assert await made.check_health() is True
    made.config.disk_threshold = 0.4
    assert await made.check_health() is False
    assert (await result(made, "system.disk"))["threshold"] == 0.4
    made.config.disk_threshold = 0.6
    assert await made.check_health() is True


@on_loop
async def test_a_filesystem_that_does_not_answer_fails_alone(monkeypatch):
    """Row 35: a mount that hangs holds neither the loop nor the other checks."""
    gate = threading.Event()

    def probe(of, **options):
        if isinstance(of, Disk):
            gate.wait(BOUND)
        return Result(Outcome.PASS, value=0.5)

    monkeypatch.setattr(_system, "probe_once", probe)
    made = machine(timeout=0.1)
    await made.start()
    assert await made.check_health() is False
    results = (await made.get_health_stats())["last_check_results"]
    assert results["system.disk"]["error"].startswith("TimeoutError: ")
    assert results["system.memory"]["status"] is HealthStatus.HEALTHY
    gate.set()
    await made.stop()


@on_loop
async def test_the_figures_are_those_of_the_library(monkeypatch):
    """Row 35: which measures the container and not its host."""
    asked = []

    def probe(of, **options):
        asked.append(of)
        return Result(Outcome.PASS, value=0.25)

    monkeypatch.setattr(_system, "probe_once", probe)
    made = machine()
    await made.start()
    await made.check_health()
    assert sorted(map(repr, asked)) == sorted(map(repr, [Cpu(), Memory(), Disk("/")]))
    assert (await result(made, "system.memory"))["value"] == 0.25
    await made.stop()


@on_loop
async def test_a_figure_that_there_is_not_is_no_failure(monkeypatch):
    """Row 35: what the system does not tell is unknown; what does not answer fails."""
    answers = {
        Cpu: Result(Outcome.LOCAL, Reason.NO_SAMPLE, message="no such file"),
        Memory: Result(Outcome.FAIL, message="broken"),
        Disk: Result(Outcome.PASS, value=0.1),
    }
    monkeypatch.setattr(_system, "probe_once", lambda of, **options: answers[type(of)])
    made = machine()
    await made.start()
    await made.check_health()
    results = (await made.get_health_stats())["last_check_results"]
    assert results["system.cpu"]["status"] is HealthStatus.UNKNOWN
    assert results["system.cpu"]["error"] == "no such file"
    assert results["system.memory"]["error"] == "RuntimeError: broken"
    assert (await made.get_health_stats())["failure_counts"]["system.cpu"] == 0
    await made.stop()
