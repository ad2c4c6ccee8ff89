"""ExampleGen at work on small files, through Beam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local import local_dag_runner
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import proto_utils

from components.example_gen.component import ExampleGen
from components.example_gen.executor import ExampleGenExecutor
from components.example_gen.files import input_patterns
from config.errors import InputError, find_user_error
from config.examples import Examples, HashSplit, Splits, TimeSplit
from config.features import RawColumn
from pipeline.beam import beam_args

# With an image named, TFX does not package itself for each executor.
BEAM = beam_args({"sdk_container_image": "none"})
HEADER = "age,city,click\n"
GOOD = (HEADER + "1,a,0\n2,,1\n").encode()

Write = Callable[[str, bytes], Path]
Run = Callable[..., types.Artifact]
Rows = Callable[[types.Artifact, str], list[dict[str, list[Any]]]]


@pytest.fixture
def run(tmp_path: Path, make_part: Callable[..., Any]) -> Run:
    """Runs the executor on files in the test's folder."""

    def _run(
        patterns: dict[str, str], beam: Sequence[str] = BEAM, **changes: Any
    ) -> types.Artifact:
        examples = standard_artifacts.Examples()
        examples.uri = str(tmp_path / "out")
        splits = [
            example_gen_pb2.Input.Split(name=split, pattern=pattern)
            for split, pattern in patterns.items()
        ]
        context = base_beam_executor.BaseBeamExecutor.Context(
            beam_pipeline_args=list(beam), tmp_dir=str(tmp_path / "tmp"), unique_id="1"
        )
        ExampleGenExecutor(context).Do(
            {},
            {"examples": [examples]},
            {
                "input_base": str(tmp_path),
                "input_config": proto_utils.proto_to_json(
                    example_gen_pb2.Input(splits=splits)
                ),
                "part": make_part(**changes).model_dump_json(),
                "code": "1",
            },
        )
        return examples

    return _run


@pytest.fixture
def failure(run: Run) -> Callable[..., str]:
    """What a person is told when a run fails, whatever Beam makes of the error."""

    def _failure(*arguments: Any, **changes: Any) -> str:
        with pytest.raises(Exception) as caught:  # noqa: PT011 (the type is Beam's)
            run(*arguments, **changes)
        error = find_user_error(caught.value)
        assert isinstance(error, InputError)
        assert len(str(error).splitlines()) == 1
        assert "Traceback" not in str(error)
        return str(error)

    return _failure


def test_explicit_splits(write: Write, run: Run, rows_of: Rows):
    write("day_1.csv", GOOD)
    write("day_2.csv", (HEADER + "3,b,0\n").encode())
    write("day_3.csv", (HEADER + ",c,1\n5,d,0\n").encode())
    examples = run({"train": "day_[12].csv", "eval": "day_3.csv"})
    assert artifact_utils.decode_split_names(examples.split_names) == ["eval", "train"]
    shards = Path(examples.uri, "Split-train").iterdir()
    assert sorted(path.name for path in shards) == [
        "data_tfrecord-00000-of-00002.gz",
        "data_tfrecord-00001-of-00002.gz",
    ]
    assert rows_of(examples, "train") == [
        {"age": [1.0], "city": [b"a"], "click": [0]},
        {"age": [2.0], "click": [1]},
        {"age": [3.0], "city": [b"b"], "click": [0]},
    ]
    assert rows_of(examples, "eval") == [
        {"city": [b"c"], "click": [1]},
        {"age": [5.0], "city": [b"d"], "click": [0]},
    ]


def test_hash_split_keeps_every_row_once(write: Write, run: Run, rows_of: Rows):
    for day in range(2):
        lines = [f"{day}.5,user {n},{n % 2}\n" for n in range(100)]
        write(f"day_{day}.csv", (HEADER + "".join(lines)).encode())
    split = HashSplit(pattern="*.csv", column="city", train=1, eval=1)
    examples = run({"all": "*.csv"}, hash_split=split)
    rows = {name: rows_of(examples, name) for name in ("train", "eval")}
    users = {
        name: [row["city"][0] for row in split_rows]
        for name, split_rows in rows.items()
    }
    assert len(rows["train"]) + len(rows["eval"]) == 200
    assert not set(users["train"]) & set(users["eval"])
    # Both days of a user fall into the same split.
    assert all(users[name].count(user) == 2 for name in users for user in users[name])


def test_time_split_trains_on_the_past_of_all_files(
    write: Write, run: Run, rows_of: Rows
):
    for name in "ab":
        days = [f"2024-01-{day:02} 12:00:00,x{day},{day % 2}" for day in range(1, 11)]
        write(f"{name}.csv", "\n".join(["when,city,click", *reversed(days)]).encode())
    split = TimeSplit(pattern="*.csv", column="when", eval=0.3)
    columns = {"city": RawColumn(type="string")}
    examples = run({"all": "*.csv"}, columns=columns, time_split=split)
    cities = {
        name: sorted(row["city"][0].decode() for row in rows_of(examples, name))
        for name in ("train", "eval")
    }
    assert cities["eval"] == sorted(2 * ["x8", "x9", "x10"])
    assert cities["train"] == sorted(2 * [f"x{day}" for day in range(1, 8)])


def test_hash_of_the_row_keeps_every_row_once(write: Write, run: Run, rows_of: Rows):
    rows = [f"{n},city{n},{n % 2}" for n in range(100)]
    write("a.csv", "\n".join([HEADER.strip(), *rows, *rows]).encode())
    examples = run({"all": "a.csv"}, hash_split=HashSplit(pattern="a.csv"))
    ages = {
        name: [row["age"][0] for row in rows_of(examples, name)]
        for name in ("train", "eval")
    }
    assert sorted(ages["train"] + ages["eval"]) == sorted(2 * list(range(100)))


def test_nan_and_infinity_are_missing(write: Write, run: Run, rows_of: Rows):
    write("a.csv", (HEADER + "nan,a,0\ninf,a,1\n").encode())
    rows = rows_of(run({"train": "a.csv"}), "train")
    assert rows == [{"city": [b"a"], "click": [0]}, {"city": [b"a"], "click": [1]}]


def test_examples_logged_while_serving_need_no_label(
    write: Write, run: Run, rows_of: Rows
):
    write("log.csv", b"age,city\n1,a\n")
    rows = rows_of(run({"serving": "log.csv"}, label=None), "serving")
    assert rows == [{"age": [1.0], "city": [b"a"]}]


ALL, ONE = {"all": "a.csv"}, {"train": "a.csv"}
TWO = {"train": "a.csv", "eval": "b.csv"}
BY_CITY = {"hash_split": HashSplit(pattern="a.csv", column="city")}
BY_TIME = {"time_split": TimeSplit(pattern="a.csv", column="city")}
SAME = "label 'click': every one of the 2 examples of the split 'eval' is"


@pytest.mark.parametrize(
    ("a", "b", "patterns", "changes", "expected"),
    [
        ("1,a,0 2,,1", "1,a,0 2,b,0", TWO, {}, f"{SAME} 0; both 0 and 1 are needed"),
        ("1,a,0 2,,1", "1,a,1 2,b,1", TWO, {}, f"{SAME} 1; both 0 and 1 are needed"),
        ("1,a,0 2,,1", "", TWO, {}, "examples: the split 'eval' is empty; "),
        ("1,a,0 2,a,1", "", ALL, BY_CITY, "examples: the split "),
        ("1,a,0", "", {"train": "[c]"}, {}, "{folder}/[c]: no file matches; "),
        (
            *("1,a,2 1,a,0", "", ONE, {}),
            "{folder}/a.csv: label 'click': 1 of 2 rows hold neither 0 nor 1, the "
            "first 2; ",
        ),
        (
            *("1,2024-01-01,0 2,2024-01-02,1 3,,1", "", ALL, BY_TIME),
            "{folder}/a.csv: examples.time_split.column: 'city' has no single value in "
            "1 of 3 rows",
        ),
    ],
)
def test_files_that_cannot_be_used_are_told(
    write: Write,
    failure: Callable[..., str],
    tmp_path: Path,
    a: str,
    b: str,
    patterns: dict[str, str],
    changes: dict[str, Any],
    expected: str,
):
    for name, rows in (("a.csv", a), ("b.csv", b)):
        write(name, "\n".join([HEADER.strip(), *rows.split(), ""]).encode())
    message = failure(patterns, **changes)
    assert message.startswith(expected.replace("{folder}", str(tmp_path)))


def test_file_that_is_no_file_is_told(failure: Callable[..., str], tmp_path: Path):
    (tmp_path / "a.csv").mkdir()
    message = failure({"train": "a.csv"})
    assert message == f"{tmp_path}/a.csv: cannot be read: Is a directory"


@pytest.mark.parametrize(
    "value",
    [
        "it's",
        'a "quote"',
        "a [bracket]",
        "{brace}",
        r"\n %s",
        "x [while running 'y'] z",
    ],
)
def test_message_arrives_whole_whatever_it_quotes(
    write: Write, failure: Callable[..., str], value: str
):
    quoted = value.replace('"', '""')
    path = write("a.csv", f'{HEADER}"{quoted}",a,0\n'.encode())
    assert failure({"train": "a.csv"}) == (
        f"{path}: line 2: column 'age': expected a number, got {value!r}; correct "
        "the file, or list the value under examples.missing_values"
    )


def test_message_arrives_from_other_workers(write: Write, failure: Callable[..., str]):
    """There, Beam raises a RuntimeError with the text of a traceback."""
    path = write("a.csv", (HEADER + "it's [1],a,0\n").encode())
    beam = [*BEAM, "--direct_running_mode=multi_threading", "--direct_num_workers=2"]
    assert failure({"train": "a.csv"}, beam=beam).startswith(
        f"""{path}: line 2: column 'age': expected a number, got "it's [1]"; correct"""
    )


def test_booleans_beside_numbers_are_told_with_both_files(
    write: Callable[[str, pa.Table], Path], failure: Callable[..., str]
):
    clicks = {"age": [1.0, 2.0], "click": [0, 1]}
    whole = write("a.parquet", pa.table({**clicks, "city": [True, False]}))
    write("b.parquet", pa.table({**clicks, "city": pa.nulls(2)}))
    other = write("c.parquet", pa.table({**clicks, "city": [1, 0]}))
    write("d.parquet", pa.table({**clicks, "city": [0, 0]}))
    message = failure({"train": "[ab]*", "eval": "[cd]*"}, path="a.parquet")
    assert message.startswith(
        f"column 'city': got booleans in {whole} and numbers in {other}; "
    )


def test_patterns_of_a_configuration():
    by_files = Examples(splits=Splits(train="a*", eval="b*"))
    by_hash = Examples(hash_split=HashSplit(pattern="c*", column="user"))
    assert input_patterns(by_files) == {"train": "a*", "eval": "b*"}
    assert input_patterns(by_hash) == {"all": "c*"}


def test_component_runs_in_a_pipeline(
    write: Write, tmp_path: Path, make_part: Callable[..., Any], rows_of: Rows
):
    write("a.csv", GOOD)
    write("b.csv", GOOD)
    example_gen = ExampleGen(
        root=str(tmp_path),
        patterns={"train": "a.csv", "eval": "b.csv"},
        part=make_part(),
        code="1",
    )
    connection = metadata.sqlite_metadata_connection_config(str(tmp_path / "metadata"))
    local_dag_runner.LocalDagRunner().run(
        pipeline.Pipeline(
            pipeline_name="ads",
            pipeline_root=str(tmp_path / "artifacts"),
            components=[example_gen],
            metadata_connection_config=connection,
            beam_pipeline_args=BEAM,
        )
    )
    with metadata.Metadata(connection) as handle:
        (artifact,) = handle.store.get_artifacts_by_type("Examples")
    rows = rows_of(artifact, "eval")
    assert [row["click"] for row in rows] == [[0], [1]]
