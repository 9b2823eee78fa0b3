"""What the tests of the drop-in share: checks that do as they are told, collectors, small servers.

Nothing here waits for time to pass: it waits for what the loop does, with a generous bound.
"""

from __future__ import annotations

import asyncio
import functools
import os
import socket
import threading
import time
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, List, Set, Tuple

from meshvitals.compat import HealthCheck, HealthCheckConfig

#: Longer than any machine needs.
BOUND = 60.0
#: An interval in which nothing runs again during a test.
NEVER = 3600.0


def on_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs a test on a loop of its own, and looks whether it left a task."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        async def bounded() -> None:
            await asyncio.wait_for(test(*arguments, **named), BOUND)
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            if tasks:
                # What is about to end may do so.
                _, tasks = await asyncio.wait(tasks, timeout=0.1)
            left = {task.get_name() for task in tasks}
            assert left <= {"stays"}, left

        asyncio.run(bounded())

    return run


async def until(is_so: Callable[[], bool]) -> None:
    """Lets the loop go on until it is so; `on_loop` has the bound."""
    while not is_so():
        await asyncio.sleep(0.001)


def health(metrics: Any = None, **fields: Any) -> HealthCheck:
    """Checks without those of the machine, which run once unless they are told otherwise."""
    fields = {"check_interval": NEVER, "enable_system_checks": False, **fields}
    return HealthCheck(HealthCheckConfig(**fields), metrics)


@asynccontextmanager
async def started(metrics: Any = None, **fields: Any) -> AsyncIterator[HealthCheck]:
    """The same, started, and stopped at the end."""
    made = health(metrics, **fields)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


class Switch:
    """A check that answers what it is told, and counts how often it was asked."""

    def __init__(self, answer: Any = "healthy") -> None:
        self.answer = answer
        self.runs = 0

    async def __call__(self) -> Any:
        self.runs += 1
        if isinstance(self.answer, BaseException):
            # One that is kept would keep the frames that it was raised in.
            raise type(self.answer)(*self.answer.args)
        return {"status": self.answer} if isinstance(self.answer, str) else self.answer


async def hang() -> Dict[str, Any]:
    """Never answers."""
    await asyncio.sleep(BOUND)
    raise AssertionError("nobody waits so long")


async def result(made: HealthCheck, name: str) -> Dict[str, Any]:
    """The last result of a check."""
    return (await made.get_health_stats())["last_check_results"][name]


class Collector:
    """Remembers what it is told, as the mesh's collector would be called."""

    def __init__(self) -> None:
        self.calls: List[Tuple[str, str, Any, Dict[str, Any]]] = []
        self.threads: Set[int] = set()
        self.loops: Set[asyncio.AbstractEventLoop] = set()

    async def gauge(self, name: str, value: float, tags: Any = None) -> None:
        self.told("gauge", name, value, tags)

    async def increment(self, name: str, value: float = 1.0, tags: Any = None) -> None:
        self.told("increment", name, value, tags)

    def told(self, method: str, name: str, value: Any, tags: Dict[str, Any]) -> None:
        self.calls.append((method, name, value, tags))
        self.threads.add(threading.get_ident())
        self.loops.add(asyncio.get_running_loop())

    def gauges(self, check: str) -> List[Any]:
        """The values of a check's gauge."""
        return [
            value
            for method, name, value, tags in self.calls
            if (method, name, tags) == ("gauge", "health.check.status", {"check": check})
        ]

    def errors(self) -> List[Dict[str, Any]]:
        """The tags of the errors."""
        return [
            tags
            for method, name, _, tags in self.calls
            if (method, name) == ("increment", "health.check.error")
        ]


class Server:
    """Answers paths with a status line and headers; "" closes, "hang" waits, "drip" sends a
    letter now and then. It has threads of its own, which end with it."""

    def __init__(self, answers: Dict[str, str], context: Any = None) -> None:
        self.heads: List[str] = []
        self._answers = answers
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]

    async def __aenter__(self) -> Server:
        self._threads[0].start()
        return self

    async def __aexit__(self, *_: Any) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            while thread.is_alive():
                await asyncio.sleep(0.001)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=[peer]))
            self._threads[-1].start()

    def _serve(self, peer: socket.socket) -> None:
        with peer:
            try:
                if self._context is None:
                    self._answer(peer)
                else:
                    with self._context.wrap_socket(peer, server_side=True) as secured:
                        self._answer(secured)
            except OSError:
                # The client has left.
                pass

    def _answer(self, peer: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            more = peer.recv(4096)
            if not more:
                return
            head += more
        self.heads.append(head.decode())
        answer = self._answers.get(head.split()[1].decode(), "404 Not Found")
        if answer == "hang":
            peer.recv(1)
        while answer == "drip":
            peer.send(b"H")
            time.sleep(0.01)
        if answer not in ("", "hang"):
            peer.sendall(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())


def silent_port() -> Tuple[socket.socket, List[socket.socket], int]:
    """A port that never answers: its queue is full. What comes with it keeps it so."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = []
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(listener.getsockname())
        waiting.append(one)
    return listener, waiting, listener.getsockname()[1]


def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def threads() -> Set[str]:
    """The threads of this library."""
    return {one.name for one in threading.enumerate() if one.name.startswith("meshvitals")}


def descriptors() -> int:
    """How many are open, the one that counts them left out."""
    return len(os.listdir("/proc/self/fd")) - 1


def eventually(is_so: Callable[[], bool]) -> bool:
    """Waits for what other threads do in their own time."""
    limit = time.monotonic() + BOUND
    while not is_so():
        if time.monotonic() > limit:
            return False
        time.sleep(0.001)
    return True
