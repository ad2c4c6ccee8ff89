"""ExampleGen on spans, run after run, with the cache of TFX."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tfx import types
from tfx.orchestration import metadata, pipeline

from components.example_gen.component import ExampleGen
from components.example_gen.spans import spans_of
from config.errors import InputError
from config.examples import HashSplit
from config.features import RawColumn
from config.spans import Spans
from pipeline.beam import beam_args
from pipeline.run.nodes import NodeRunner

# With an image named, TFX does not package itself for each executor.
BEAM = beam_args({"sdk_container_image": "none"})
Ages = Callable[[types.Artifact], tuple[set[float], set[float]]]

# As TFX counts: days since 1970.
NOVEMBER_3 = 20_760


class Days:
    """A folder with files by day, and ExampleGen on it."""

    def __init__(self, folder: Path, part: Any):
        self._folder = folder
        self._data = folder / "data"
        self._data.mkdir()
        self._part = part

    def write(self, day: int, age: int) -> None:
        """Writes the file of a day of November."""
        path = self._data / f"2026-11-{day:02}.csv"
        path.write_text(f"age,city,click\n{age},a,0\n{age},b,1\n")

    def touch(self, day: int) -> None:
        """Makes a file look changed."""
        os.utime(self._data / f"2026-11-{day:02}.csv", (1, 1))

    def run(self, newest: str = "latest") -> tuple[types.Artifact, bool]:
        """Runs it with a window of 2 days and 1; whether the cache served it, too."""
        pattern = "{YYYY}-{MM}-{DD}.csv"
        return run_example_gen(
            self._folder,
            patterns={"train": pattern, "eval": pattern},
            part=self._part,
            spans=Spans(pattern=pattern, train=2, newest=newest),
        )


def run_example_gen(folder: Path, **settings: Any) -> tuple[types.Artifact, bool]:
    """Runs it on the data of a folder; whether the cache served it, too."""
    dag = pipeline.Pipeline(
        pipeline_name="ads",
        pipeline_root=str(folder / "artifacts"),
        components=[ExampleGen(root=str(folder / "data"), code="1", **settings)],
        metadata_connection_config=metadata.sqlite_metadata_connection_config(
            str(folder / "metadata")
        ),
        beam_pipeline_args=BEAM,
        enable_cache=True,
    )
    runner = NodeRunner(dag, uuid.uuid4().hex)
    outputs, cached = runner.run(runner.nodes[0])
    (examples,) = outputs["examples"]
    return examples, cached


@pytest.fixture
def days(tmp_path: Path, make_part: Callable[..., Any]) -> Days:
    """The first three days of November, on which age is the day."""
    days = Days(tmp_path, make_part())
    for day in (1, 2, 3):
        days.write(day, age=day)
    return days


@pytest.fixture
def ages(rows_of: Callable[..., Any]) -> Ages:
    """The ages to train and to evaluate on."""

    def _ages(examples: types.Artifact) -> tuple[set[float], set[float]]:
        train, evaluate = (
            {row["age"][0] for row in rows_of(examples, split)}
            for split in ("train", "eval")
        )
        return train, evaluate

    return _ages


def test_an_earlier_span_is_as_it_was(days: Days, ages: Ages):
    before, _ = days.run()
    assert ages(before) == ({1, 2}, {3})
    assert before.get_int_custom_property("span") == NOVEMBER_3
    assert before.span == NOVEMBER_3
    days.write(4, age=4)
    moved, _ = days.run()
    assert ages(moved) == ({2, 3}, {4})
    again, cached = days.run("2026-11-03")
    assert cached
    assert again.uri == before.uri


def test_only_a_change_in_the_window_is_read_anew(days: Days):
    days.run("2026-11-02")
    days.touch(3)
    assert days.run("2026-11-02")[1]
    days.touch(1)
    assert not days.run("2026-11-02")[1]


def test_a_late_day_is_picked_up(days: Days, ages: Ages):
    days.write(5, age=5)
    examples, _ = days.run()
    assert ages(examples) == ({3}, {5})
    assert spans_of(examples).model_dump() == {
        "train": ("2026-11-03",),
        "eval": ("2026-11-05",),
        "missing": ("2026-11-04",),
    }

    days.write(4, age=4)
    examples, cached = days.run()
    assert not cached
    assert ages(examples) == ({3, 4}, {5})
    assert spans_of(examples).missing == ()


def test_a_missing_day_stops_the_run(days: Days):
    with pytest.raises(InputError, match="span 2026-11-04"):
        days.run("2026-11-04")


def test_renamed_folder_is_read_anew(
    tmp_path: Path, make_part: Callable[..., Any], rows_of: Callable[..., Any]
):
    split = HashSplit(pattern="*/*.csv")
    part = make_part(columns={"city": RawColumn(type="string")}, hash_split=split)
    folder = tmp_path / "data" / "city=a"
    folder.mkdir(parents=True)
    (folder / "1.csv").write_text("click\n" + "0\n1\n" * 50)
    settings = {"patterns": {"all": split.pattern}, "part": part}
    cached = [run_example_gen(tmp_path, **settings)[1] for _ in range(2)]
    assert cached == [False, True]
    folder.rename(folder.with_name("city=b"))
    examples, _ = run_example_gen(tmp_path, **settings)
    assert {row["city"][0] for row in rows_of(examples, "train")} == {b"b"}
