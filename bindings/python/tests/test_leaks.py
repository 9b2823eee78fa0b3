"""A leak loop for every public call; a call without one fails.

A loop runs several batches. What leaks grows in each of them; what is kept once, or freed late,
does not. So a call is clean when one batch left as many blocks, bytes, descriptors and threads as
there were before.
"""

from __future__ import annotations

import ctypes
import enum
import gc
import inspect
import os
import sys
import threading
import types
from typing import Callable, Dict, NamedTuple, Set

import leak_compat  # noqa: F401  the loops register themselves
import leak_handles  # noqa: F401
import leak_looplag  # noqa: F401
import leak_monitor  # noqa: F401
import leak_values  # noqa: F401
import leak_web  # noqa: F401
import pytest

import meshvitals
import meshvitals.compat
import meshvitals.metrics
import meshvitals.prometheus
import meshvitals.web.aiohttp
import meshvitals.web.asgi
import meshvitals.web.wsgi

from leaks import LOOPS, close

BATCHES = 6
#: What measuring itself leaves.
BLOCKS = 8
#: Bytes: what threads leave in their pools, and fewer a call than the smallest piece of memory.
BYTES, BYTES_A_CALL = 2048, 16


class Mallinfo(ctypes.Structure):
    """`struct mallinfo2` of glibc."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
            "fordblks", "keepcost",
        )
    ]  # fmt: skip


MALLINFO = getattr(ctypes.CDLL(None), "mallinfo2", None)
if MALLINFO is not None:
    MALLINFO.restype = Mallinfo

#: What is called by an operator or a statement, beside what is called by its name.
OPERATORS = {
    "__aenter__", "__aexit__", "__aiter__", "__anext__", "__bool__", "__call__", "__contains__",
    "__enter__", "__eq__", "__exit__", "__getitem__", "__hash__", "__iter__", "__next__",
    "__repr__",
}  # fmt: skip

#: Where public names are, beside the package itself.
MODULES = (
    meshvitals.compat,
    meshvitals.metrics,
    meshvitals.prometheus,
    meshvitals.web,
    meshvitals.web.aiohttp,
    meshvitals.web.asgi,
    meshvitals.web.wsgi,
)

#: Functions, properties, and their like in native classes.
CALLED = (
    property,
    types.FunctionType,
    types.GetSetDescriptorType,
    types.MethodDescriptorType,
)


def public() -> Set[str]:
    """Every call of the package: functions, constructors, methods, properties, operators."""
    names = calls(meshvitals)
    for module in MODULES:
        prefix = module.__name__.partition(".")[2]
        names |= {f"{prefix}.{name}" for name in calls(module)}
    return names


def calls(module: types.ModuleType) -> Set[str]:
    """Every call of a module."""
    names: Set[str] = set()
    for name in module.__all__:
        thing = getattr(module, name)
        if not callable(thing):
            continue
        names.add(name)
        if not inspect.isclass(thing) or issubclass(thing, (BaseException, enum.Enum)):
            continue
        for member in dir(thing):
            if member in OPERATORS:
                # An operator that a class has taken away is None.
                here = getattr(thing, member) not in (getattr(object, member, None), None)
            else:
                value = inspect.getattr_static(thing, member)
                here = not member.startswith("_") and isinstance(value, CALLED)
            if here:
                names.add(f"{name}.{member}")
    return names


def heap() -> int:
    """Bytes that are in use, all threads together; 0 where the C library does not tell."""
    if MALLINFO is None:
        return 0
    info = MALLINFO()
    return info.uordblks + info.hblkhd


class Held(NamedTuple):
    """What the process has."""

    blocks: int
    bytes: int
    descriptors: int
    threads: int


def held() -> Held:
    gc.collect()
    descriptors = len(os.listdir("/proc/self/fd"))
    return Held(sys.getallocatedblocks(), heap(), descriptors, threading.active_count())


def is_clean(call: Callable[[], object], count: int) -> bool:
    for _ in range(max(1, count // 4)):
        call()
    for _ in range(BATCHES):
        before = held()
        for _ in range(count):
            call()
        after = held()
        if (
            after.blocks - before.blocks <= BLOCKS
            and after.bytes - before.bytes <= BYTES + BYTES_A_CALL * count
            and after.descriptors <= before.descriptors
            and after.threads <= before.threads
        ):
            return True
    return False


def test_every_public_call_has_its_loop():
    covered = {name for loop in LOOPS for name in loop.names}
    assert public() - covered == set(), "calls without a leak loop"
    assert covered - public() == set(), "loops of calls that there are not"


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.names[0])
def test_a_call_leaves_nothing_behind(loop):
    call = loop.make()
    try:
        assert is_clean(call, loop.count)
    finally:
        close()


@pytest.mark.parametrize("kind", ["blocks", "bytes", "descriptors", "threads"])
def test_a_leak_is_found(kind: str):
    """The measure itself: what it is told to leak, it finds."""
    kept: Dict[int, object] = {}
    stop = threading.Event()

    def leak() -> None:
        if kind == "blocks":
            kept[len(kept)] = [object()]
        elif kind == "bytes":
            kept[len(kept)] = bytes(4096)
        elif kind == "descriptors":
            kept[len(kept)] = os.open(os.devnull, os.O_RDONLY)
        else:
            thread = threading.Thread(target=stop.wait)
            thread.start()
            kept[len(kept)] = thread

    try:
        assert not is_clean(leak, 100 if kind in ("blocks", "bytes") else 4)
    finally:
        stop.set()
        for thing in kept.values():
            if isinstance(thing, int):
                os.close(thing)
            elif isinstance(thing, threading.Thread):
                thread = thing
                thread.join()
