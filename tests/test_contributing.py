"""Examples of CONTRIBUTING.md."""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"


def example(title):
    """A module of the code below a heading."""
    section = PAGE.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.S)
    module = types.ModuleType(title)
    exec(compile(code, f"{PAGE}: {title}", "exec"), module.__dict__)
    return module


def test_the_model_has_one_logit_for_each_example():
    from trainer.data.inputs import IdInput, ModelInputs

    model = example("A model")
    columns = [IdInput(name, 9, 4) for name in ("ad", "site")]
    inputs = ModelInputs(tuple(columns), numbers=())

    logit = model.logit(inputs, inputs.keras_inputs(), model.Fm())
    assert logit.shape == (None, 1)


def test_the_weekday_is_that_of_the_calendar():
    import tensorflow as tf

    feature = example("A kind of feature")
    # 1970-01-01, a Thursday; 2026-11-29, a Sunday; and the Monday after.
    seconds = [0.0, 1795910400.0 + 43200, 1795996800.0 + 43200, float("nan")]

    assert feature.weekday(tf.constant(seconds)).numpy().tolist() == [4, 7, 1, 0]


def test_the_calibration_gap_is_a_distance_of_means():
    import numpy as np

    from components.evaluator.score_counts import Bins, Sample, Scores

    metric = example("A metric")
    labels, predictions = np.array([0, 0, 1, 1]), np.array([0.1, 0.3, 0.6, 0.8])
    scores = Scores.of(labels, predictions, np.zeros(4, int), Bins())

    gap = metric.calibration_gap(Sample.of(scores.table()))
    assert gap[0] == pytest.approx(0.5 - 0.45)


def test_the_component_counts_examples(tmp_path):
    from tensorflow_metadata.proto.v0 import statistics_pb2
    from tfx.types import channel_utils, standard_artifacts

    component = example("A component")
    statistics = standard_artifacts.ExampleStatistics()
    statistics.uri, statistics.split_names = str(tmp_path), '["train"]'
    node = component.Count(
        statistics=channel_utils.as_channel([statistics]), split="train", code="1"
    )
    assert list(node.outputs) == ["count"]
    found = statistics_pb2.DatasetFeatureStatisticsList()
    found.datasets.add(num_examples=7)
    (tmp_path / "Split-train").mkdir()
    (tmp_path / "Split-train" / "FeatureStats.pb").write_bytes(
        found.SerializeToString()
    )
    count = standard_artifacts.JsonValue()
    count.uri = str(tmp_path / "count")

    component.CountExecutor().Do(
        {"statistics": [statistics]}, {"count": [count]}, {"split": "train"}
    )
    assert (tmp_path / "count").read_text().strip('"') == "7"
