"""Which statistics the examples are compared with."""

from __future__ import annotations

import pytest
from tfx.types import standard_artifacts

from components.artifacts import VALIDATED_STATISTICS
from components.resolvers.previous_statistics import PreviousStatisticsStrategy


def statistics(number: int) -> standard_artifacts.ExampleStatistics:
    artifact = standard_artifacts.ExampleStatistics()
    artifact.id = number
    return artifact


def passed(number: int) -> standard_artifacts.ExampleAnomalies:
    """What the validator leaves for statistics in which it found nothing."""
    artifact = standard_artifacts.ExampleAnomalies()
    artifact.set_int_custom_property(VALIDATED_STATISTICS, number)
    return artifact


def test_statistics_that_did_not_pass_are_left_out():
    inputs = {
        "current": [statistics(3)],
        "previous": [statistics(1), statistics(2)],
        "anomalies": [passed(1)],
    }
    resolved = PreviousStatisticsStrategy().resolve_artifacts(None, inputs)
    assert [artifact.id for artifact in resolved["previous"]] == [1]


@pytest.mark.parametrize(
    ("current", "candidates", "expected"),
    [
        (4, [1, 3, 2, 4], [3]),
        # A rerun on older examples, whose statistics come from the cache.
        (2, [1, 2, 3, 4], [1]),
        (1, [1, 2], []),
        (1, [1], []),
        (1, [], []),
    ],
)
def test_newest_that_is_older_than_those_at_hand(
    current: int, candidates: list[int], expected: list[int]
):
    inputs = {
        "current": [statistics(current)],
        "previous": [statistics(number) for number in candidates],
        "anomalies": [passed(number) for number in candidates],
    }
    resolved = PreviousStatisticsStrategy().resolve_artifacts(None, inputs)
    assert [artifact.id for artifact in resolved["previous"]] == expected
    assert [artifact.id for artifact in resolved["current"]] == [current]
