"""A sample of requests and answers is kept."""

from __future__ import annotations

import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

from serving.server import request_log
from serving.server.metrics import Metrics
from serving.server.request_log import RequestLog


@pytest.fixture
def config(tmp_path):
    def _make(rate, prefix=tmp_path / "logs" / "toy"):
        text = f"""
            model_config_list {{ config {{
                name: "toy" base_path: "{tmp_path / "models"}"
                model_platform: "tensorflow"
                logging_config {{
                    log_collector_config {{ filename_prefix: "{prefix}" }}
                    sampling_config {{ sampling_rate: {rate} }}
                }}
            }} }}
        """
        return text_format.Parse(text, model_server_config_pb2.ModelServerConfig())

    return _make


@pytest.fixture
def logged(tmp_path):
    """What was logged."""

    def _read():
        files = sorted((tmp_path / "logs").glob("toy-*.tfrecord"))
        return [
            prediction_log_pb2.PredictionLog.FromString(record)
            for file in files
            for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator()
        ]

    return _read


def test_requests_are_logged_with_their_answers(
    start_server, connect, config, logged, refused
):
    server = start_server(config(rate=1.0))
    client = connect(server)
    client.score(price=1.5)
    refused(lambda: client.score(signature="zz"))
    server.stop(grace=1)

    (log,) = logged()
    assert list(log.predict_log.request.inputs["price"].float_val) == [1.5]
    assert list(log.predict_log.response.outputs["score"].float_val) == [4.0]
    assert log.log_metadata.model_spec.name == "toy"
    assert log.log_metadata.model_spec.version.value == 1
    assert log.log_metadata.sampling_config.sampling_rate == 1.0
    assert log.log_metadata.timestamp_secs > 0


def test_a_share_of_requests_is_logged(config, logged):
    log = RequestLog(Metrics())
    log.update(config(rate=0.25))
    for _ in range(800):
        log.record("toy", 1, lambda entry: entry.predict_log.SetInParent())
    log.close()

    # Five standard deviations of a fair sample.
    assert abs(len(logged()) - 200) < 5 * (800 * 0.25 * 0.75) ** 0.5


def test_logging_ends_with_its_configuration(start_server, connect, config, logged):
    server = start_server(config(rate=1.0))
    client = connect(server)
    client.score()
    without = config(rate=1.0)
    without.model_config_list.config[0].ClearField("logging_config")
    server.reload(without, float("inf"))
    client.score()
    server.stop(grace=1)

    assert len(logged()) == 1


def test_other_models_are_not_logged(config, logged):
    log = RequestLog(Metrics())
    log.update(config(rate=1.0))
    log.record("other", 1, lambda entry: entry.predict_log.SetInParent())
    log.close()

    assert logged() == []


def test_a_log_that_cannot_be_written_is_counted_and_goes_on(config, tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    metrics = Metrics()
    log = RequestLog(metrics)
    log.update(config(rate=1.0, prefix=tmp_path / "file" / "toy"))
    for _ in range(3):
        log.record("toy", 1, lambda entry: entry.predict_log.SetInParent())
    log.close()

    name = ':tensorflow:serving:request_log_count{model_name="toy",status='
    (line,) = [line for line in metrics.page().splitlines() if line.startswith(name)]
    assert line.endswith(" 3.0")
    assert "OK" not in line
    # Said once, and not for each request.
    assert caplog.text.count("cannot be written") == 1


def _log(log, count):
    for _ in range(count):
        log.record("toy", 1, lambda entry: entry.predict_log.SetInParent())


def _counts(metrics):
    """How many entries there were, by status."""
    name = ':tensorflow:serving:request_log_count{model_name="toy",status="'
    lines = [line for line in metrics.page().splitlines() if line.startswith(name)]
    pairs = [line.removeprefix(name).split('"} ') for line in lines]
    return {status: float(count) for status, count in pairs}


def test_a_file_that_is_full_is_followed_by_another(
    config, logged, tmp_path, monkeypatch, eventually
):
    monkeypatch.setattr(request_log, "_FILE_BYTES", 300)
    metrics = Metrics()
    log = RequestLog(metrics)
    log.update(config(rate=1.0))
    _log(log, 1)
    eventually(lambda: _counts(metrics) == {"OK": 1})
    (first,) = (tmp_path / "logs").iterdir()
    size = first.stat().st_size
    _log(log, 49)
    log.close()

    assert len(logged()) == 50
    files = sorted((tmp_path / "logs").iterdir())
    fit = 300 // size
    assert len(files) == -(-50 // fit)
    # It keeps its name, and no file is longer than allowed.
    assert files[0] == first
    assert [each.stat().st_size for each in files[:-1]] == [fit * size] * (
        len(files) - 1
    )


def test_an_entry_longer_than_a_file_is_logged(config, logged, tmp_path, monkeypatch):
    monkeypatch.setattr(request_log, "_FILE_BYTES", 1)
    log = RequestLog(Metrics())
    log.update(config(rate=1.0))
    _log(log, 3)
    log.close()

    assert len(logged()) == len(list((tmp_path / "logs").iterdir())) == 3


def test_what_nobody_expected_does_not_end_the_log(
    config, logged, monkeypatch, caplog, eventually
):
    writers = []

    class Unexpected(tf.io.TFRecordWriter):
        """Fails at the second entry of the first file."""

        def __init__(self, path):
            super().__init__(path)
            self.entries = 0
            writers.append(self)

        def write(self, record):
            self.entries += 1
            if self is writers[0] and self.entries == 2:
                raise RuntimeError("nobody expected this")
            super().write(record)

    monkeypatch.setattr(tf.io, "TFRecordWriter", Unexpected)
    monkeypatch.setattr(request_log, "_PAUSE_SECONDS", 0.0)
    metrics = Metrics()
    log = RequestLog(metrics)
    log.update(config(rate=1.0))
    _log(log, 4)
    eventually(lambda: _counts(metrics) == {"OK": 3, "UNKNOWN": 1})
    log.close()

    assert len(logged()) == 3
    # What was written last may be cut: the file is left, and another begun.
    assert len(writers) == 2
    assert caplog.text.count("nobody expected this") == 1


def test_after_a_failure_entries_are_dropped_and_counted_for_a_while(
    config, logged, tmp_path, eventually
):
    (tmp_path / "logs").write_text("no folder")
    metrics = Metrics()
    log = RequestLog(metrics)
    log.update(config(rate=1.0))
    _log(log, 1)
    eventually(lambda: sum(_counts(metrics).values()) == 1)
    (tmp_path / "logs").unlink()
    _log(log, 3)
    log.close()

    # Else a full disk would come to have a file for each request.
    ((_, count),) = _counts(metrics).items()
    assert (count, logged()) == (4, [])
