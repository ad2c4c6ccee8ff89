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


def test_requests_are_logged_as_configured(
    start_server, connect, config, logged, rejection
):
    server = start_server(config(rate=1.0))
    client = connect(server)
    client.score(price=1.5)
    rejection(client.score, signature="zz")
    without = config(rate=1.0)
    without.model_config_list.config[0].ClearField("logging_config")
    server.reload(without, float("inf"))
    client.score()
    server.stop(grace=1)

    (log,) = logged()
    assert list(log.predict_log.request.inputs["price"].float_val) == [1.5]
    assert list(log.predict_log.response.outputs["score"].float_val) == [4.0]
    assert log.log_metadata.model_spec.name == "toy"
    assert log.log_metadata.model_spec.version.value == 1
    assert log.log_metadata.sampling_config.sampling_rate == 1.0
    assert log.log_metadata.timestamp_secs > 0


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def log(config, metrics):
    """A log of all requests."""
    log = RequestLog(metrics)
    log.update(config(rate=1.0))
    return log


def _record(log, count, name="toy"):
    for _ in range(count):
        log.record(name, 1, predict_pb2.PredictRequest(), predict_pb2.PredictResponse())


def test_a_share_of_requests_is_logged(log, config, logged):
    log.update(config(rate=0.25))
    _record(log, 800)

    # Five standard deviations of a fair sample.
    assert abs(len(logged()) - 200) < 5 * (800 * 0.25 * 0.75) ** 0.5


def test_other_models_are_not_logged(log, logged):
    _record(log, 1, name="other")

    assert logged() == []


def _counts(metrics):
    """The number of entries by status."""
    name = ':tensorflow:serving:request_log_count{model_name="toy",status="'
    page = metrics.page().splitlines()
    lines = [line for line in page if line.startswith(name)]
    pairs = [line.removeprefix(name).split('"} ') for line in lines]
    return {status: float(count) for status, count in pairs}


def test_a_full_file_is_followed_by_another(log, logged, tmp_path, monkeypatch):
    monkeypatch.setattr(request_log, "_FILE_BYTES", 300)
    _record(log, 50)

    assert len(logged()) == 50
    sizes = [each.stat().st_size for each in (tmp_path / "logs").iterdir()]
    assert len(sizes) > 5
    assert max(sizes) < 600


def test_an_unchanged_log_is_continued(log, config, logged, tmp_path):
    for _ in range(3):
        log.update(config(rate=1.0))
        _record(log, 1)

    assert len(logged()) == 3
    assert len(list((tmp_path / "logs").iterdir())) == 1


@pytest.mark.parametrize(
    ("pause", "counts"),
    [(60.0, {"UNAVAILABLE": 5}), (0.0, {"UNAVAILABLE": 3, "OK": 2})],
)
def test_logging_resumes_some_time_after_a_failure(
    pause, counts, log, metrics, logged, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(request_log, "_PAUSE_SECONDS", pause)
    (tmp_path / "logs").write_text("not a folder")
    _record(log, 3)
    (tmp_path / "logs").unlink()
    _record(log, 2)

    assert _counts(metrics) == counts
    assert len(logged()) == counts.get("OK", 0)
    # One message for each time that it was tried.
    assert len(caplog.records) == (1 if pause else 3)
