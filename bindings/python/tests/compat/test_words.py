"""The enumeration and the configuration of the mesh."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import enum
import json
import pickle

import pytest
from compat.support import Switch, health, on_loop, result

import meshvitals.compat
from meshvitals.compat import HealthCheckConfig, HealthStatus

FIELDS = {
    "check_interval": 15.0,
    "timeout": 5.0,
    "failure_threshold": 3,
    "success_threshold": 2,
    "enable_system_checks": True,
    "cpu_threshold": 0.9,
    "memory_threshold": 0.9,
    "disk_threshold": 0.9,
    "enable_dependency_checks": True,
    "dependency_timeout": 3.0,
}


def test_the_module_has_exactly_the_three_names_of_its_predecessor():
    """Section 1, the names."""
    assert meshvitals.compat.__all__ == ["HealthCheck", "HealthCheckConfig", "HealthStatus"]


def test_the_status_is_a_python_enumeration_with_four_members():
    """Section 1.2."""
    assert isinstance(HealthStatus, enum.EnumMeta)
    values = {status.name: status.value for status in HealthStatus}
    assert values == {
        "HEALTHY": "healthy",
        "DEGRADED": "degraded",
        "UNHEALTHY": "unhealthy",
        "UNKNOWN": "unknown",
    }
    for status in HealthStatus:
        assert HealthStatus(status.value) is status
        assert {status: 1}[HealthStatus[status.name]] == 1
        assert pickle.loads(pickle.dumps(status)) is status
        assert copy.deepcopy(status) is status


def test_the_status_prints_as_a_member_in_every_way():
    """Section 1.2: a plain enumeration printed so."""
    status = HealthStatus.HEALTHY
    assert str(status) == f"{status}" == "HealthStatus.HEALTHY"
    assert f"{status:>22}" == "  HealthStatus.HEALTHY"


def test_the_configuration_has_the_fields_of_its_predecessor_in_their_order():
    """Section 1.3."""
    fields = dataclasses.fields(HealthCheckConfig)
    assert {field.name: field.default for field in fields} == FIELDS
    assert [field.name for field in fields][: len(FIELDS)] == list(FIELDS)
    assert HealthCheckConfig(1.0, 2.0, 4, 5, False).failure_threshold == 4
    config = HealthCheckConfig()
    config.timeout = 1.0
    assert config.timeout == 1.0


@pytest.mark.parametrize("value", [-1, 0, 1e300, float("nan"), float("inf"), None, "much", []])
@on_loop
async def test_the_configuration_may_hold_anything(value):
    """Section 1.3: the constructor refuses nothing, and the checks run all the same."""
    made = health(**{name: value for name in FIELDS if not name.startswith("enable")})
    if made.config.timeout in (-1, 0):
        # Moved into the range it is a millisecond, in which not every machine runs a check.
        made.config.timeout = 5.0
    made.register_check("a", Switch())
    await made.start()
    assert await made.check_health()
    await made.stop()


@on_loop
async def test_stats_are_json_and_dates_are_utc_without_a_zone():
    """Row 34."""
    made = health()
    made.register_check("a", Switch(ValueError("no")))
    assert not await made.check_health()
    stats = json.loads(json.dumps(await made.get_health_stats()))
    assert stats["last_check_results"]["a"]["status"] == "unhealthy"
    date = (await result(made, "a"))["timestamp"]
    parsed = datetime.datetime.fromisoformat(date)
    assert parsed.tzinfo is None
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert abs(now - parsed) < datetime.timedelta(minutes=1)
