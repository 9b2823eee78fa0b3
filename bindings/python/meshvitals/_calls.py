"""What is read from a monitor and told to it, by the name of a check."""

from __future__ import annotations

from typing import List, Optional, Union

from . import _native
from ._native import Group, Handle
from ._tables import Kinds, Outcome, Status
from .errors import Forked
from .events import Events
from .results import Result
from .snapshots import Snapshot

__all__ = ["Calls", "Which"]

#: How a call names a check: by its name, its id, or a handle.
Which = Union[str, int, Handle]


class Calls:
    """The part of a monitor that needs nothing but its engine."""

    _engine: _native.Engine
    #: The whole: every check. Its truth value is whether the program is functional.
    overall: Group

    # -- Reading ------------------------------------------------------------------------------

    def status(self, which: Optional[Which] = None) -> Status:
        """The status of a check, or of the whole; UNKNOWN if it is too old by the clock.

        >>> import meshvitals
        >>> meshvitals.Monitor().status("system.cpu")
        <Status.UNKNOWN: 0>
        """
        try:
            handle = self.overall if which is None else self._engine.check(which)
        except Forked:
            # A handle reads without the engine; only names must be looked up.
            if not isinstance(which, _native.Check):
                raise
            handle = which
        return handle.fresh_status

    def snapshot(self, which: Optional[Which] = None) -> Snapshot:
        """Everything known about a check, or about the whole.

        >>> import meshvitals
        >>> meshvitals.Monitor().snapshot("system.cpu").probe
        'cpu'
        """
        handle = self.overall if which is None else self._engine.check(which)
        return handle.snapshot()

    def group(self, name: str) -> Group:
        """A group: a tag, ``readiness``, ``liveness``, ``startup``, or ``overall``.

        >>> import meshvitals
        >>> meshvitals.Monitor().group("liveness").answer
        True
        """
        return self._engine.group(name)

    @property
    def groups(self) -> List[Group]:
        """Every group, the whole first.

        >>> import meshvitals
        >>> [group.name for group in meshvitals.Monitor().groups]
        ['overall', 'readiness', 'liveness', 'startup']
        """
        return self._engine.groups()

    def render(self, format: str = "json") -> str:
        """Everything known, as text: ``json`` or ``openmetrics``.

        >>> import meshvitals
        >>> "meshvitals_check_status" in meshvitals.Monitor().render("openmetrics")
        True
        """
        return self._engine.render(format)

    def events(self, kinds: Kinds = Kinds.STATUS, capacity: int = 1024) -> Events:
        """Subscribes to events. When more than ``capacity`` wait, the changes of one check are
        merged: its last status is never lost.

        >>> import meshvitals
        >>> monitor = meshvitals.Monitor()
        >>> events = monitor.events(meshvitals.Kinds.STATUS | meshvitals.Kinds.LIFE)
        >>> events.poll(1)[0].reason.name
        'INITIAL'
        """
        return Events(self._engine.subscribe(kinds, capacity))

    # -- Input --------------------------------------------------------------------------------

    def check_now(self, which: Which) -> None:
        """Asks for a run now and returns at once; the answer is a RESULT event.

        >>> import meshvitals
        >>> with meshvitals.Monitor(system_checks=False) as monitor:
        ...     root = monitor.register(meshvitals.Disk("/"), name="root", initial_delay="1h")
        ...     results = monitor.events(meshvitals.Kinds.RESULT)
        ...     monitor.check_now(root)
        ...     next(results).name
        'root'
        """
        self._engine.check(which).check_now()

    def pause(self, which: Which) -> None:
        """The check runs no more until it is resumed; its status is UNKNOWN meanwhile.

        >>> import meshvitals
        >>> monitor = meshvitals.Monitor()
        >>> monitor.pause("system.cpu")
        >>> monitor.snapshot("system.cpu").reason
        <Reason.PAUSED: 1002>
        """
        self._engine.check(which).pause()

    def resume(self, which: Which) -> None:
        """Ends a pause; the next run is due now."""
        self._engine.check(which).resume()

    def override(self, which: Which, status: Optional[Status], seconds: float = 3600.0) -> None:
        """Publishes a status for so many seconds, whatever is measured; None ends that.

        >>> import meshvitals
        >>> with meshvitals.Monitor() as monitor:
        ...     monitor.override("system.cpu", meshvitals.Status.HEALTHY, 60)
        ...     monitor["system.cpu"].status
        <Status.HEALTHY: 1>
        """
        check = self._engine.check(which)
        if status is None:
            check.clear_override()
        else:
            check.override_status(status, seconds)

    def beat(
        self,
        which: Which,
        outcome: Outcome = Outcome.PASS,
        *,
        value: Optional[float] = None,
        message: str = "",
    ) -> None:
        """Reports a heartbeat.

        >>> import meshvitals
        >>> with meshvitals.Monitor() as monitor:
        ...     jobs = monitor.register(meshvitals.Heartbeat("30s"), name="jobs")
        ...     monitor.beat(jobs, value=12)
        ...     jobs.status
        <Status.HEALTHY: 1>
        """
        self._engine.check(which).report(0, outcome, value=value, message=message)

    def report(self, which: Which, token: int, result: Result, *, finished_ns: int = 0) -> None:
        """Answers a DUE event of an external check with its token.

        >>> import meshvitals
        >>> with meshvitals.Monitor(system_checks=False) as monitor:
        ...     requests = monitor.events(meshvitals.Kinds.DUE)
        ...     probe = meshvitals.External()
        ...     replica = monitor.register(probe, name="replica", initial_delay=0)
        ...     request = next(requests)
        ...     result = meshvitals.Result(meshvitals.Outcome.PASS)
        ...     monitor.report(request.id, request.token, result)
        ...     replica.status
        <Status.HEALTHY: 1>
        """
        self._engine.check(which).report(
            token,
            result.outcome,
            reason=result.reason,
            value=result.value,
            message=result.message,
            detail=result.detail,
            latency=result.latency,
            finished_ns=finished_ns,
        )
