"""What happens to every monitor: a fork, the end of the interpreter, waiting off the loop."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Callable, Iterable, Optional

from . import _log
from .errors import Error

if TYPE_CHECKING:
    from ._dispatch import Dispatcher

__all__ = ["disown", "ended", "is_over", "made", "off_loop"]

#: One of each monitor. Its threads keep it, so that it is here as long as they run.
_dispatchers: weakref.WeakSet[Dispatcher] = weakref.WeakSet()


def made(dispatcher: Dispatcher) -> None:
    """Remembers a monitor's dispatcher: it must be stopped before the interpreter goes."""
    _dispatchers.add(dispatcher)


#: Whether the interpreter is going.
_is_over = False


def is_over() -> bool:
    """Whether all monitors were stopped for good. Threads that were started now could crash the
    process: they would find the interpreter gone."""
    return _is_over


@atexit.register
def _stop_all() -> None:
    global _is_over
    _is_over = True
    for dispatcher in list(_dispatchers):
        try:
            dispatcher.end()
        except Error:
            # Its threads are left to themselves; the process ends all the same. In a forked
            # child there may be nothing to stop.
            pass


def _forget_parent() -> None:
    for dispatcher in list(_dispatchers):
        dispatcher.forget_parent()


os.register_at_fork(after_in_child=_forget_parent)


async def off_loop(call: Callable[[], None]) -> None:
    """Makes a call that waits on a thread of its own, which is gone afterwards: the loop's
    executor would keep one for ever."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def finish(error: Optional[BaseException]) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        failure: Optional[BaseException] = None
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


async def ended(tasks: Iterable[asyncio.Task[None]], until: float) -> None:
    """Waits for tasks that were cancelled, until a monotonic time; then nobody does any more."""
    others = [task for task in tasks if task is not asyncio.current_task()]
    if others:
        patience = max(0.0, until - time.monotonic())
        _, stubborn = await asyncio.wait(others, timeout=patience)
        for task in stubborn:
            disown(task)


def disown(task: asyncio.Task[Any]) -> None:
    """Leaves a task to itself that swallowed its cancellation. Its loop no longer counts it, or
    `asyncio.run` would wait for it at its end, which may be for ever."""
    if not task._log_destroy_pending:  # type: ignore[attr-defined]
        return
    # The loop may well be closed before it ends.
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    asyncio.tasks._unregister_task(task)
    text = f"the task {task.get_name()!r} ignores that it was cancelled, and is left to itself"
    _log.write(logging.WARNING, text)
