"""The services and the script in examples/python run, and do what the README promises."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

import meshvitals.metrics
import meshvitals.prometheus
import meshvitals.web.aiohttp
import meshvitals.web.asgi
import meshvitals.web.wsgi

from conftest import BOUND, eventually
from webservers import Ask, asking, from_3_10

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples" / "python"
README = ROOT / "bindings" / "python" / "README.md"
MODULES = [
    meshvitals.metrics,
    meshvitals.prometheus,
    meshvitals.web,
    meshvitals.web.aiohttp,
    meshvitals.web.asgi,
    meshvitals.web.wsgi,
]


def free_port() -> int:
    """A port that nobody listens on at this instant."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Program(NamedTuple):
    """A program that runs, and the file that it writes to: a pipe that is full would hold it."""

    child: subprocess.Popen
    output: Path

    def ends(self) -> str:
        """Waits for its end; what it wrote."""
        assert self.child.wait(BOUND) == 0, self.output.read_text()
        return self.output.read_text()


@contextmanager
def running(directory: Path, *command: str) -> Iterator[Program]:
    """Runs a program in the directory of the examples, and tells it at the end to end."""
    output = directory / "output"
    with output.open("w") as file:
        child = subprocess.Popen(
            [sys.executable, "-B", "-X", "dev", "-W", "error", *command],
            cwd=EXAMPLES, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield Program(child, output)
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(BOUND)
        # What a test that fails shows.
        sys.stdout.write(output.read_text()[-4096:])


def answering(program: Program, port: int) -> Ask:
    """Waits until the program listens."""

    def listens() -> bool:
        assert program.child.poll() is None, "the program ended"
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    assert eventually(listens)
    return asking(port)


def becomes(ask: Ask, target: str, code: int) -> Dict[str, Any]:
    """Asks until the code is this; the document that comes with it."""

    def is_so() -> bool:
        # Not so often that answering is what the program does.
        time.sleep(0.05)
        return ask("GET", target)[0] == code

    assert eventually(is_so), ask("GET", target)
    _, headers, body = ask("GET", target)
    assert headers["content-type"] == "application/health+json"
    return json.loads(body)


@from_3_10
def test_the_fastapi_service_is_ready_until_its_own_check_fails(tmp_path: Path):
    port = free_port()
    command = ("-m", "uvicorn", "fastapi_service:app", "--port", str(port), "--no-use-colors")
    with running(tmp_path, *command) as program:
        ask = answering(program, port)
        document = becomes(ask, "/readyz?verbose", 200)
        assert document["status"] == "pass"
        assert document["checks"]["orders"][0]["observedValue"] == 0.0
        assert (
            "system.memory" in becomes(ask, "/health?verbose", ask("GET", "/health")[0])["checks"]
        )
        assert ask("GET", "/livez")[::2] == (200, b'{"status":"pass"}\n')
        for number in range(100):
            assert ask("POST", f"/orders/{number}")[0] == 200
        # The failures that make it UNHEALTHY are sought soon after the first.
        assert becomes(ask, "/readyz?verbose", 503)["checks"]["orders"][0]["status"] == "fail"
        assert becomes(ask, "/livez", 200)["status"] == "pass"


@from_3_10
def test_the_aiohttp_service_watches_its_database(tmp_path: Path):
    port, database = free_port(), socket.create_server(("127.77.2.1", 0))
    address = f"127.77.2.1:{database.getsockname()[1]}"
    with database, running(tmp_path, "aiohttp_service.py", address, str(port)) as program:
        ask = answering(program, port)
        assert set(becomes(ask, "/readyz?verbose", 200)["checks"]) == {"db"}
        assert becomes(ask, "/livez?verbose", 200)["checks"]["loop"]
        assert ask("GET", "/")[::2] == (200, b"hello\n")
        _, headers, body = ask("GET", "/metrics")
        assert headers["content-type"].startswith("text/plain")
        families = {family.name: family for family in text_string_to_metric_families(body.decode())}
        checks = {sample.labels["check"] for sample in families["meshvitals_check_status"].samples}
        assert {"db", "loop", "spool", "system.cpu"} <= checks
        database.close()
        assert becomes(ask, "/readyz", 503) == {"status": "fail"}
        assert ask("GET", "/")[::2] == (503, b"the database is down\n")


def test_the_script_says_how_it_is_while_it_works(tmp_path: Path):
    port = free_port()
    with running(tmp_path, "script.py", str(port)) as program:
        document = becomes(answering(program, port), "/health?verbose", 200)
        assert {"jobs", "scratch"} <= set(document["checks"])
        output = program.ends()
    assert "INFO:meshvitals:jobs: UNKNOWN -> HEALTHY" in output
    assert "\n20 jobs are done, and the last check said HEALTHY\n" in output


def test_the_readme_names_what_the_modules_offer():
    quoted = " ".join(re.findall(r"`[^`]*`", README.read_text()))
    words = set(re.findall(r"[A-Za-z_][\w.]*", quoted))
    for module in MODULES:
        assert any(word.startswith(f"{module.__name__}.") for word in words), module
        offered = [{name, f"{module.__name__}.{name}"} for name in module.__all__]
        assert [names for names in offered if not names & words] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_what_the_modules_offer_shows_an_example(module: Any):
    things = [getattr(module, name) for name in module.__all__]
    for thing in [thing for thing in things if callable(thing)]:
        assert ">>>" in thing.__doc__, thing
        own = [call for name, call in vars(thing).items() if not name.startswith("_")]
        for call in [call for call in own if callable(call)]:
            # Of a protocol that others call, the class has the example.
            assert ">>>" in call.__doc__ or module is meshvitals.prometheus, call


@pytest.mark.parametrize("module", ["meshvitals", "meshvitals.web.asgi", "meshvitals.web.wsgi"])
def test_no_framework_is_imported_unless_it_is_asked_for(module: str):
    program = (
        f"import sys, {module}\n"
        "found = {name.partition('.')[0] for name in sys.modules}\n"
        "print(found & {'fastapi', 'starlette', 'aiohttp', 'flask', 'prometheus_client'})\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=BOUND
    )
    assert (ended.stdout, ended.stderr) == ("set()\n", "")
