"""A sample of requests and answers is kept."""

from __future__ import annotations

import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
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


def _log(log, count, name="toy"):
    for _ in range(count):
        log.record(name, 1, predict_pb2.PredictRequest(), predict_pb2.PredictResponse())


def test_a_share_of_requests_is_logged(config, logged):
    log = RequestLog(Metrics())
    log.update(config(rate=0.25))
    _log(log, 800)

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
    _log(log, 1, name="other")

    assert logged() == []


def _counts(metrics):
    """How many entries there were, by status."""
    name = ':tensorflow:serving:request_log_count{model_name="toy",status="'
    lines = [line for line in metrics.page().splitlines() if line.startswith(name)]
    pairs = [line.removeprefix(name).split('"} ') for line in lines]
    return {status: float(count) for status, count in pairs}


def test_a_file_that_is_full_is_followed_by_another(
    config, logged, tmp_path, monkeypatch
):
    monkeypatch.setattr(request_log, "_FILE_BYTES", 300)
    log = RequestLog(Metrics())
    log.update(config(rate=1.0))
    _log(log, 50)

    assert len(logged()) == 50
    sizes = [each.stat().st_size for each in (tmp_path / "logs").iterdir()]
    assert len(sizes) > 5
    assert max(sizes) < 600


def test_an_unchanged_log_is_continued(config, logged, tmp_path):
    log = RequestLog(Metrics())
    for _ in range(3):
        log.update(config(rate=1.0))
        _log(log, 1)

    assert len(logged()) == 3
    assert len(list((tmp_path / "logs").iterdir())) == 1


def test_entries_after_a_failure_are_dropped_counted_and_reported_once(
    config, logged, tmp_path, caplog
):
    (tmp_path / "logs").write_text("not a folder")
    metrics = Metrics()
    log = RequestLog(metrics)
    log.update(config(rate=1.0))
    _log(log, 3)
    (tmp_path / "logs").unlink()
    _log(log, 1)

    assert _counts(metrics) == {"UNAVAILABLE": 4}
    assert logged() == []
    assert len(caplog.records) == 1


def test_logging_resumes_after_a_failure(config, logged, tmp_path, monkeypatch):
    monkeypatch.setattr(request_log, "_PAUSE_SECONDS", 0.0)
    (tmp_path / "logs").write_text("not a folder")
    metrics = Metrics()
    log = RequestLog(metrics)
    log.update(config(rate=1.0))
    _log(log, 1)
    (tmp_path / "logs").unlink()
    _log(log, 2)

    assert _counts(metrics) == {"UNAVAILABLE": 1, "OK": 2}
    assert len(logged()) == 2
