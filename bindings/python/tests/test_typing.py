"""The stubs say what is there, and the package and the examples pass mypy --strict."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def run(*arguments: str, cwd: Path) -> None:
    # Outside the tree: what is checked is the installed package.
    ended = subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, cwd=cwd
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_package_passes_mypy(tmp_path: Path):
    run("mypy", "--strict", "--package", "meshvitals", cwd=tmp_path)


def test_the_stubs_are_those_of_the_package(tmp_path: Path):
    run("mypy.stubtest", "meshvitals", cwd=tmp_path)


def test_the_examples_pass_mypy(tmp_path: Path):
    examples = sorted(EXAMPLES.rglob("*.py"))
    assert examples
    for example in examples:
        if "service" in example.name and sys.version_info < (3, 10):
            # requirements-test.txt has their frameworks from Python 3.10 on.
            continue
        run("mypy", "--strict", str(example), cwd=tmp_path)


def test_a_wrong_use_does_not_pass(tmp_path: Path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "import meshvitals\n"
        "monitor = meshvitals.Monitor(interval=1)  # an option of checks\n"
        "monitor.register(meshvitals.Tcp(80), name='a')  # not a text\n"
        "monitor.register(meshvitals.Cpu(), name='a', interval=[])  # not a duration\n"
        "text: str = monitor.status()  # a Status\n"
        "meshvitals.Status.FINE  # no such member\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(wrong)],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    lines = {line.split(":")[1] for line in ended.stdout.splitlines() if ": error:" in line}
    assert lines == {"2", "3", "4", "5", "6"}, ended.stdout
