"""Shards of earlier runs: which files are read again, and what the checks still see.

A file that must not be read is garbage of the same size and time of modification.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

from components.example_gen.executor import ExampleGenExecutor
from config.errors import InputError, find_user_error
from config.examples import HashSplit, TimeSplit
from config.features import RawColumn
from pipeline.beam import beam_args

BEAM = beam_args({"sdk_container_image": "none"})
Spoil = Callable[[Path], None]
TRAIN = {"train": "day_[123].csv"}


class Runs:
    """Runs of ExampleGen on one folder, with a cache."""

    def __init__(self, folder: Path, make_part: Callable[..., Any], rows_of: Any):
        self.folder = folder
        self._make_part = make_part
        self._rows_of = rows_of
        self._runs = 0

    def write(self, day: int, *ages: int) -> Path:
        """Writes a day with these ages, and a click for each other."""
        path = self.folder / f"day_{day}.csv"
        lines = [f"{age},city {age},{n % 2}" for n, age in enumerate(ages)]
        path.write_text("\n".join(["age,city,click", *lines, ""]))
        return path

    def run(
        self,
        patterns: dict[str, str],
        code: str = "1",
        cache: bool = True,
        **changes: Any,
    ) -> types.Artifact:
        """The examples of a run."""
        examples = standard_artifacts.Examples()
        self._runs += 1
        examples.uri = str(self.folder / f"run {self._runs}")
        splits = [
            example_gen_pb2.Input.Split(name=split, pattern=pattern)
            for split, pattern in patterns.items()
        ]
        inputs = example_gen_pb2.Input(splits=splits)
        context = base_beam_executor.BaseBeamExecutor.Context(
            beam_pipeline_args=BEAM, tmp_dir=str(self.folder / "tmp"), unique_id="1"
        )
        properties = {
            "input_base": str(self.folder),
            "input_config": proto_utils.proto_to_json(inputs),
            "part": self._make_part(**changes).model_dump_json(),
            "code": code,
        }
        if cache:
            properties["cache"] = str(self.folder / "cache")
        ExampleGenExecutor(context).Do({}, {"examples": [examples]}, properties)
        return examples

    def ages(self, examples: types.Artifact, split: str = "train") -> list[float]:
        """The ages of a split, in order."""
        return [row["age"][0] for row in self._rows_of(examples, split)]

    def failure(self, *arguments: Any, **changes: Any) -> str:
        """What a person is told of a run that fails."""
        with pytest.raises(Exception) as caught:  # noqa: PT011 (the type is Beam's)
            self.run(*arguments, **changes)
        error = find_user_error(caught.value)
        assert isinstance(error, InputError)
        return str(error)


@pytest.fixture
def runs(tmp_path: Path, make_part: Callable[..., Any], rows_of: Any) -> Runs:
    """Two days."""
    runs = Runs(tmp_path, make_part, rows_of)
    runs.write(1, 10, 11, 12)
    runs.write(2, 20, 21)
    return runs


def shards(examples: types.Artifact, split: str = "train") -> list[Path]:
    return sorted(Path(examples.uri, f"Split-{split}").iterdir())


def test_only_a_new_day_is_read(
    runs: Runs, caplog: pytest.LogCaptureFixture, spoil: Spoil
):
    caplog.set_level("INFO")
    runs.run(TRAIN)
    assert "earlier run" not in caplog.text
    spoil(runs.folder / "day_1.csv")
    spoil(runs.folder / "day_2.csv")
    runs.write(3, 30, 31)
    examples = runs.run(TRAIN)
    assert runs.ages(examples) == [10, 11, 12, 20, 21, 30, 31]
    assert [path.name for path in shards(examples)] == [
        f"data_tfrecord-0000{n}-of-00003.gz" for n in range(3)
    ]
    assert "2 of 3 files read in an earlier run" in caplog.text


def test_a_day_that_evaluated_trains(runs: Runs, spoil: Spoil):
    first = runs.run({"train": "day_1.csv", "eval": "day_2.csv"})
    for day in (1, 2):
        spoil(runs.folder / f"day_{day}.csv")
    runs.write(3, 30, 31)
    second = runs.run({"train": "day_[12].csv", "eval": "day_3.csv"})
    assert runs.ages(first, "eval") == [20, 21]
    assert runs.ages(second) == [10, 11, 12, 20, 21]
    assert runs.ages(second, "eval") == [30, 31]


def test_late_data_of_an_old_day_is_read(runs: Runs, spoil: Spoil):
    runs.run(TRAIN)
    spoil(runs.folder / "day_2.csv")
    runs.write(1, 10, 11, 12, 13)
    assert runs.ages(runs.run(TRAIN)) == [10, 11, 12, 13, 20, 21]


def test_a_file_of_the_same_size_and_another_time_is_read(runs: Runs):
    runs.run(TRAIN)
    os.utime(runs.write(1, 17, 18, 19), (1, 1))
    assert runs.ages(runs.run(TRAIN)) == [17, 18, 19, 20, 21]


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "2"},
        {"missing_values": ("", "11")},
        {"columns": {"age": RawColumn(type="float")}},
        {"cache": False},
    ],
)
def test_another_code_or_part_reads_all(
    runs: Runs, changes: dict[str, Any], spoil: Spoil
):
    runs.run(TRAIN)
    runs.run(TRAIN)
    spoil(runs.folder / "day_1.csv")
    runs.run(TRAIN)
    assert "day_1.csv" in runs.failure(TRAIN, **changes)


def test_a_file_under_another_name_is_read(runs: Runs, spoil: Spoil):
    """The names of its folders may hold values."""
    runs.run(TRAIN)
    (runs.folder / "day_1.csv").rename(runs.folder / "day_3.csv")
    spoil(runs.folder / "day_3.csv")
    assert "day_3.csv" in runs.failure(TRAIN)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: os.truncate(path, 30)])
def test_a_shard_that_is_gone_or_damaged_is_written_again(
    runs: Runs, damage: Callable[[Path], None], spoil: Spoil
):
    first = runs.run(TRAIN)
    damage(shards(first)[0])
    spoil(runs.folder / "day_2.csv")
    assert runs.ages(runs.run(TRAIN)) == [10, 11, 12, 20, 21]


def test_writing_a_shard_again_leaves_those_of_earlier_runs(runs: Runs):
    split = {"hash_split": HashSplit(pattern="day_1.csv", train=1, eval=1)}
    runs.write(1, *range(100))
    first = runs.run({"all": "day_1.csv"}, **split)
    (train,), (evaluate,) = (shards(first, name) for name in ("train", "eval"))
    before = train.read_bytes()
    evaluate.unlink()
    second = runs.run({"all": "day_1.csv"}, **split)
    assert train.read_bytes() == before
    ages = [runs.ages(second, name) for name in ("train", "eval")]
    assert ages[0] == runs.ages(first)
    assert sorted(ages[0] + ages[1]) == list(range(100))


def test_both_shards_of_a_file_are_taken_over(runs: Runs, spoil: Spoil):
    split = {"hash_split": HashSplit(pattern="day_1.csv", train=1, eval=1)}
    path = runs.write(1, *range(100))
    first = runs.run({"all": "day_1.csv"}, **split)
    spoil(path)
    second = runs.run({"all": "day_1.csv"}, **split)
    for name in ("train", "eval"):
        assert runs.ages(second, name) == runs.ages(first, name)


def test_shards_outlive_the_run_that_wrote_them(runs: Runs):
    runs.run(TRAIN)
    second = runs.run(TRAIN)
    for shard in shards(second):
        assert shard.stat().st_nlink == 2
    for path in (runs.folder / "run 1").rglob("*.gz"):
        path.unlink()
    assert runs.ages(second) == [10, 11, 12, 20, 21]


def test_a_file_system_without_links_has_copies(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, spoil: Spoil
):
    def refuse(*_: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    runs.run(TRAIN)
    spoil(runs.folder / "day_1.csv")
    examples = runs.run(TRAIN)
    assert runs.ages(examples) == [10, 11, 12, 20, 21]
    assert {shard.stat().st_nlink for shard in shards(examples)} == {1}


def test_a_file_that_changes_while_it_is_read_is_read_again(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, spoil: Spoil
):
    writer = tf.io.TFRecordWriter

    def grow(*arguments: Any) -> tf.io.TFRecordWriter:
        runs.write(1, 10, 11, 12, 13)
        return writer(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(tf.io, "TFRecordWriter", grow)
        runs.run({"train": "day_1.csv"})
    spoil(runs.folder / "day_1.csv")
    assert "day_1.csv" in runs.failure({"train": "day_1.csv"})


def test_time_decides_anew_on_every_row(runs: Runs):
    split = {"time_split": TimeSplit(pattern="day_*.csv", column="age", eval=0.5)}
    first = runs.run({"all": "day_*.csv"}, **split)
    assert runs.ages(first, "eval") == [12, 20, 21]
    runs.write(3, 30, 31, 32, 33, 34)
    second = runs.run({"all": "day_*.csv"}, **split)
    assert runs.ages(second) == [10, 11, 12, 20, 21]
    assert runs.ages(second, "eval") == [30, 31, 32, 33, 34]


def test_a_constant_label_is_still_told(runs: Runs):
    runs.run(TRAIN)
    runs.write(3, 30)
    splits = {"train": "day_[12].csv", "eval": "day_3.csv"}
    assert "'eval' is 0" in runs.failure(splits)
    splits = {"train": "day_3.csv", "eval": "day_[12].csv"}
    assert "'train' is 0" in runs.failure(splits)


def test_kinds_of_values_are_still_compared(
    runs: Runs, write: Callable[[str, pa.Table], Path], spoil: Spoil
):
    clicks = {"age": [1.0, 2.0], "click": [0, 1]}
    old = write("a.parquet", pa.table({**clicks, "city": [True, False]}))
    runs.run({"train": "*.parquet"}, path="a.parquet")
    spoil(old)
    new = write("b.parquet", pa.table({**clicks, "city": [1, 0]}))
    message = runs.failure({"train": "*.parquet"}, path="a.parquet")
    assert f"got booleans in {old} and numbers in {new}" in message
