"""What the READMEs show is what the examples are, and the examples run."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Iterator, List, Tuple

import meshvitals
import meshvitals.compat

ROOT = Path(__file__).resolve().parents[3]
READMES = [ROOT / "README.md", ROOT / "bindings" / "python" / "README.md"]
APPS = Path(__file__).parent / "servers" / "apps"


def started(script: Path, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", str(script), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def example(name: str, *arguments: str) -> subprocess.Popen:
    return started(ROOT / "examples" / name, *arguments)


def blocks(readme: Path) -> List[str]:
    found = re.findall(r"\n```python\n(.*?\n)```", readme.read_text(), re.DOTALL)
    assert found
    return found


def test_every_block_is_a_part_of_an_example():
    examples = [path.read_text() for path in (ROOT / "examples").rglob("*.py")]
    # The tests run these as well.
    examples += [path.read_text() for path in APPS.glob("*.py")]
    for block in blocks(READMES[1]):
        assert any(block in text for text in examples), block


def test_the_program_that_all_languages_show_watches_a_port(tmp_path: Path):
    (program,) = blocks(READMES[0])
    script, address = tmp_path / "program.py", "127.0.0.1:5432"
    assert program.count(address) == 1
    with socket.create_server(("127.77.1.4", 0)) as listener:
        script.write_text(program.replace(address, f"127.77.1.4:{listener.getsockname()[1]}"))
        child = started(script)
        # The first connection is that of the check; from then on the port is closed.
        listener.accept()[0].close()
    output, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (0, "")
    assert "db: UNKNOWN -> HEALTHY (none)\n" in output


def test_the_example_watches_a_port_until_it_is_down():
    with socket.create_server(("127.77.1.2", 0)) as listener:
        child = example("watch.py", f"127.77.1.2:{listener.getsockname()[1]}")
        # The first connection is that of the check; from then on the port is closed.
        listener.accept()[0].close()
    output, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (0, "")
    assert "db: UNKNOWN -> HEALTHY" in output
    assert output.endswith("ready: False\n")


def test_the_example_of_own_checks_ends_when_all_are_healthy():
    child = example("custom.py")
    output, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (0, "")
    assert "jobs: HEALTHY" in output and "UNHEALTHY" not in output


def test_the_example_of_the_drop_in_serves():
    child = example("checks.py")
    output, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (0, "")
    assert output == "serves: True\n2 of 2 are healthy\n"


def test_the_readme_names_every_call_and_class():
    text = READMES[1].read_text()
    documented = set(re.findall(r"[A-Za-z_]\w*", " ".join(re.findall(r"`[^`]*`", text))))
    public = [name for name in dir(meshvitals.Monitor) if not name.startswith("_")]
    public += [name for name in dir(meshvitals.Check) if not name.startswith("_")]
    public += [name for name in dir(meshvitals.Events) if not name.startswith("_")]
    public += [name for name in dir(meshvitals.Event) if not name.startswith("_")]
    public += [name for name in meshvitals.__all__ if not name.startswith("_")]
    public += [name for name in dir(meshvitals.compat.HealthCheck) if not name.startswith("_")]
    public += [field.name for field in fields(meshvitals.compat.HealthCheckConfig)]
    public += [status.name for status in meshvitals.compat.HealthStatus]
    public += meshvitals.compat.__all__
    assert {name for name in public if name not in documented} == set()


def test_the_version_is_that_of_the_workspace():
    manifest = (ROOT / "Cargo.toml").read_text()
    version = re.search(r'\[workspace.package\]\nversion = "(.*?)"', manifest)
    assert version is not None and meshvitals.__version__ == version.group(1)


def examples_wanted() -> Iterator[Tuple[str, object]]:
    things = [(name, getattr(meshvitals, name)) for name in meshvitals.__all__]
    things += [(name, getattr(meshvitals.compat, name)) for name in meshvitals.compat.__all__]
    for name, thing in things:
        # Of the exceptions the root has one for all.
        own = isinstance(thing, type) and issubclass(thing, BaseException)
        if callable(thing) and not own:
            yield name, thing
    for name in dir(meshvitals.Monitor):
        # Asynchronous calls, and what another call ends or reads, are shown there.
        shown = ("astart", "astop", "stop", "resume", "now_ns", "use_loop")
        if not name.startswith("_") and name not in shown:
            yield f"Monitor.{name}", getattr(meshvitals.Monitor, name)


def test_public_classes_and_calls_show_an_example():
    without = [name for name, thing in examples_wanted() if ">>>" not in (thing.__doc__ or "")]
    assert without == []


def test_the_examples_in_docstrings_do_what_they_say():
    import doctest
    import importlib
    import pkgutil

    attempted = 0
    for module in pkgutil.walk_packages(meshvitals.__path__, "meshvitals."):
        if module.name == "meshvitals.web.aiohttp" and sys.version_info < (3, 10):
            # requirements-test.txt has the package from Python 3.10 on.
            continue
        loaded = importlib.import_module(module.name)
        outcome = doctest.testmod(loaded, optionflags=doctest.ELLIPSIS)
        assert outcome.failed == 0, module.name
        attempted += outcome.attempted
    attempted += doctest.testmod(meshvitals).attempted
    assert attempted > 10
