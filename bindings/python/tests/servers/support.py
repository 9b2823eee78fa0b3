"""What the tests with real servers share: starting one, asking each of its workers, ending it.

A server runs in a session of its own, so that whatever it leaves behind is found by the number
of the session, wherever it went.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Type

from conftest import BOUND, eventually

HERE = Path(__file__).resolve().parent
APPS = HERE / "apps"
PROGRAMS = HERE / "programs"

#: What must not be in the output of a server that has ended well.
_ALARMING = re.compile(
    r"traceback|leak|never awaited|never retrieved|was destroyed|exception ignored|fatal|panick"
    r"|warning: |zombie",
    re.IGNORECASE,
)
#: What each worker says of the checks of the applications when all is well.
WELL = {"peer": "HEALTHY", "function": "HEALTHY"}


class Process(NamedTuple):
    """One process of a server."""

    pid: int
    state: str


class Server:
    """A server under test, and everything that it started."""

    def __init__(self, *command: str, **environment: str) -> None:
        # Its path is short, because servers make sockets in it.
        self._directory = tempfile.TemporaryDirectory()
        self._log = Path(self._directory.name, "output")
        own = {"PYTHONUNBUFFERED": "1", "XDG_RUNTIME_DIR": self._directory.name}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *command],
                cwd=APPS,
                env={**os.environ, **own, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        kill_members(self.pid)
        self._process.wait()
        self._directory.cleanup()

    # -- What it is ---------------------------------------------------------------------------

    @property
    def output(self) -> str:
        """What it wrote so far."""
        return self._log.read_text(errors="replace")

    def living(self) -> Set[int]:
        """The processes that live."""
        return {each.pid for each in members(self.pid) if each.state not in "ZX"}

    def zombies(self) -> Set[int]:
        """The processes that ended and that their parent has not waited for."""
        return {each.pid for each in members(self.pid) if each.state == "Z"}

    # -- Asking ---------------------------------------------------------------------------------

    def expect_workers(
        self, count: int, besides: Sequence[int] = (), statuses: Optional[Dict[str, str]] = None
    ) -> List[int]:
        """Waits until so many workers, other than those, have answered that their checks are as
        told, WELL if nothing is told, and that they have one thread of the engine. Answers with
        their numbers."""
        wanted = {"statuses": WELL if statuses is None else statuses, "engines": 1}
        seen: Dict[int, Any] = {}

        def are_well() -> bool:
            answer = self.ask()
            if answer is not None and answer["pid"] not in besides:
                seen[answer.pop("pid")] = answer
            return sum(each == wanted for each in seen.values()) >= count

        assert eventually(are_well), f"{seen}\n{self.output}"
        return [pid for pid, each in seen.items() if each == wanted]

    def ask(self) -> Any:
        """What one worker answers when it has done all that it does for a request; None while
        there is none, and when it went meanwhile."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), BOUND) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError:
            return None
        head, _, body = answer.partition(b"\r\n\r\n")
        if not body:
            return None
        assert head.split()[1] == b"200", f"{answer!r}\n{self.output}"
        return json.loads(body)

    @property
    def port(self) -> int:
        """The port that the system gave it; it says so when it listens."""
        found: List[str] = []

        def is_told() -> bool:
            found[:] = re.findall(r"http://127\.0\.0\.1:(\d+)", self.output)
            assert found or self._process.poll() is None, self.output
            return bool(found)

        assert eventually(is_told), self.output
        return int(found[0])

    # -- Ending ---------------------------------------------------------------------------------

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the process that was started."""
        self._process.send_signal(number)

    def kill(self, worker: int) -> None:
        """Ends a worker as the system does that has no memory left."""
        assert worker in self.living()
        os.kill(worker, signal.SIGKILL)

    def expect_gone(self, workers: Sequence[int]) -> None:
        """Waits until workers have ended and were waited for."""
        gone = eventually(lambda: not {each.pid for each in members(self.pid)} & set(workers))
        assert gone, self.output

    def expect_end(
        self, number: signal.Signals = signal.SIGTERM, code: int = 0, at_once: bool = False
    ) -> None:
        """Ends it by a signal, which its workers get as well if it comes at once, as from a
        terminal; nothing may stay, and nothing may have been complained of."""
        assert eventually(lambda: not self.zombies()), self.output
        if at_once:
            os.killpg(self.pid, number)
        else:
            self.send(number)
        try:
            ended = self._process.wait(BOUND)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end\n{self.output}") from None
        assert ended == code, self.output
        assert eventually(lambda: not self.living()), self.output
        assert not _ALARMING.search(self.output), self.output


def members(session: int) -> List[Process]:
    """Every process of a session that lives, or that nobody has waited for."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as file:
                # The name stands in parentheses, and may have some of its own.
                state, _, _, number = file.read().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(number) == session:
            found.append(Process(int(entry), state))
    return found


def kill_members(session: int) -> None:
    """Ends what is left of a session."""
    for process in members(session):
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def expect_output(program: str, *arguments: str, code: int = 0, text: str = "") -> None:
    """Runs a program to its end, which must come with this code and this text on standard
    output, with nothing on standard error and no process left."""
    # Forking with threads is what is tested here.
    flags = ["-X", "dev", "-W", "error", "-W", "ignore:This process:DeprecationWarning"]
    run = subprocess.Popen(
        [sys.executable, *flags, str(PROGRAMS / program), *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        output, errors = run.communicate(timeout=BOUND)
    except subprocess.TimeoutExpired:
        # Then it says where it stands.
        run.send_signal(signal.SIGABRT)
        run.wait()
        kill_members(run.pid)
        output, errors = run.communicate()
    assert (run.returncode, output, errors) == (code, text, ""), errors
    is_alone = eventually(lambda: all(each.state == "Z" for each in members(run.pid)))
    kill_members(run.pid)
    assert is_alone, "processes are left"
