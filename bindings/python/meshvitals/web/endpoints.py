"""What is answered to a probe, for every kind of server: a path goes in, a reply comes out.

Promises: an answer without details is read from published cells and so never holds an event loop;
only what cells cannot tell is asked of the engine, for the time of a short lock. A cell that is
too old by the clock says UNKNOWN, so an engine that stands cannot keep a program in the pool.
Details are made from a report, which takes longer: servers with a loop use ``areply``.
"""

from __future__ import annotations

import inspect
import json
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Optional, Tuple, Union
from urllib.parse import parse_qs

from .. import _lifecycle, _log
from .._calls import Calls
from .._native import Group
from .._tables import Status
from ..errors import Error

__all__ = ["PATHS", "Details", "Endpoints", "Reply"]

#: Whether those who ask are told the details: yes or no, or a function of the request.
Details = Union[bool, Callable[[Any], bool]]

#: The paths, and the groups that answer there.
PATHS = {
    "/livez": "liveness",
    "/readyz": "readiness",
    "/startupz": "startup",
    "/health": "overall",
}

_WORDS = {"healthy": "pass", "unhealthy": "fail"}


@dataclass(frozen=True)
class Reply:
    """An answer, to be sent as it is.

    >>> from meshvitals.web import Reply
    >>> Reply(404, (), b"").code
    404
    """

    code: int
    headers: Tuple[Tuple[str, str], ...]
    #: Empty for HEAD, whose headers are those of GET.
    body: bytes


class Endpoints:
    """Answers for one monitor.

    ``details`` says whether a query with ``verbose`` lists the checks: True, False, or a function
    of the request, in the form of the server, that may refuse.

    >>> import meshvitals
    >>> from meshvitals.web import Endpoints
    >>> endpoints = Endpoints(meshvitals.Monitor())
    >>> endpoints.reply("GET", "/readyz").code
    503
    """

    def __init__(self, monitor: Calls, *, details: Details = True) -> None:
        if inspect.iscoroutinefunction(details):
            raise TypeError("details: a coroutine function; allowed: True, False, a plain function")
        self._monitor = monitor
        self._details = details
        self._groups = {path: monitor.group(name) for path, name in PATHS.items()}
        self._whole = monitor.group("overall")

    def __contains__(self, path: object) -> bool:
        return path in PATHS

    def wants_details(self, query: str, request: object = None) -> bool:
        """Whether the query of a request asks for details, and may.

        >>> import meshvitals
        >>> from meshvitals.web import Endpoints
        >>> open_to_all = Endpoints(meshvitals.Monitor())
        >>> open_to_all.wants_details("verbose"), open_to_all.wants_details("")
        (True, False)
        >>> Endpoints(meshvitals.Monitor(), details=False).wants_details("verbose")
        False
        """
        if "verbose" not in parse_qs(query, keep_blank_values=True):
            return False
        if not callable(self._details):
            return bool(self._details)
        try:
            answer = self._details(request)
            if inspect.isawaitable(answer):
                raise TypeError("it returned something to await; allowed: a plain function")
            return bool(answer)
        except Exception:
            # What should protect the details must not open them, nor take the answer away.
            _log.write(logging.ERROR, "the function for details failed", exc_info=True)
            return False

    def reply(self, method: str, path: str, details: bool = False) -> Reply:
        """The answer to a request.

        >>> import meshvitals
        >>> from meshvitals.web import Endpoints
        >>> Endpoints(meshvitals.Monitor()).reply("POST", "/health").code
        405
        """
        if path not in PATHS:
            reply = _plain(404, "no such path")
            return replace(reply, body=b"") if method == "HEAD" else reply
        if method not in ("GET", "HEAD"):
            return _plain(405, "only GET and HEAD", ("Allow", "GET, HEAD"))
        code, body = self._health(path, details)
        text = (json.dumps(body, separators=(",", ":")) + "\n").encode()
        headers = (
            ("Content-Type", "application/health+json"),
            ("Content-Length", str(len(text))),
            ("Cache-Control", "no-store"),
        )
        return Reply(code, headers, b"" if method == "HEAD" else text)

    async def areply(self, method: str, path: str, details: bool = False) -> Reply:
        """As ``reply``, without holding the event loop for details.

        >>> import asyncio, meshvitals
        >>> from meshvitals.web import Endpoints
        >>> asyncio.run(Endpoints(meshvitals.Monitor()).areply("GET", "/livez", True)).code
        200
        """
        if not details:
            return self.reply(method, path)
        replies: List[Reply] = []
        await _lifecycle.off_loop(lambda: replies.append(self.reply(method, path, True)))
        return replies[0]

    def _health(self, path: str, details: bool) -> Tuple[int, Dict[str, Any]]:
        try:
            group = self._standing(path)
            status = group.fresh_status
            yes = _is_yes(group, status)
            word = "pass" if status is Status.HEALTHY else "warn"
            body: Dict[str, Any] = {"status": word if yes else "fail"}
            if details:
                body["checks"] = self._components(group.name)
        except Error as error:
            # A forked child whose monitor was not started, for one.
            yes, body = False, {"status": "fail", "output": str(error)}
        return (200 if yes else 503), body

    def _standing(self, path: str) -> Group:
        """The group that answers: readiness stands for the whole while it has no members. Such
        a group is HEALTHY for ever, and only if the whole is not does it matter."""
        group = self._groups[path]
        if (
            PATHS[path] == "readiness"
            and group.fresh_status is Status.HEALTHY
            and self._whole.fresh_status is not Status.HEALTHY
            and group.snapshot().runs == 0
        ):
            return self._whole
        return group

    def _components(self, group: str) -> Dict[str, List[Dict[str, Any]]]:
        """The checks of a group."""
        checks = json.loads(self._monitor.render("json"))["checks"]
        members = [check for check in checks if group in ("overall", *check["tags"])]
        if group == "readiness" and not members:
            members = checks
        return {check["name"]: [_component(check)] for check in members}


def _is_yes(group: Group, status: Status) -> bool:
    """Whether a probe of a group with this status gets a yes."""
    if group.name == "startup":
        # Its answer has a history, which no cell has.
        return group.answer
    if status is not Status.UNKNOWN:
        return status is not Status.UNHEALTHY
    if group.name == "liveness":
        return True
    # Either the engine says UNKNOWN, and then its last answer stands, or it says nothing any more.
    return group.status is Status.UNKNOWN and group.answer


def _component(check: Dict[str, Any]) -> Dict[str, Any]:
    status = _WORDS.get(check["status"], "warn")
    # Reason 0 is none.
    why = check["message"] or (check["reason_text"] if check["reason"] else None)
    told = {
        "componentType": check["probe"],
        "status": status,
        "observedValue": check["value"],
        "time": _date(check["last_unix_ms"]),
        "output": None if status == "pass" else why,
    }
    return {key: value for key, value in told.items() if value is not None}


def _date(unix_ms: Optional[int]) -> Optional[str]:
    if unix_ms is None:
        return None
    date = datetime.fromtimestamp(unix_ms / 1e3, timezone.utc)
    return date.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(code: int, text: str, *headers: Tuple[str, str]) -> Reply:
    body = f"{text}\n".encode()
    about = (("Content-Type", "text/plain"), ("Content-Length", str(len(body))))
    return Reply(code, about + headers, body)
