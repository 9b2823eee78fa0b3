"""Which test holds each of the predecessor's bugs down, and each decision beside them."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

#: The row, what was wrong there, the module, and its test; no two rows share one.
ROWS = [
    (1, "a circular import", "callers", "the_drop_in_imports_nothing_of_the_mesh"),
    (2, "a class that nobody exports", "metrics", "a_collector_is_whatever_has_the_two_calls"),
    (3, "one check after another", "rounds", "checks_run_at_the_same_time"),
    (4, "no timeout for checks", "rounds", "a_check_that_hangs_times_out_alone"),
    (5, "measuring CPU holds the loop", "system", "measuring_never_holds_the_loop"),
    (6, "a round for each request", "rounds", "callers_share_the_round_in_flight"),
    (7, "thresholds do nothing", "statuses",
     "the_first_result_counts_at_once_and_then_the_thresholds_do"),
    (8, "flapping", "statuses", "results_that_come_and_go_change_nothing"),
    (9, "DEGRADED does not serve", "statuses", "degraded_serves"),
    (10, "DEGRADED is a failure", "statuses", "degraded_is_no_failure_and_never_escalates"),
    (11, "a raise does not count", "statuses", "an_exception_counts_as_a_failure"),
    (12, "registering ends a round", "rounds", "checks_may_be_registered_while_a_round_is_made"),
    (13, "ghosts", "rounds", "a_check_unregistered_while_it_runs_leaves_no_ghost"),
    (14, "CancelledError ends the loop", "rounds", "a_check_that_raises_cancelled_error_fails"),
    (15, "a gauge fails the check", "metrics", "a_gauge_that_fails_is_no_failure_of_the_check"),
    (16, "an increment ends the loop", "metrics",
     "an_increment_that_fails_does_not_end_the_checks"),
    (17, "a persistent error spins", "metrics", "a_turn_that_fails_is_told_and_does_not_spin"),
    (18, "nothing without start", "dependencies",
     "instances_are_probed_before_start_and_after_stop"),
    (19, "a port without timeout", "dependencies",
     "a_port_that_never_answers_has_the_dependency_timeout"),
    (20, "an open port is closed at random", "dependencies", "a_peer_that_resets_was_connected"),
    (21, "switches that nobody reads", "dependencies",
     "dependencies_are_watched_if_the_configuration_says_so"),
    (22, "two loops", "life", "starting_twice_is_starting_once"),
    (23, "registered after the start", "life", "everything_is_registered_when_start_returns"),
    (24, "a check's dict is written to", "statuses", "the_dict_of_a_check_is_left_alone"),
    (25, "internal dicts are given away", "statuses", "stats_are_copies"),
    (26, "plain functions on the loop", "rounds", "a_plain_function_runs_off_the_loop"),
    (27, "the period is too long", "life", "the_schedule_is_fixed_however_long_runs_take"),
    (28, "UNHEALTHY out of reach", "system", "unhealthy_is_in_reach_of_every_threshold"),
    (29, "UNKNOWN is never said", "statuses", "what_is_not_known_yet_is_unknown"),
    (30, "a series for each text", "metrics", "error_tags_are_bounded"),
    (31, "texts are no statuses", "statuses", "a_status_counts_by_its_value"),
    (32, "stop waits for ever", "life", "stop_is_bounded_whatever_a_check_does"),
    (33, "results come late and have no age", "statuses",
     "results_come_one_by_one_and_have_an_age"),
    (34, "stats are no JSON", "words", "stats_are_json_and_dates_are_utc_without_a_zone"),
    (35, "a mount holds the loop", "system", "a_filesystem_that_does_not_answer_fails_alone"),
]  # fmt: skip

DECISIONS = [
    ("started, it answers from its results", "rounds",
     "a_started_object_answers_from_its_results"),
    ("which are fresh", "statuses", "what_is_too_old_to_be_believed_is_unknown"),
    ("the first observation is adopted", "statuses",
     "the_first_result_counts_at_once_and_then_the_thresholds_do"),
    ("a first failure is confirmed soon", "statuses", "a_first_failure_is_confirmed_soon"),
    ("but not of a level", "system", "a_level_is_not_confirmed_sooner"),
    ("the gauge for DEGRADED is 0", "metrics", "each_run_of_each_check_tells_its_gauge"),
    ("URL probes are raw", "callers", "the_balancer_keeps_those_that_answer"),
    ("nothing survives stop", "life", "nothing_is_left_after_stop"),
    ("2,000 checks start in slices", "life", "many_checks_start_in_slices"),
]  # fmt: skip

README = Path(__file__).resolve().parents[2] / "README.md"


def test_no_row_is_missing():
    assert [row for row, *_ in ROWS] == list(range(1, 36))
    assert len({test for *_, test in ROWS}) == len(ROWS), "two rows share a test"


@pytest.mark.parametrize(("row", "wrong", "module", "test"), ROWS, ids=lambda value: str(value))
def test_each_row_has_its_test(row, wrong, module, test):
    found = getattr(importlib.import_module(f"compat.test_{module}"), f"test_{test}")
    rows = re.match(r"Rows? ([\d, and]+)", found.__doc__)
    assert rows is not None and str(row) in re.findall(r"\d+", rows.group(1)), found.__doc__


@pytest.mark.parametrize(("decision", "module", "test"), DECISIONS, ids=lambda value: str(value))
def test_each_decision_has_its_test(decision, module, test):
    assert callable(getattr(importlib.import_module(f"compat.test_{module}"), f"test_{test}"))


def test_the_readme_tells_what_changes_in_each_row():
    section = README.read_text().partition("\n## Migrating from checks.py")[2]
    assert [int(row) for row in re.findall(r"\n\| (\d+) \|", section)] == list(range(1, 36))
