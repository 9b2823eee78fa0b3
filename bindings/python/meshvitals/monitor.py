"""The monitor: what a program makes one of."""

from __future__ import annotations

import asyncio
import logging
import time
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Type,
    TypeVar,
    Union,
)

from . import _lifecycle, _log, _native
from ._calls import Calls, Which
from ._dispatch import Dispatcher
from ._documents import ProbeLike, check_document, merged, of_text, plain, text
from ._native import Check
from .errors import NotFound, Timeout
from .looplag import LagMeter, LoopLag
from .results import Result

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import CheckOptions, MonitorOptions, NamedCheckOptions

__all__ = ["Monitor", "probe_once"]

F = TypeVar("F", bound=Callable[[], Any])


class Monitor(Calls):
    """A health engine: checks, one background thread, and what it publishes.

    ``config`` is a configuration document, as a mapping or as JSON text; keyword options are its
    keys and come first. All calls may be made from any thread.

    >>> import meshvitals
    >>> with meshvitals.Monitor(memory_threshold=0.95) as monitor:
    ...     db = monitor.register(meshvitals.Tcp("127.0.0.1:5432"), name="db", interval="2s")
    ...     db.status
    <Status.UNKNOWN: 0>
    """

    def __init__(
        self,
        config: Union[Mapping[str, Any], str, None] = None,
        **options: Unpack[MonitorOptions],
    ) -> None:
        document = of_text(config) if isinstance(config, str) else config or {}
        self._engine = _native.Engine(text(merged(document, options)))
        self._dispatcher = Dispatcher(self._engine)
        self.overall = self._engine.group("overall")

    # -- Life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the background thread. One that runs is left alone; after ``stop``, and in a
        forked child, everything begins anew with the checks that are registered.

        >>> import meshvitals
        >>> monitor = meshvitals.Monitor()
        >>> monitor.start()
        >>> monitor.stop()
        """
        self._dispatcher.start()

    def stop(self, timeout: Optional[float] = None) -> None:
        """Stops the background thread and waits for it, up to ``timeout`` seconds (None: the
        ``stop_timeout`` of the configuration). Afterwards every status is UNKNOWN. Raises
        ``Timeout`` if a thread of the library has not ended by then, which leaving ``with`` only
        logs. Functions that do not come back are left to themselves. Stopping twice is fine."""
        self._dispatcher.stop(timeout)

    async def astart(self) -> None:
        """As ``start``."""
        self.start()

    async def astop(self, timeout: Optional[float] = None) -> None:
        """As ``stop``, without holding the event loop; and waits for the tasks of its checks."""
        patience = self._engine.stop_timeout if timeout is None else timeout
        until = time.monotonic() + patience
        try:
            await _lifecycle.off_loop(lambda: self.stop(timeout))
        finally:
            await _lifecycle.ended(self._dispatcher.tasks(), until)

    def __enter__(self) -> Monitor:
        self.start()
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        try:
            self.stop()
        except Timeout as left:
            _log.write(logging.WARNING, f"the monitor was left: {left}")

    async def __aenter__(self) -> Monitor:
        await self.astart()
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        try:
            await self.astop()
        except Timeout as left:
            _log.write(logging.WARNING, f"the monitor was left: {left}")

    # -- Checks -------------------------------------------------------------------------------

    def register(
        self, probe: Union[ProbeLike, LoopLag], **options: Unpack[NamedCheckOptions]
    ) -> Check:
        """Registers a check: a probe with options, or a whole document.

        >>> import meshvitals
        >>> monitor = meshvitals.Monitor(system_checks=False)
        >>> monitor.register(meshvitals.Tcp("127.0.0.1:5432"), name="db", tags=["readiness"])
        <Check 'db' UNKNOWN>
        >>> monitor.register({"name": "jobs", "heartbeat": {"ttl": "30s"}})
        <Check 'jobs' UNKNOWN>
        """
        if isinstance(probe, LoopLag):
            meter = LagMeter(probe, self._dispatcher.loop)
            document = check_document({"external": {}}, options)
            return self._dispatcher.add(meter, None, lambda: self._engine.register(document))
        return self._engine.register(check_document(probe, options))

    def register_many(self, documents: Union[Sequence[ProbeLike], str]) -> List[Check]:
        """Registers many checks, all or none; faster than one by one.

        >>> import meshvitals
        >>> monitor = meshvitals.Monitor()
        >>> hosts = ["10.0.0.1:80", "10.0.0.2:80"]
        >>> len(monitor.register_many([{"name": host, "tcp": {"address": host}} for host in hosts]))
        2
        """
        if not isinstance(documents, str):
            documents = "[" + ",".join(check_document(each, {}) for each in documents) + "]"
        return self._engine.register_many(documents)

    def replace(self, probe: ProbeLike, **options: Unpack[NamedCheckOptions]) -> Check:
        """Registers a check, or puts this document in the place of the check of its name. The
        same document changes nothing; another schedule keeps the counts; another probe begins
        anew.

        >>> import meshvitals
        >>> monitor = meshvitals.Monitor()
        >>> db = monitor.register(meshvitals.Tcp("127.0.0.1:5432"), name="db")
        >>> monitor.replace(meshvitals.Tcp("127.0.0.1:5433"), name="db") == db
        True
        """
        check = self._engine.replace(check_document(probe, options))
        self._dispatcher.replaced(check)
        return check

    def unregister(self, *checks: Which) -> None:
        """Removes checks, all or none; handles of them read UNKNOWN from now on.

        >>> import meshvitals
        >>> monitor = meshvitals.Monitor()
        >>> monitor.unregister("system.cpu", monitor["system.memory"])
        >>> "system.cpu" in monitor
        False
        """
        for check in self._engine.unregister(checks):
            self._dispatcher.removed(check)

    # -- Functions of the program ---------------------------------------------------------------

    def check(
        self,
        name: str,
        *,
        loop: Optional[asyncio.AbstractEventLoop] = None,
        **options: Unpack[CheckOptions],
    ) -> Callable[[F], F]:
        """Makes a check of a function without arguments; it can still be called.

        A coroutine function runs on ``loop``, else on the monitor's loop (see ``use_loop``); a
        plain function on a thread. What it returns says how it is: None and True pass, False
        fails; a ``Status`` or its word; a number passes and is the value; a mapping with
        ``status``, ``value`` and ``message``; a ``Result``. An exception is a failure. At its
        ``timeout`` a run is over, whatever the function does; it never runs twice at once.

        >>> import meshvitals
        >>> monitor = meshvitals.Monitor()
        >>> @monitor.check("queue", interval="5s", timeout="1s")
        ... async def queue_is_short():
        ...     return {"status": "healthy", "value": 3}
        >>> monitor["queue"].status
        <Status.UNKNOWN: 0>
        """

        def decorate(function: F) -> F:
            self.register_function(function, name=name, loop=loop, **options)
            return function

        return decorate

    def register_function(
        self,
        function: Callable[[], Any],
        *,
        name: str,
        loop: Optional[asyncio.AbstractEventLoop] = None,
        **options: Unpack[CheckOptions],
    ) -> Check:
        """As ``check``, not as a decorator.

        >>> import meshvitals
        >>> monitor = meshvitals.Monitor()
        >>> monitor.register_function(lambda: True, name="true")
        <Check 'true' UNKNOWN>
        """
        if not callable(function):
            raise TypeError(f"a check is a function, not {type(function).__name__}")
        document = check_document({"name": name, "external": {}}, options)
        return self._dispatcher.add(function, loop, lambda: self._engine.register(document))

    def use_loop(self, loop: Optional[asyncio.AbstractEventLoop] = None) -> None:
        """Coroutine functions without a loop of their own run on this one from now on (None: on
        the running one). ``async with monitor``, and ``start`` on a running loop, say so as well;
        so does registering the first function on a running loop."""
        if not isinstance(loop, (asyncio.AbstractEventLoop, type(None))):
            raise TypeError(f"loop: {loop!r} is no event loop; allowed: one of asyncio, or None")
        self._dispatcher.use_loop(loop or asyncio.get_running_loop())

    def set_log(self, level: Optional[int] = logging.INFO) -> None:
        """Sends the changes of status, and the lines of the library, to the logger
        ``meshvitals``; what is less severe than ``level`` is left out. None ends that. UNHEALTHY
        and DEGRADED are warnings. One thread reads them while the monitor runs.

        >>> import logging, meshvitals
        >>> meshvitals.Monitor().set_log(logging.WARNING)
        """
        self._dispatcher.set_log(level)

    def checks(self) -> List[Check]:
        """Every check, those of the library included.

        >>> import meshvitals
        >>> sorted(check.name for check in meshvitals.Monitor().checks())
        ['meshvitals.self', 'system.cpu', 'system.disk', 'system.memory']
        """
        return self._engine.checks()

    def __getitem__(self, which: Which) -> Check:
        return self._engine.check(which)

    def __contains__(self, which: object) -> bool:
        try:
            self._engine.check(which)  # type: ignore[arg-type]
        except (NotFound, TypeError):
            return False
        return True

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks())

    # -- Manual mode --------------------------------------------------------------------------

    def advance(self, now_ns: int) -> Optional[int]:
        """Moves the clock of a monitor with ``clock="manual"`` and does what is due; answers
        when the next turn is needed, None if nothing is planned.

        >>> import meshvitals
        >>> monitor = meshvitals.Monitor(clock="manual")
        >>> jobs = monitor.register(meshvitals.Heartbeat("30s"), name="jobs")
        >>> monitor.advance(1_000_000_000)
        30000000000
        """
        return self._engine.advance(now_ns)

    @property
    def now_ns(self) -> int:
        """The monitor's clock: ``time.monotonic_ns()``, or the last advance."""
        return self._engine.now_ns


def probe_once(
    probe: ProbeLike,
    config: Union[Mapping[str, Any], str, None] = None,
    **options: Unpack[NamedCheckOptions],
) -> Result:
    """Runs a probe once, here and now, and waits for its result.

    >>> import meshvitals
    >>> meshvitals.probe_once(meshvitals.Disk("/")).value > 0
    True
    """
    if not isinstance(probe, str):
        probe = {"name": "probe", **plain(probe)}
    settings = config if isinstance(config, str) or config is None else text(config)
    return _native.probe_once(check_document(probe, options), settings)
