"""The figures of this host are those of psutil, of ``df`` and of the kernel's own files.

Figures move while they are compared, so a comparison may be tried a few times, and differs only
when none of them agrees.
"""

from __future__ import annotations

import os
import resource
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Callable, Optional, Tuple

import psutil
import pytest

from meshvitals import Disk, Memory, Outcome, Result, Signal, probe_once

TRIES = 20


def agree(figures: Callable[[], Tuple[float, float]], within: float) -> None:
    """Ours and theirs, taken at once, differ by no more than so much."""
    seen = []
    for _ in range(TRIES):
        ours, theirs = figures()
        if abs(ours - theirs) <= within:
            return
        seen.append((ours, theirs))
    raise AssertionError(seen)


def measured(probe: object) -> Result:
    result = probe_once(probe)  # type: ignore[arg-type]
    assert result.outcome != Outcome.LOCAL, result
    return result


def value(probe: object) -> float:
    found: Optional[float] = measured(probe).value
    assert found is not None
    return found


def test_space_is_that_of_psutil_and_of_df():
    agree(lambda: (100 * value(Disk("/")), psutil.disk_usage("/").percent), 0.1)
    agree(lambda: (value(Signal("disk_space", path="/")), psutil.disk_usage("/").percent), 0.1)
    line = subprocess.run(["df", "--output=pcent", "/"], capture_output=True, check=True).stdout
    # df rounds upwards.
    assert 0 <= int(line.split()[1].rstrip(b"%")) - 100 * value(Disk("/")) < 1.1


def test_inodes_are_those_of_the_system():
    def figures() -> Tuple[float, float]:
        system = os.statvfs("/")
        used = system.f_files - system.f_ffree
        return value(Signal("disk_inodes", path="/")), 100 * used / (used + system.f_favail)

    agree(figures, 0.01)


def test_memory_is_that_of_psutil_where_no_cgroup_limits_it():
    if "cgroup" in measured(Memory()).message:
        pytest.skip("a cgroup limits this process, and psutil does not know of it")

    def figures() -> Tuple[float, float]:
        memory = psutil.virtual_memory()
        return value(Memory()), 1 - memory.available / memory.total

    agree(figures, 0.005)
    agree(
        lambda: (value(Signal("memory_available")), float(psutil.virtual_memory().available)),
        2**25,
    )


def test_descriptors_are_those_of_psutil():
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]

    def figures() -> Tuple[float, float]:
        used = value(Signal("descriptors")) * limit / 100
        return used, float(psutil.Process().num_fds())

    with ExitStack() as files:
        for _ in range(100):
            files.enter_context(open(os.devnull))
        # The probe opens a few for itself.
        agree(figures, 12)


def test_open_files_of_the_machine_are_those_of_the_kernel():
    def figures() -> Tuple[float, float]:
        used, _, most = Path("/proc/sys/fs/file-nr").read_text().split()
        return value(Signal("system_descriptors")), 100 * int(used) / int(most)

    agree(figures, 0.01)
