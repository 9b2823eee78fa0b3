"""The enumerations are the library's tables, and behave like Python's."""

from __future__ import annotations

import copy
import pickle

import pytest

import meshvitals
from meshvitals import Code, Kind, Kinds, Mask, Outcome, Reason, Status, _native


@pytest.mark.parametrize(
    ("enumeration", "table"),
    [
        (Status, _native.STATUS),
        (Outcome, _native.OUTCOME),
        (Reason, _native.REASON),
        (Code, _native.CODE),
        (Kind, _native.KIND),
        (Kinds, _native.KINDS),
        (Mask, _native.MASK),
    ],
)
def test_enumerations_have_exactly_the_rows_of_the_library(enumeration, table):
    assert [(name, int(member)) for name, member in enumeration.__members__.items()] == table
    for member in enumeration:
        assert pickle.loads(pickle.dumps(member)) is member
        assert copy.deepcopy(member) is member
    assert enumeration.__module__ == "meshvitals"
    assert getattr(meshvitals, enumeration.__name__) is enumeration
    assert enumeration.__doc__


def test_the_frozen_numbers_are_the_frozen_ones():
    assert [int(status) for status in Status] == [0, 1, 2, 3]
    assert (Code.OK, Code.NOT_FOUND, Code.STRUCT_SIZE) == (0, -6, -14)
    assert (Outcome.PASS, Outcome.LOCAL) == (1, 5)
    assert (Kind.DUE, Kinds.DUE, Kinds.ALL) == (2, 2, 31)


def test_members_print_as_their_names():
    assert f"{Status.HEALTHY} {Reason.CONNECT_REFUSED}" == "HEALTHY CONNECT_REFUSED"
    assert str(Code.NOT_FOUND) == "NOT_FOUND"


def test_functional_is_healthy_or_degraded():
    functional = [status.name for status in Status if status.is_functional]
    assert functional == ["HEALTHY", "DEGRADED"]


def test_reasons_and_codes_have_sentences():
    assert Reason.CONNECT_REFUSED.text == "connection refused"
    assert Code.NOT_FOUND.text == "not found"


def test_reasons_of_the_host_pass_and_others_do_not():
    reason = Reason(10_001)
    assert (reason, reason.name, reason.text) == (
        10_001,
        "HOST_10001",
        "a reason of the host program",
    )
    assert isinstance(reason, Reason)
    with pytest.raises(ValueError, match="9999"):
        Reason(9_999)
