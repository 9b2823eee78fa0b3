"""Probes of others: a URL and a port, answered with true or false, never with an exception.

They run on threads, because resolving names, reading certificates and TLS would hold the loop; the
threads are there only while there is something to do. The library's own HTTP probe follows no
redirect and knows no TLS, so this is the standard library's client, without the proxies of the
environment. What cannot be ended from outside is resolving a name.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import deque
from typing import Any, Callable, Deque, Set

from ._options import number
from ._wire import Wire

__all__ = ["Dependencies"]

#: Probes that run at once; others wait for their turn.
_LIMIT = 128
#: How long ending waits for the threads.
_PATIENCE = 1.0
_LOOK = 0.001


class Dependencies:
    """The probes of one `HealthCheck`, from any loop and thread."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._waiting: Deque[Callable[[], None]] = deque()
        self._wires: Set[Wire] = set()
        self._threads: Set[threading.Thread] = set()

    async def get(self, url: Any, config: Any) -> bool:
        """Whether a URL is answered with success."""
        seconds = number(config, "timeout", 0.001, 3600.0)
        return await self._answer(seconds, lambda wire: wire.get(url))

    async def reach(self, host: Any, port: Any, config: Any) -> bool:
        """Whether a port accepts a connection."""
        seconds = number(config, "dependency_timeout", 0.001, 3600.0)
        return await self._answer(seconds, lambda wire: wire.reaches(host, port))

    async def aclose(self) -> None:
        """Gives up all probes, whose answer is no, and waits for their threads; a bounded time."""
        if self._pid != os.getpid():
            return
        until = time.monotonic() + _PATIENCE
        with self._lock:
            threads = list(self._threads)
        for wire in list(self._wires):
            wire.give_up()
        while any(thread.is_alive() for thread in threads) and time.monotonic() < until:
            await asyncio.sleep(_LOOK)

    async def _answer(self, seconds: float, probe: Callable[[Wire], bool]) -> bool:
        if self._pid != os.getpid():
            # A forked child has none of the threads.
            self._forget()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        wire = Wire(seconds)

        def settle(found: bool) -> None:
            if not answer.done():
                answer.set_result(found)

        def work() -> None:
            try:
                found = probe(wire)
            except Exception:
                found = False
            try:
                loop.call_soon_threadsafe(settle, found)
            except RuntimeError:
                # The loop was closed, and nobody waits any more.
                pass

        self._wires.add(wire)
        timer = loop.call_later(seconds, settle, False)
        try:
            self._submit(work)
            return await answer
        finally:
            timer.cancel()
            wire.give_up()
            self._wires.discard(wire)

    def _submit(self, work: Callable[[], None]) -> None:
        with self._lock:
            self._waiting.append(work)
            if len(self._threads) >= _LIMIT:
                return
            thread = threading.Thread(target=self._work, name="meshvitals-probe", daemon=True)
            self._threads.add(thread)
            try:
                thread.start()
            except RuntimeError:
                # There are no more threads: another takes it, or its time passes.
                self._threads.discard(thread)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads.discard(threading.current_thread())
                    return
                work = self._waiting.popleft()
            work()
