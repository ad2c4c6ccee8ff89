"""Ten simulated days with drift: each further day beside a run from scratch."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow_transform as tft
import yaml

from config.load import load_config
from ctr.simulate import simulate
from pipeline.run.local import local_dag
from pipeline.run.nodes import NodeRunner, Outputs, RunOutputs
from pipeline.workdir import WorkDir
from trainer.data.examples import transformed_examples

pytestmark = pytest.mark.slow

CONFIG: dict[str, Any] = {
    "name": "daily",
    "examples": {"spans": {"pattern": "clicks/day-{SPAN:2}.csv", "train": 7}},
    "label": {"column": "click"},
    "features": {
        "user_id": {"kind": "categorical", "min_frequency": 2},
        "ad_id": {"kind": "categorical", "oov_buckets": 3},
        "interests": {"kind": "categorical", "delimiter": "|"},
        "age": {"kind": "numeric", "buckets": 10, "missing_indicator": True},
        "price": {"kind": "numeric", "normalize": "log1p", "buckets": 10},
    },
    "model": {"kind": "wide_deep"},
    "validation": {"drift": {"price": 0.9, "interests": 0.9}},
}


class Days:
    """The data path on a folder of days."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "pipeline.yaml"
        self.config.write_text(yaml.safe_dump(CONFIG))

    def day(self, number: int) -> Path:
        return self.data / "clicks" / f"day-{number:02}.csv"

    def run(self, newest: int, work: str = "daily") -> RunOutputs:
        """Runs the data path up to a day, in a work directory."""
        config = load_config(self.config, data=str(self.data), span=str(newest))
        work_dir = WorkDir(self.folder / work)
        work_dir.path.mkdir(exist_ok=True)
        runner = NodeRunner(local_dag(config, work_dir), uuid.uuid4().hex)
        outputs: dict[str, Outputs] = {}
        for node in runner.nodes:
            outputs[node.node_info.id], _ = runner.run(node)
            if node.node_info.id == "Transform":
                break
        return outputs


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    days = Days(tmp_path_factory.mktemp("days"))
    simulate(days.data, 10_000, 10, seed=1)
    return days


def result(outputs: RunOutputs) -> dict[str, Any]:
    """What the data path found, and its examples as the Trainer sees them.

    Without the anomalies: there is no drift from the first day that is run.
    """
    statistics, schema, graph = (
        Path(outputs[node][key][0].uri)
        for node, key in (
            ("StatisticsGen", "statistics"),
            ("SchemaGen", "schema"),
            ("Transform", "transform_graph"),
        )
    )
    (examples,) = outputs["ExampleGen"]["examples"]
    found: dict[str, Any] = {
        f"{folder.parent.name}/{path.relative_to(folder)}": path.read_bytes()
        for folder in (statistics, schema, graph)
        for path in folder.rglob("*")
        # A SavedModel holds its nodes in any order.
        if path.is_file() and not path.name.startswith(("saved_model", "fingerprint"))
    }
    for split in ("train", "eval"):
        shards = sorted(map(str, Path(examples.uri, f"Split-{split}").iterdir()))
        records = tf.data.TFRecordDataset(shards, "GZIP").as_numpy_iterator()
        found[split] = [tf.train.Example.FromString(record) for record in records]
        batches = transformed_examples(
            [f"{examples.uri}/Split-{split}/*"], tft.TFTransformOutput(str(graph)), 5000
        )
        found[f"{split} transformed"] = [
            {name: _bytes(column) for name, column in batch.items()}
            for batch in batches
        ]
    return found


def _bytes(column: tf.Tensor | tf.SparseTensor) -> list[bytes]:
    is_sparse = isinstance(column, tf.SparseTensor)
    tensors = (column.indices, column.values) if is_sparse else (column,)
    return [tensor.numpy().tobytes() for tensor in tensors]


def test_further_days_read_their_own_file_and_find_what_all_files_hold(
    days: Days, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    days.run(8)
    for newest in (9, 10):
        whole = shutil.copytree(days.data, days.folder / f"whole {newest}")
        for day in range(1, newest):
            spoil(days.day(day))
        caplog.clear()
        further = days.run(newest)
        notes = [each for each in caplog.messages if "earlier run" in each]
        assert notes == [
            "7 of 8 files read in an earlier run",  # ExampleGen
            "7 of 7 files read in an earlier run",  # StatisticsGen, train
            # Transform: the day that evaluated is new to it.
            "6 of 7 files read in an earlier run",
        ]
        shutil.rmtree(days.data)
        shutil.copytree(whole, days.data)
        scratch = result(days.run(newest, work=f"scratch {newest}"))
        assert result(further) == scratch


def test_late_data_of_an_old_day_is_picked_up(
    days: Days, caplog: pytest.LogCaptureFixture
):
    before = result(days.run(10))
    with days.day(5).open("a") as old, days.day(2).open() as other:
        old.writelines(list(other)[1:51])
    caplog.set_level("INFO")
    late = result(days.run(10))
    assert "7 of 8 files read in an earlier run" in caplog.messages
    assert len(late["train"]) == len(before["train"]) + 50
    assert late["eval"] == before["eval"]
    assert late == result(days.run(10, work="scratch late"))
