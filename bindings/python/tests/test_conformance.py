"""The shared vectors, replayed through the Python interface; tests/conformance explains them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Optional

import pytest
from conformance_scenario import named, replay_scenario

import meshvitals
from meshvitals import Code, Kind, Kinds, Mask, Monitor, Outcome, Reason, Status

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "conformance"


# -- Documents --------------------------------------------------------------------------------


def answer_to(call: Callable[[], Any]) -> Optional[meshvitals.Error]:
    try:
        call()
    except meshvitals.Error as error:
        return error
    return None


def only_the_monitor(error: Optional[meshvitals.Error]) -> bool:
    """Whether a right document may be refused so: the monitor is of another kind, a dependency is
    not there, or a callback has no function."""
    return error is not None and (
        error.code == Code.MODE
        or (error.key == "/depends_on" and "is not registered" in error.message)
    )


def answers_to_document(kind: str, document: str) -> Iterator[Optional[meshvitals.Error]]:
    if kind == "monitor":
        error = answer_to(lambda: meshvitals._native.Engine(document))
        callback = error is not None and error.code == Code.MODE and "/callback" in error.key
        yield None if callback else error
        return
    for config in ({}, {"clock": "manual"}):
        monitor = Monitor(config)
        before = len(monitor.checks())
        register = {"check": monitor.register, "checks": monitor.register_many}[kind]
        error = answer_to(lambda register=register: register(document))
        if error is not None:
            assert len(monitor.checks()) == before, "all or nothing"
        yield None if only_the_monitor(error) else error


def replay_document(case: Dict[str, Any]) -> None:
    for error in answers_to_document(case["kind"], case["document"]):
        if case.get("ok"):
            assert error is None
            continue
        assert error is not None, "it was taken"
        assert (error.code_name, error.key) == (case["code"], case["key"]), error
        for words in case.get("says", []):
            assert words in str(error)
        for words in case.get("hides", []):
            assert words not in f"{error} {error!r}"


# -- Constants --------------------------------------------------------------------------------

TABLES: Dict[str, Any] = {
    "code": Code, "status": Status, "outcome": Outcome, "reason": Reason, "event": Kind,
    "kind": Kinds, "mask": Mask,
}  # fmt: skip


def replay_constant(case: Dict[str, Any]) -> None:
    table, name, number = TABLES[case["table"]], case["name"], case["number"]
    if name == "" and number < meshvitals._native.FIRST_REASON_OF_HOST:
        with pytest.raises(ValueError, match=str(number)):
            table(number)
        return
    member = table(number)
    assert named(case["table"], member) == (str(number) if name in ("", "FIRST_OF_HOST") else name)
    assert getattr(member, "text", None) == case.get("text")


def test_every_member_has_its_vector():
    lines = (VECTORS / "codes.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    listed = {(case["table"], case["name"]) for case in cases if case["name"]}
    members = {
        (table, named(table, member))
        for table, members in TABLES.items()
        for name, member in members.__members__.items()
        if name != "ALL"
    }
    assert members == listed - {("reason", "FIRST_OF_HOST")}


# -- Files ------------------------------------------------------------------------------------

RUNNERS: Dict[str, Callable[[Dict[str, Any]], None]] = {
    "documents.jsonl": replay_document,
    "codes.jsonl": replay_constant,
    "thresholds.jsonl": replay_scenario,
    "schedules.jsonl": replay_scenario,
    "reports.jsonl": replay_scenario,
    "aggregation.jsonl": replay_scenario,
    "freshness.jsonl": replay_scenario,
    "masks.jsonl": replay_scenario,
    "events.jsonl": replay_scenario,
}


def replay_file(path: Path) -> int:
    """How many cases a file has; raises for the first that is wrong."""
    runner = RUNNERS[path.name]
    count = 0
    for count, line in enumerate(path.read_text(encoding="utf-8").split("\n")[:-1], start=1):
        case = json.loads(line)
        try:
            runner(case)
        except Exception as error:
            raise AssertionError(f"{path.name}:{count}: {case['why']}: {error}") from error
    assert count > 0, "no case ran"
    return count


@pytest.mark.parametrize("name", sorted(RUNNERS))
def test_every_vector_is_answered_as_it_says(name: str):
    assert replay_file(VECTORS / name) > 0


def test_no_file_is_left_out():
    assert sorted(path.name for path in VECTORS.glob("*.jsonl")) == sorted(RUNNERS)


def test_a_file_without_a_case_fails(tmp_path: Path):
    empty = tmp_path / "events.jsonl"
    empty.write_text("")
    with pytest.raises(AssertionError, match="no case ran"):
        replay_file(empty)
