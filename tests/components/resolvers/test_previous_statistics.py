"""Which statistics the examples are compared with."""

from __future__ import annotations

import pytest
from tfx.types import standard_artifacts

from components.resolvers.previous_statistics import PreviousStatisticsStrategy


def statistics(
    number: int, splits: str = '["train", "eval"]'
) -> standard_artifacts.ExampleStatistics:
    artifact = standard_artifacts.ExampleStatistics()
    artifact.id = number
    artifact.split_names = splits
    return artifact


def test_statistics_of_what_was_served_are_left_out():
    served = statistics(2, '["serving"]')
    inputs = {"current": [statistics(3)], "previous": [statistics(1), served]}
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
    }
    resolved = PreviousStatisticsStrategy().resolve_artifacts(None, inputs)
    assert [artifact.id for artifact in resolved["previous"]] == expected
    assert [artifact.id for artifact in resolved["current"]] == [current]
