"""The artifact beside that of TFX's StatisticsGen, and what is made of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tfx.components.statistics_gen.executor import Executor
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from components.schema_gen.infer import infer_schema
from components.shared.statistics import by_feature, read_statistics
from components.statistics_gen.executor import LocalStatisticsGenExecutor

from .comparison import flat

ROWS = {"train": 5000, "eval": 700}


def records(rows: int, seed: int) -> list[bytes]:
    """Examples with the usual kinds of columns; a tenth of the values are missing."""
    random = np.random.default_rng(seed)
    tags = [b"x", b"y", b"z"]

    def column(kind: pa.DataType, values: Iterator[list[Any]]) -> pa.Array:
        kept = [each if random.random() < 0.9 else None for each in values]
        return pa.array(kept, pa.large_list(kind))

    text, users = pa.large_binary(), random.pareto(0.1, rows).clip(0, 10**9)
    columns = {
        "user": column(text, ([f"ü{each:.0f}"] for each in users)),
        "tags": column(text, (tags[: random.integers(4)] for _ in users)),
        "price": column(pa.float32(), ([each] for each in random.lognormal(size=rows))),
        "age": column(pa.int64(), ([each] for each in random.integers(18, 90, rows))),
        "none": column(text, (None for _ in users)),
    }
    batch = pa.RecordBatch.from_pydict(columns)
    return RecordBatchToExamplesEncoder().encode(batch)


@pytest.fixture(scope="module")
def examples(
    tmp_path_factory: pytest.TempPathFactory,
    write_records: Callable[[Path, Sequence[bytes]], None],
) -> standard_artifacts.Examples:
    """Two splits, one of them in two files."""
    folder = tmp_path_factory.mktemp("examples")
    for seed, (split, rows) in enumerate(ROWS.items()):
        made = records(rows, seed)
        write_records(folder / f"Split-{split}/data-0.gz", made[:500])
        write_records(folder / f"Split-{split}/data-1.gz", made[500:])
    artifact = standard_artifacts.Examples()
    artifact.uri, artifact.span = str(folder), 20784
    artifact.split_names = artifact_utils.encode_split_names([*ROWS])
    examples_utils.set_payload_format(artifact, example_gen_pb2.FORMAT_TF_EXAMPLE)
    return artifact


Made = dict[str, standard_artifacts.ExampleStatistics]


@pytest.fixture(scope="module")
def made(
    examples: standard_artifacts.Examples, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """The artifacts of both executors."""
    folder = tmp_path_factory.mktemp("statistics")
    beam = Executor.Context(
        beam_pipeline_args=["--runner=DirectRunner"],
        tmp_dir=str(folder / "tmp"),
        unique_id="1",
    )
    executors = {"ours": LocalStatisticsGenExecutor(), "TFX's": Executor(beam)}
    properties = {"ours": {"code": "1"}, "TFX's": {}}
    made = {}
    for name, executor in executors.items():
        made[name] = standard_artifacts.ExampleStatistics()
        made[name].uri = str(folder / name)
        executor.Do(
            {"examples": [examples]}, {"statistics": [made[name]]}, properties[name]
        )
    return made


def test_the_artifacts_describe_the_same(made: Made):
    ours, theirs = made.values()
    assert ours.split_names == theirs.split_names
    assert ours.span == theirs.span == 20784


@pytest.mark.parametrize("split", ROWS)
def test_the_statistics_are_equal(made: Made, split: str):
    ours, theirs = (read_statistics(each, split) for each in made.values())
    assert ours.datasets[0].num_examples == ROWS[split]
    users = by_feature(ours)["user"].string_stats
    assert len(users.rank_histogram.buckets) == min(users.unique, 1000)
    assert flat(ours) == pytest.approx(flat(theirs))


def test_what_was_read_is_not_read_again(
    examples: standard_artifacts.Examples,
    made: Made,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    caplog.set_level("INFO")

    def run(code: str) -> list[bytes]:
        statistics = standard_artifacts.ExampleStatistics()
        statistics.uri = str(tmp_path / "statistics")
        LocalStatisticsGenExecutor().Do(
            {"examples": [examples]},
            {"statistics": [statistics]},
            {"code": code, "cache": str(tmp_path / "cache")},
        )
        return [
            read_statistics(statistics, split).SerializeToString(deterministic=True)
            for split in ROWS
        ]

    first = run("1")
    assert "earlier run" not in caplog.text
    entry = min((tmp_path / "cache").iterdir())
    entry.write_bytes(entry.read_bytes()[:-1])
    assert run("1") == first
    assert "1 of 2 files read in an earlier run" in caplog.text
    assert "2 of 2 files read in an earlier run" in caplog.text
    expected = [read_statistics(made["ours"], split) for split in ROWS]
    assert first == [each.SerializeToString(deterministic=True) for each in expected]

    def unreadable(*_: Any) -> None:
        raise OSError("read")

    monkeypatch.setattr(tf.data, "TFRecordDataset", unreadable)
    assert run("1") == first
    with pytest.raises(OSError, match="read"):
        run("2")


def test_schema_anomalies_and_drift_are_equal(made: Made):
    found = []
    for each in made.values():
        train, other = (read_statistics(each, split) for split in ROWS)
        schema = infer_schema(train)
        drift = tfdv.get_feature(schema, "price").drift_comparator
        drift.jensen_shannon_divergence.threshold = 1e-9
        tfdv.get_feature(schema, "tags").drift_comparator.infinity_norm.threshold = 1e-9
        anomalies = tfdv.validate_statistics(other, schema, previous_statistics=train)
        assert {"price", "tags"} <= anomalies.anomaly_info.keys()
        found.append((schema, anomalies))
    ours, theirs = found
    assert ours == theirs
