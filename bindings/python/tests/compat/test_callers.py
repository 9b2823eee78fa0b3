"""The mesh's modules call in: what they import, what they call, what they make of it."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
import types

import pytest
from compat.support import BOUND, Collector, Server, Switch, closed_port, health, on_loop, until

import meshvitals.compat

ANSWERS = {"/up": "200 OK", "/down": "503 Down"}
NAMES = ["up", "down"]


@pytest.fixture
def mesh(monkeypatch):
    """The callers, with the drop-in where they look for it."""
    place = "datapunk.lib.mesh.health.checks"
    for name in [place[: place.find(part) + len(part)] for part in place.split(".")]:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    checks = sys.modules[place]
    for name in meshvitals.compat.__all__:
        setattr(checks, name, getattr(meshvitals.compat, name))
    monkeypatch.delitem(sys.modules, "compat.callers", raising=False)
    yield importlib.import_module("compat.callers")
    sys.modules.pop("compat.callers", None)


def test_the_drop_in_imports_nothing_of_the_mesh():
    """Rows 1 and 2, section 1.6: with a mesh that cannot be imported, and no client library."""
    program = """if True:
        import sys

        before = set(sys.modules)

        class Refuses:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in {"datapunk", "aiohttp", "psutil", "grpc"}:
                    raise AssertionError(f"{name} was imported")

        sys.meta_path.insert(0, Refuses())
        import asyncio
        from meshvitals.compat import HealthCheck, HealthCheckConfig, HealthStatus

        async def life():
            made = HealthCheck(HealthCheckConfig())
            await made.start()
            await made.check_url_health("http://127.0.0.1:1/")
            await made.stop()

        asyncio.run(life())
        new = {name: sys.modules[name] for name in set(sys.modules) - before}
        files = {name: getattr(module, "__file__", None) or "" for name, module in new.items()}
        installed = [name for name, file in files.items() if "site-packages" in file]
        print(*sorted({name.partition(".")[0] for name in installed}))
    """
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-I", "-c", program],
        capture_output=True, text=True, timeout=BOUND,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["meshvitals"]


def test_one_line_in_the_place_of_the_module_is_enough(tmp_path, monkeypatch):
    """Section 1.6 (a): a module of that name with one import."""
    (tmp_path / "checks_of_a_mesh.py").write_text(
        "from meshvitals.compat import HealthStatus, HealthCheckConfig, HealthCheck\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    checks = importlib.import_module("checks_of_a_mesh")
    assert asyncio.run(checks.HealthCheck(checks.HealthCheckConfig()).check_health()) is True


@on_loop
async def test_the_rest_server_answers_200_and_503_and_never_500(mesh):
    """Section 1.1, communication/rest/server.py."""
    made = health()
    rest = mesh.RestHealth(made)
    assert await mesh.RestHealth().get() == await rest.get() == 200
    check = Switch("degraded")
    made.register_check("a", check)
    assert await rest.get() == 200
    made.register_check("b", Switch(asyncio.CancelledError()))
    assert await rest.get() == 503
    for _ in range(30):
        made.register_check("c", Switch())
        assert await rest.get() == 503
        made.unregister_check("c")


@on_loop
async def test_the_grpc_server_serves_or_not(mesh):
    """Section 1.1, communication/grpc/server.py."""
    made = health()
    grpc = mesh.GrpcHealth(made)
    assert await grpc.check() == "SERVING"
    made.register_check("a", Switch("unhealthy"))
    assert await grpc.check() == "NOT_SERVING"


@on_loop
async def test_the_registry_runs_on_an_object_that_nobody_starts(mesh):
    """Section 1.1, discovery/registry.py."""
    async with Server(ANSWERS) as server:
        registry = mesh.Registry(health(timeout=1.0))
        urls = {
            "up": server.url + "/up",
            "down": server.url + "/down",
            "gone": f"http://127.0.0.1:{closed_port()}/",
            "silent": None,
        }
        registry.services = {name: mesh.Instance(name, url) for name, url in urls.items()}
        await registry.start()
        await until(lambda: registry.services["gone"].state == "unhealthy")
        await registry.stop()
        states = {name: instance.state for name, instance in registry.services.items()}
    assert registry.errors == 0
    assert states == {
        "up": "running",
        "down": "unhealthy",
        "gone": "unhealthy",
        "silent": "starting",
    }


@on_loop
async def test_the_balancer_keeps_those_that_answer(mesh):
    """Section 1.1, routing/balancer.py: the answer is raw, without thresholds."""
    answers = dict(ANSWERS)
    async with Server(answers) as server:
        collector = Collector()
        balancer = mesh.Balancer(health(), metrics=collector)
        balancer.instances = [
            mesh.Routed(mesh.Instance("a", server.url + "/up")),
            mesh.Routed(mesh.Instance("b")),
        ]
        for answer, pool in (("200 OK", ["a", "b"]), ("500 Error", ["b"]), ("200 OK", ["a", "b"])):
            answers["/up"] = answer
            await balancer.check_all()
            assert balancer.pool() == pool
        balancer.instances.append(mesh.Routed(object()))
        await balancer.check_all()
        assert balancer.instances[-1].failures == 1, "what is no instance is told to its caller"
    told = [(value, tags["instance"]) for _, _, value, tags in collector.calls]
    assert told[:6] == [(1, "a"), (1, "b"), (0, "a"), (1, "b"), (1, "a"), (1, "b")]


@on_loop
async def test_the_monitor_compares_and_prints_statuses(mesh):
    """Section 1.1, health/monitoring.py."""
    async with Server(ANSWERS) as server:
        monitoring = mesh.Monitoring(health())
        monitoring.services = [mesh.Instance(name, server.url + "/" + name) for name in NAMES]
        await monitoring.start()
        await until(lambda: len(monitoring.history.get("down", [])) > 1)
        await monitoring.stop()
    assert (monitoring.error_rate("up"), monitoring.error_rate("down")) == (0.0, 1.0)
    assert monitoring.stats() == {"up": "healthy", "down": "unhealthy"}


@on_loop
async def test_callers_with_nothing_to_check_with_do_not_check(mesh):
    """Section 1.4, truth: an object without checks is something to check with, None is not."""
    for made, is_checking in ((None, False), (health(), True)):
        registry = mesh.Registry(made)
        await registry.start()
        assert (registry.task is not None) is is_checking
        await registry.stop()
