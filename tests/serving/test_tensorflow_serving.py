"""The files and the command line of `tensorflow_model_server`."""

from __future__ import annotations

import json
import os
import stat

import pytest
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from config.serving import Batching, RequestLog, Serving, Tls
from serving.tensorflow_serving import tensorflow_serving_command, write_files


@pytest.fixture
def write(tmp_path):
    def _write(**serving):
        base_path = str(tmp_path / "models")
        return write_files(Serving(**serving), "toy", base_path, tmp_path / "serving")

    return _write


def _model(files):
    config = text_format.Parse(files.models.read_text(), ModelServerConfig())
    (model,) = config.model_config_list.config
    return model


def test_only_what_is_configured_is_written(write, tmp_path):
    files = write()

    assert _model(files).base_path == str(tmp_path / "models")
    assert (files.batching, files.ssl) == (None, None)
    written = {each.name for each in (tmp_path / "serving").iterdir()}
    assert written == {"models.config", "monitoring.config"}


def test_metrics_are_where_the_embedded_server_has_them(write):
    # The message MonitoringConfig is not in tensorflow-serving-api.
    assert write().monitoring.read_text().split() == [
        *("prometheus_config", "{", "enable:", "true,"),
        *("path:", '"/monitoring/prometheus/metrics"', "}"),
    ]


def test_requests_are_not_logged(write):
    """With a `logging_config`, stock TensorFlow Serving does not start."""
    files = write(request_log=RequestLog(sampling_rate=0.5))

    assert not _model(files).HasField("logging_config")


def test_batching_parameters(write):
    files = write(batching=Batching(max_batch_size=64, num_batch_threads=3))

    assert set(files.batching.read_text().splitlines()) == {
        "max_batch_size { value: 64 }",
        "batch_timeout_micros { value: 0 }",
        "max_enqueued_batches { value: 10 }",
        "num_batch_threads { value: 3 }",
        "pad_variable_length_inputs: true",
    }


def test_only_the_owner_can_read_keys(write, keys):
    tls = Tls(
        key=str(keys / "server.key"),
        certificate=str(keys / "server.pem"),
        client_ca=str(keys / "ca.pem"),
    )
    files = write(tls=tls)

    assert stat.S_IMODE(os.stat(files.ssl).st_mode) == 0o600
    key, certificate, ca = (
        json.dumps((keys / name).read_text())
        for name in ("server.key", "server.pem", "ca.pem")
    )
    assert files.ssl.read_text().splitlines() == [
        f"server_key: {key}",
        f"server_cert: {certificate}",
        f"custom_ca: {ca}",
        "client_verify: true",
    ]


def test_the_command_line_has_only_flags_of_tensorflow_serving(write):
    serving = Serving(
        rest_port=None,
        batching=Batching(),
        max_message_bytes=99,
        max_concurrent_requests=64,
    )
    files = write(batching=serving.batching)

    assert tensorflow_serving_command("/bin/server", serving, files) == [
        "/bin/server",
        f"--model_config_file={files.models}",
        "--model_config_file_poll_wait_seconds=1",
        "--port=8500",
        "--rest_api_port=0",
        f"--monitoring_config_file={files.monitoring}",
        "--grpc_max_threads=64",
        # Otherwise it does not start if there are labels.
        "--allow_version_labels_for_unavailable_models=true",
        "--enable_batching",
        f"--batching_parameters_file={files.batching}",
    ]
