"""The threads of a monitor on Python's side: who runs functions when the engine asks for it.

One thread fetches the requests and hands them to the lane of a loop or to the pool. It runs no
function itself, so nothing that a function does keeps it; and it fetches also while a loop is
blocked, which is why the silence of a loop is judged shortly before the deadline (see `_lane`).
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import Any, Callable, Dict, List, Optional

from . import _lifecycle, _native
from ._deadlines import Deadlines
from ._lane import Lane
from ._log import Log, write
from ._native import Check, Event, Subscription
from ._pool import Pool
from ._run import NO_LOOP, Function, Run
from ._tables import Code, Kind, Kinds, Outcome
from .errors import Error, Forked, NotRunning, Stopped, Timeout
from .results import Result

__all__ = ["Dispatcher"]

#: Requests fetched at once: few, so that those behind keep their whole time.
_BATCH = 32
#: After so many there is a pause, in which the interpreter belongs to the loops: a thread that
#: waits for it gets it otherwise only after a whole switch interval.
_PAUSE = 0.001
_GIVEN_UP = Result(Outcome.LOCAL, message="it was given up")


class Dispatcher:
    """The functions of one monitor."""

    def __init__(self, engine: _native.Engine) -> None:
        self._engine = engine
        self._functions: Dict[int, Function] = {}
        #: The loop of coroutine functions that have none of their own.
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._log = Log(engine)
        self._subscription: Optional[Subscription] = None
        self.forget_parent()
        _lifecycle.made(self)

    def forget_parent(self) -> None:
        """At the beginning, and in a forked child: threads, tasks and locks are the parent's."""
        #: Held while a check and its function become known, and while the thread is made.
        self._lock = threading.Lock()
        #: Held while it is started or stopped: a stop waits without the lock above.
        self._life = threading.RLock()
        self._started = False
        self._close()
        self._thread: Optional[threading.Thread] = None
        self._pool = Pool()
        self._lanes: Dict[asyncio.AbstractEventLoop, Lane] = {}
        #: Runs of which nothing was reported yet, by token.
        self._runs: Dict[int, Run] = {}
        self._log.forget_parent()
        for function in self._functions.values():
            function.inside = None
            if _runs_elsewhere(function.own_loop):
                function.own_loop = None
        if _runs_elsewhere(self._loop):
            self._loop = None

    # -- Functions ------------------------------------------------------------------------------

    def add(
        self,
        call: Callable[[], Any],
        loop: Optional[asyncio.AbstractEventLoop],
        register: Callable[[], Check],
    ) -> Check:
        """Registers a function; `register` tells the engine of its check."""
        function = Function(call, loop)
        if self._loop is None or self._loop.is_closed():
            self.use_loop(_running_loop())
        with self._lock:
            if self._started:
                self._open()
                self._begin()
            # The engine may ask for a run before its function is known here: then the thread
            # waits for the lock.
            function.check = register()
            self._functions[function.check.id] = function
        return function.check

    def replaced(self, check: Check) -> None:
        """A check has another document: its function stays if the host still runs it."""
        if check.id in self._functions and check.snapshot().probe != "external":
            self.removed(check.id)

    def removed(self, check: int) -> None:
        """Forgets the function of a check."""
        self._functions.pop(check, None)

    def use_loop(self, loop: Optional[asyncio.AbstractEventLoop]) -> None:
        """From now on, coroutine functions without a loop of their own run on this one."""
        if loop is not None:
            self._loop = loop
        for closed in [loop for loop in self._lanes if loop.is_closed()]:
            lane = self._lanes.pop(closed)
            # They would hold their checks up until their deadlines.
            for run in [run for run in list(self._runs.values()) if run.is_in(lane)]:
                run.report(_GIVEN_UP)

    def loop(self) -> Optional[asyncio.AbstractEventLoop]:
        """The loop of coroutine functions that have none of their own."""
        return self._loop

    # -- Life -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the engine, subscribed first, so that no request is lost."""
        self.use_loop(_running_loop())
        with self._life, self._lock:
            if _lifecycle.is_over():
                raise NotRunning("the interpreter is ending; nothing starts", Code.NOT_RUNNING)
            try:
                if not self._started and self._functions:
                    self._open()
            except Forked:
                # Only a monitor that was started in this process can be subscribed to.
                self._engine.start()
                self._engine.stop()
                self._open()
            try:
                self._engine.start()
            except Error:
                self._close()
                raise
            self._started = True
            if self._functions:
                self._begin()
        self._log.start()

    def stop(self, timeout: Optional[float]) -> None:
        """Stops the engine, and waits for the threads as long as told. A function that does not
        come back is left to itself."""
        if timeout is not None and not timeout >= 0:
            # It says what is wrong, and nothing is half stopped.
            self._engine.stop(timeout)
        patience = self._engine.stop_timeout if timeout is None else timeout
        until = time.monotonic() + patience
        if not self._life.acquire(timeout=min(max(patience, 0.0), threading.TIMEOUT_MAX)):
            raise Timeout("another start or stop is under way", Code.TIMEOUT)
        try:
            self._stop(timeout, until)
        finally:
            self._life.release()

    def _stop(self, timeout: Optional[float], until: float) -> None:
        try:
            self._engine.stop(timeout)
        finally:
            thread = self._thread
            if thread is not None and thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))
            with self._lock:
                self._started, self._thread = False, None
                self._close()
                pool, self._pool = self._pool, Pool()
            pool.close(max(0.0, until - time.monotonic()))
            self._log.stop(max(0.0, until - time.monotonic()))

    def end(self) -> None:
        """Stops when the interpreter is going; who is about to start it is waited for."""
        with self._lock:
            pass
        self.stop(None)

    def tasks(self) -> List[asyncio.Task[None]]:
        """The tasks on the running loop that have not ended."""
        lane = self._lanes.get(asyncio.get_running_loop())
        return [] if lane is None else list(lane.tasks)

    def set_log(self, level: Optional[int]) -> None:
        """What is less severe than `level` is not logged; None: nothing is."""
        self._log.set(level, self._started)

    def _open(self) -> None:
        if self._subscription is None:
            self._subscription = self._engine.subscribe(Kinds.DUE, _BATCH)

    def _close(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close()

    def _begin(self) -> None:
        if self._thread is None:
            thread = threading.Thread(
                target=self._work, args=[self._subscription], name="meshvitals-due", daemon=True
            )
            thread.start()
            self._thread = thread

    # -- Without the thread -----------------------------------------------------------------------

    def hand_out(self, event: Event) -> Optional[Run]:
        """Starts or ends a run of a manual monitor, whose requests its driver fetches itself.
        Answers with the run if it may have to wait for a thread; its deadline must be watched."""
        run = self._take(event)
        return None if run is None or run.function.asynchronous else run

    def rest(self, timeout: float) -> None:
        """Gives up every run, and ends the threads of plain functions, for which it waits as long
        as told; the monitor and its checks stay."""
        pool, self._pool = self._pool, Pool()
        for run in list(self._runs.values()):
            run.report(_GIVEN_UP)
            if not run.is_in(pool):
                run.cancel()
        pool.close(timeout)

    # -- On the thread ----------------------------------------------------------------------------

    def _work(self, subscription: Subscription) -> None:
        deadlines = Deadlines()
        while True:
            # First: a CANCEL that was fetched convicts.
            deadlines.judge()
            try:
                events = subscription.poll(_BATCH, deadlines.patience())
            except Stopped:
                break
            for event in events:
                try:
                    run = self._take(event)
                except Exception:
                    write(logging.ERROR, "a request to run a check was lost", exc_info=True)
                else:
                    deadlines.add(run)
            if len(events) == _BATCH:
                time.sleep(_PAUSE)
        for run in list(self._runs.values()):
            run.cancel()

    def _take(self, event: Event) -> Optional[Run]:
        """Starts or ends a run; answers with the run if its deadline must be watched."""
        if event.kind == Kind.CANCEL:
            run = self._runs.pop(event.token, None)
            if run is not None:
                run.cancel()
            return None
        function = self._functions.get(event.id)
        if function is None:
            with self._lock:
                function = self._functions.get(event.id)
        if function is None:
            self._refuse(event)
            return None
        lane = self._lane(function)
        run = Run(function, event.token, event.deadline_ns, self._runs, lane)
        place = lane if function.asynchronous else self._pool
        if place is None:
            run.report(NO_LOOP)
            return None
        run.hand_to(place)
        return run

    def _refuse(self, event: Event) -> None:
        """Nobody answers for an external check without a function, or one removed meanwhile."""
        try:
            check = self._engine.check(event.id)
            check.report(event.token, Outcome.LOCAL, message="no function answers for this check")
        except Error:
            # Removed, or answered.
            pass

    def _lane(self, function: Function) -> Optional[Lane]:
        loop = function.own_loop or self._loop
        if loop is None:
            return None
        lane = self._lanes.get(loop)
        return self._lanes.setdefault(loop, Lane(loop)) if lane is None else lane


def _runs_elsewhere(loop: Optional[asyncio.AbstractEventLoop]) -> bool:
    """Whether a loop ran when the process was forked: it is the parent's, and whoever calls it
    here wakes the parent. One that did not may be meant for the child."""
    return loop is not None and loop.is_running()


def _running_loop() -> Optional[asyncio.AbstractEventLoop]:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
