"""Which statistics the examples are compared with."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
import yaml
from tfx.orchestration import metadata
from tfx.types import standard_artifacts

from components.resolvers.previous_statistics import PreviousStatisticsStrategy
from components.shared.artifacts import VALIDATED_STATISTICS
from config.errors import GateError
from config.load import load_config
from pipeline.dag import create_pipeline
from pipeline.run.nodes import NodeRunner


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


@pytest.mark.parametrize(
    ("current", "candidates", "expected"),
    [
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
def test_latest_of_an_earlier_span(
    current: tuple[int, int],
    candidates: list[tuple[int, int]],
    expected: list[int],
):
    inputs = {
        "current": [statistics(*current)],
        "previous": [statistics(*each) for each in candidates],
        "anomalies": [passed(number) for number, _ in candidates],
    }
    resolved = PreviousStatisticsStrategy().resolve_artifacts(None, inputs)
    assert [artifact.id for artifact in resolved["previous"]] == expected


class Daily:
    """A file a day, and the DAG as far as the ExampleValidator."""

    def __init__(self, folder: Path):
        self._folder = folder
        settings = {
            "name": "ads",
            "examples": {"spans": {"pattern": "{YYYY}-{MM}-{DD}.csv", "train": 1}},
            "label": {"column": "click"},
            "features": {"city": {"kind": "categorical"}},
            "validation": {"drift": {"city": 0.5}},
        }
        self._config = folder / "pipeline.yaml"
        self._config.write_text(yaml.safe_dump(settings))

    def write(self, day: str, city: str) -> None:
        """Writes a day on which all clicks are from one city."""
        (self._folder / f"{day}.csv").write_text(f"city,click\n{city},0\n{city},1\n")

    def run(self, day: str) -> tuple[str, list[str]]:
        """Runs it; gives its statistics, and those that they were compared with."""
        dag = create_pipeline(
            load_config(self._config, span=day),
            root=str(self._folder / "artifacts"),
            model_dir="",
            metadata=metadata.sqlite_metadata_connection_config(
                str(self._folder / "metadata.sqlite")
            ),
        )
        runner = NodeRunner(dag, uuid.uuid4().hex)
        found = {}
        for node in runner.nodes:
            found[node.node_info.id], _ = runner.run(node)
            if node.node_info.id == "ExampleValidator":
                break
        (made,) = found["StatisticsGen"]["statistics"]
        previous = found["PreviousStatistics"].get("previous", [])
        return made.uri, [each.uri for each in previous]


def test_a_late_day_is_compared_with_the_day_before_it_not_with_newer_ones(
    tmp_path: Path,
):
    daily = Daily(tmp_path)
    for day, city in ((1, "Rome"), (2, "Rome"), (3, "Rome"), (5, "Oslo"), (6, "Oslo")):
        daily.write(f"2026-01-0{day}", city)
    # Each trains on the day before.
    _, before = daily.run("2026-01-06")
    assert before == []
    of_2, before = daily.run("2026-01-02")
    assert before == []
    _, before = daily.run("2026-01-03")
    assert before == [of_2]
    # The same examples as before, but now an earlier day is known.
    with pytest.raises(GateError, match=r"'city'.*divergence"):
        daily.run("2026-01-06")
