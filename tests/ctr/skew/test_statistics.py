"""Statistics of the requests in the logs of a server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from components.shared.statistics import by_feature
from config.errors import InputError, find_user_error
from ctr.skew.compare import compare
from ctr.skew.statistics import read_served

BEAM = ["--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner"]


@pytest.fixture
def read(columns, tmp_path):
    def _read(*patterns):
        return read_served(patterns, columns, BEAM, str(tmp_path))

    return _read


@pytest.mark.parametrize("signature", ["tensors", "examples"])
def test_both_signatures_give_the_statistics_of_training(
    signature, log_of, client_rows, training, read, columns
):
    served = read(log_of(client_rows, signature))
    skew = compare(training, served, columns, {}, 1, "run")

    assert (served.examples, served.unknown) == (len(client_rows), {})
    assert not skew.is_skewed
    for feature in skew.features:
        assert feature.distance == pytest.approx(0.0, abs=1e-9)
        assert feature.serving_missing == feature.training_missing
    before, now = by_feature(training), by_feature(served.statistics)
    for name, column in columns.items():
        if column.type != "string":
            # The distance is of histograms.
            mean = before[name].num_stats.mean
            assert now[name].num_stats.mean == pytest.approx(mean)


def log_with(**features):
    """An entry of one example."""
    example = tf.train.Example()
    for name, value in features.items():
        example.features.feature[name].bytes_list.value.append(value)
    log = prediction_log_pb2.PredictionLog()
    examples = tf.make_tensor_proto([example.SerializeToString()])
    log.predict_log.request.inputs["examples"].CopyFrom(examples)
    return log.SerializeToString()


def test_several_logs_are_one_and_unknown_columns_are_counted(
    read, write_log, tmp_path
):
    entry = log_with(device=b"phone", country=b"it")
    folder = tmp_path / "logs"
    folder.mkdir()
    write_log(folder / "a.tfrecord", [entry] * 300)
    write_log(folder / "b.tfrecord", [log_with(device=b"phone", zip=b"1")])
    write_log(folder / "empty.tfrecord", [])
    served = read(str(folder), str(folder / "a*"))
    assert (served.logs, served.examples) == (3, 301)
    assert served.unknown == {"country": 300, "zip": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["logs"]


def test_wrong_logs_are_one_line(read, write_log, tmp_path):
    whole = Path(write_log(tmp_path / "whole", [log_with(device=b"phone")] * 3))
    content = whole.read_bytes()
    cut, cut_in_frame = tmp_path / "cut", tmp_path / "cut-in-frame"
    cut.write_bytes(content[:-5])
    cut_in_frame.write_bytes(content[: len(content) // 3 + 5])
    garbage = tmp_path / "garbage"
    garbage.write_bytes(os.urandom(100))
    other = write_log(tmp_path / "other", [b"\xff\xff"])
    empty = write_log(tmp_path / "empty", [])
    for path, words in (
        (cut, "truncated record"),
        (cut_in_frame, "cut short"),
        (garbage, ""),
        (other, "entry 1"),
        (empty, "serving.request_log.sampling"),
        (tmp_path / "zz", "no such file"),
    ):
        with pytest.raises((InputError, RuntimeError)) as caught:
            read(str(path))
        error = find_user_error(caught.value)
        assert isinstance(error, InputError), path
        assert str(error).startswith(f"{path}: ")
        assert words in str(error)
        assert len(str(error).splitlines()) == 1
