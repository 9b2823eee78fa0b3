"""The end of the interpreter, and waiting without holding an event loop."""

from __future__ import annotations

import asyncio
import atexit
import threading
import weakref
from typing import TYPE_CHECKING, Callable

from .errors import Error

if TYPE_CHECKING:
    from .monitor import Monitor

__all__ = ["off_loop", "started"]

_running: weakref.WeakSet[Monitor] = weakref.WeakSet()


def started(monitor: Monitor) -> None:
    """Remembers a monitor that must be stopped before the interpreter goes."""
    _running.add(monitor)


@atexit.register
def _stop_all() -> None:
    for monitor in list(_running):
        try:
            monitor.stop()
        except Error:
            # Its threads are left to themselves; the process ends all the same. In a forked
            # child there is nothing to stop.
            pass


async def off_loop(call: Callable[[], None]) -> None:
    """Makes a call that waits on a thread of its own, which is gone afterwards: the loop's
    executor would keep one for ever."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def finish(error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        failure: BaseException | None = None
        try:
            call()
        except BaseException as error:
            failure = error
        try:
            loop.call_soon_threadsafe(finish, failure)
        except RuntimeError:
            # The loop was closed meanwhile; nobody waits any more.
            pass

    thread = threading.Thread(target=run, name="meshvitals-wait", daemon=True)
    thread.start()
    await done
    # Saying that it is done was the last thing it did.
    thread.join()
