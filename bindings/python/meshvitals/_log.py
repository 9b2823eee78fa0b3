"""The library's log and the changes of status, through `logging`."""

from __future__ import annotations

import logging
import threading
import time
from typing import Optional

from . import _native
from ._native import Event, Subscription
from ._tables import Kind, Kinds, Reason, Status
from .errors import Stopped

__all__ = ["Log", "write"]

#: The library's levels, 0 to 3, as those of `logging`.
_LEVELS = (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)
_CAPACITY = 1024
#: Seconds that a handler of the program may take for its last line.
_PATIENCE = 1.0

_logger = logging.getLogger("meshvitals")


class Log:
    """One thread that reads what is to be logged; none while nothing is."""

    def __init__(self, engine: _native.Engine) -> None:
        self._engine = engine
        self._level: Optional[int] = None
        self._subscription: Optional[Subscription] = None
        self.forget_parent()

    def forget_parent(self) -> None:
        """At the beginning, and in a forked child: the thread is the parent's."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close()
        self._thread: Optional[threading.Thread] = None

    def set(self, level: Optional[int], running: bool) -> None:
        """What is less severe than `level` is left out; None: everything."""
        self._level = level
        if level is None:
            if self._subscription is not None:
                self._subscription.close()
            self.stop(_PATIENCE)
        elif running:
            self.start()

    def start(self) -> None:
        """Begins to read, if anything is to be logged. The engine runs."""
        if self._level is None or self._subscription is not None:
            return
        self._subscription = self._engine.subscribe(Kinds.LOG | Kinds.STATUS, _CAPACITY)
        self._thread = threading.Thread(
            target=self._work, args=[self._subscription], name="meshvitals-log", daemon=True
        )
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Waits for the thread, which ends with the engine when it has written what there is."""
        thread, self._thread = self._thread, None
        subscription, self._subscription = self._subscription, None
        until = time.monotonic() + timeout
        if thread is not None and thread is not threading.current_thread():
            # Somebody's handler may keep it.
            thread.join(max(0.0, until - time.monotonic()))
        if subscription is not None:
            subscription.close()

    def _work(self, subscription: Subscription) -> None:
        while True:
            try:
                events = subscription.poll()
            except Stopped:
                return
            for event in events:
                self._write(event)

    def _write(self, event: Event) -> None:
        if event.kind == Kind.LOG:
            level = _LEVELS[min(max(event.detail, 0), len(_LEVELS) - 1)]
            line = event.message
        elif event.reason == Reason.INITIAL:
            return
        else:
            works = event.status in (Status.HEALTHY, Status.UNKNOWN)
            level = logging.INFO if works else logging.WARNING
            why = event.message or event.reason.text
            line = f"{event.name}: {event.previous} -> {event.status} ({why})"
        if self._level is not None and level >= self._level:
            write(level, line)


def write(level: int, line: str, exc_info: bool = False) -> None:
    """Logs a line on a thread of ours, which must go on whatever somebody's handler does."""
    try:
        _logger.log(level, "%s", line, exc_info=exc_info)
    except Exception:
        # There is nowhere to tell it: the log is what failed.
        pass
