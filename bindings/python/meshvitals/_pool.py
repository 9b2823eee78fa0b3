"""Plain functions, on threads of their own.

The pool is bounded and does not starve: a function that is still inside past its deadline is
written off with its thread, and another takes its place, up to a limit. The threads are daemons,
because a function that never returns must not keep the interpreter from ending.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections import deque
from typing import Deque, Dict, Optional, Set

from . import _verdict
from ._run import NO_LOOP, Run
from ._tables import Outcome, Reason
from .results import Result

__all__ = ["Pool"]

#: Functions that run at once.
_SIZE = 16
#: Threads that are written off at once; beyond that nothing takes their place.
_LOST_LIMIT = 64


class Pool:
    """The plain functions of one monitor."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: Deque[Run] = deque()
        #: The threads with the runs that they are inside of; those written off left out.
        self._threads: Dict[threading.Thread, Optional[Run]] = {}
        self._free = 0
        self._lost = 0
        #: Those of the threads written off whose functions had time left.
        self._withdrawn: Set[threading.Thread] = set()
        self._closed = False

    # -- From the thread that hands out ---------------------------------------------------------

    def submit(self, run: Run) -> None:
        """Runs it on a thread that is free, or else on a new one, or else later."""
        with self._changed:
            self._waiting.append(run)
            self._changed.notify()
        self._grow()

    def cancel(self, run: Run) -> None:
        """Writes off the thread of a function that is still inside."""
        with self._changed:
            inside = [thread for thread, other in self._threads.items() if other is run]
            if self._lost + len(inside) > _LOST_LIMIT:
                return
            for thread in inside:
                del self._threads[thread]
                self._lost += 1
                if not run.overran:
                    self._withdrawn.add(thread)
        self._grow()

    def ask(self) -> None:
        """Threads need no sign of life."""

    def judge(self, run: Run, started: bool) -> Optional[Result]:
        """Only what was not started is the pool's fault."""
        return None if started else Result(Outcome.LOCAL, Reason.POOL_EXHAUSTED)

    def close(self, timeout: float) -> None:
        """Ends the threads, and waits for the functions that are inside as long as told; one
        that let its deadline pass is left to itself."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            threads = [*self._threads, *self._withdrawn]
        until = time.monotonic() + timeout
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))

    def _grow(self) -> None:
        with self._changed:
            enough = len(self._waiting) <= self._free or len(self._threads) >= _SIZE
            if enough or self._closed:
                return
            thread = threading.Thread(target=self._work, name="meshvitals-check", daemon=True)
            self._threads[thread] = None
            try:
                thread.start()
            except RuntimeError:
                # No threads are left, or the interpreter is going: what waits is judged so.
                del self._threads[thread]

    # -- On the threads ---------------------------------------------------------------------------

    def _work(self) -> None:
        thread = threading.current_thread()
        while True:
            run = self._next(thread)
            if run is None:
                return
            if run.claim() and run.enter():
                self._call(run)
            with self._changed:
                if thread not in self._threads:
                    # Another took its place meanwhile.
                    self._lost -= 1
                    self._withdrawn.discard(thread)
                    return
                self._threads[thread] = None

    def _next(self, thread: threading.Thread) -> Optional[Run]:
        with self._changed:
            self._free += 1
            while not self._waiting and not self._closed:
                self._changed.wait()
            self._free -= 1
            if self._closed:
                del self._threads[thread]
                return None
            run = self._waiting.popleft()
            self._threads[thread] = run
            return run

    def _call(self, run: Run) -> None:
        try:
            value = run.function.call()
            waits = inspect.isawaitable(value)
        except BaseException as error:
            # Signals are the main thread's; what is raised here is the function's own.
            run.leave(_verdict.of_exception(error))
            return
        if not waits:
            run.leave(_verdict.of_value(value))
        elif run.lane is None or not run.lane.adopt(run, value):
            if inspect.iscoroutine(value):
                value.close()
            run.leave(NO_LOOP)
