"""Which statistics the examples are compared with."""

from __future__ import annotations

import pytest
from tfx.types import standard_artifacts

from components.resolvers.previous_statistics import PreviousStatisticsStrategy
from components.shared.artifacts import VALIDATED_STATISTICS


def statistics(number: int, span: int = 0) -> standard_artifacts.ExampleStatistics:
    artifact = standard_artifacts.ExampleStatistics()
    artifact.id = number
    if span:
        artifact.span = span
    return artifact


def passed(number: int) -> standard_artifacts.ExampleAnomalies:
    """What the validator leaves for statistics in which it found nothing."""
    artifact = standard_artifacts.ExampleAnomalies()
    artifact.set_int_custom_property(VALIDATED_STATISTICS, number)
    return artifact


def resolve(current, candidates, valid):
    """The ids of the statistics that are resolved, as previous and as current."""
    inputs = {
        "current": [statistics(*current)],
        "previous": [statistics(*each) for each in candidates],
        "anomalies": [passed(number) for number in valid],
    }
    resolved = PreviousStatisticsStrategy().resolve_artifacts(None, inputs)
    return [[each.id for each in resolved[key]] for key in ("previous", "current")]


def test_statistics_that_did_not_pass_are_left_out():
    assert resolve((3,), [(1,), (2,)], valid=[1]) == [[1], [3]]


@pytest.mark.parametrize(
    ("current", "candidates", "expected"),
    [
        ((4,), [(1,), (3,), (2,), (4,)], [3]),
        # A rerun on older examples, whose statistics come from the cache.
        ((2,), [(1,), (2,), (3,), (4,)], [1]),
        ((1,), [(1,), (2,)], []),
        ((1,), [(1,)], []),
        ((1,), [], []),
        # By id and span.
        ((3, 7), [(1, 5), (2, 6)], [2]),
        # A day that comes late.
        ((3, 6), [(1, 5), (2, 7)], [1]),
        ((3, 4), [(1, 5), (2, 7)], []),
        # The same day once more, from the cache and with other files.
        ((2, 6), [(1, 5), (2, 6), (3, 7)], [1]),
        ((4, 6), [(1, 5), (2, 6), (3, 7)], [1]),
        # That of a day before which was computed last.
        ((4, 7), [(1, 6), (2, 5), (3, 6)], [3]),
        # The day before came late; it is compared with all the same.
        ((1, 7), [(1, 7), (2, 6)], [2]),
        # Examples were not in spans before, or are not any more.
        ((3, 7), [(1, 0), (2, 0)], [2]),
        ((3, 0), [(1, 0), (2, 7)], [1]),
    ],
)
def test_newest_of_the_earlier_span_or_the_older_ones(current, candidates, expected):
    found = resolve(current, candidates, [number for number, *_ in candidates])
    assert found == [expected, [current[0]]]
