"""Leak loops of the drop-in."""

from __future__ import annotations

import pickle
import socket
import threading
from types import SimpleNamespace
from typing import Any, Callable, Dict

from meshvitals.compat import HealthCheck, HealthCheckConfig, HealthStatus

from leaks import keep, loop, on_loop

#: Threads come and go, and what they leave in their pools is as much as few calls would leave.
SOME = 150


class Answers:
    """A server that answers each connection with success, one after the other."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._work)
        self.thread.start()
        keep(self)

    def _work(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                if peer.recv(4096):
                    peer.sendall(b"HTTP/1.1 204 Fine\r\n\r\n")

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()


class Collector:
    """Forgets what it is told."""

    async def gauge(self, name: str, value: float, tags: Any = None) -> None:
        pass

    async def increment(self, name: str, value: float = 1.0, tags: Any = None) -> None:
        pass


async def works() -> Dict[str, Any]:
    return {"status": HealthStatus.HEALTHY, "rows": 3}


async def fails() -> Dict[str, Any]:
    raise ValueError("no rows")


def plain() -> Dict[str, Any]:
    return {"status": "degraded"}


def health(**fields: Any) -> HealthCheck:
    fields = {"enable_system_checks": False, **fields}
    made = HealthCheck(HealthCheckConfig(**fields), Collector())
    made.register_check("works", works)
    made.register_check("fails", fails)
    made.register_check("plain", plain)
    return made


@loop("compat.HealthStatus")
def status():
    return lambda: [pickle.loads(pickle.dumps(HealthStatus(each.value))) for each in HealthStatus]


@loop("compat.HealthCheckConfig", "compat.HealthCheckConfig.__eq__",
      "compat.HealthCheckConfig.__repr__")  # fmt: skip
def config():
    made = HealthCheckConfig()
    return lambda: (HealthCheckConfig(timeout=1.0) == made, repr(made))


@loop(
    "compat.HealthCheck",
    "compat.HealthCheck.register_check",
    "compat.HealthCheck.unregister_check",
    "compat.HealthCheck.register_dependency",
    "compat.HealthCheck.get_health_stats",
)
def registration():
    async def call() -> None:
        made = health()
        made.register_dependency("port", "127.0.0.1", 1)
        made.register_check("works", fails)
        made.unregister_check("fails")
        assert (await made.get_health_stats())["total_checks"] == 3

    return on_loop(call)


@loop("compat.HealthCheck.check_health", count=SOME)
def rounds():
    made = health()

    async def call() -> None:
        made.register_check("works", works)
        assert not await made.check_health()

    return on_loop(call)


def life(**fields: Any) -> Callable[[], object]:
    made = health(**fields)

    async def call() -> None:
        await made.start()
        made.register_check("works", works)
        assert not await made.check_health()
        await made.stop()

    return on_loop(call)


@loop("compat.HealthCheck.start", count=SOME)
def lives():
    return life()


# Each time the first share of the CPU takes a while.
@loop("compat.HealthCheck.stop", count=15)
def lives_of_the_machine():
    return life(enable_system_checks=True)


@loop(
    "compat.HealthCheck.check_url_health",
    "compat.HealthCheck.check_instance_health",
    "compat.HealthCheck.check_tcp_port",
    count=SOME,
)
def probes():
    server = Answers()
    made = health()
    instance = SimpleNamespace(health_check_url=f"http://127.0.0.1:{server.port}/")

    async def call() -> None:
        assert await made.check_url_health(instance.health_check_url)
        assert await made.check_instance_health(instance)
        assert await made.check_tcp_port("127.0.0.1", server.port)
        assert not await made.check_url_health("http://127.0.0.1:1/")
        await made.stop()

    return on_loop(call)
