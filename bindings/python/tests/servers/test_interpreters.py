"""Sub-interpreters: refused with a reason, whoever comes first, and the main one goes on."""

from __future__ import annotations

import sys

import pytest
from servers.support import expect_output

REFUSED = "meshvitals works in the main interpreter only; use processes or threads\n"


@pytest.mark.parametrize("first", ["main", "other"])
def test_sub_interpreters_are_refused_with_a_reason(first: str):
    pytest.importorskip("_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters")
    before = REFUSED if first == "other" else ""
    expect_output("interpreters.py", first, text=before + "HEALTHY\n" + 2 * REFUSED)
