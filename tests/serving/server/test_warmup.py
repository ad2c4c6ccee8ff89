"""Requests that a model brings along are replayed before it serves."""

from __future__ import annotations

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving.server.servable import Servable
from serving.server.status import StatusError
from serving.server.warmup import WARM_UP_FILE, warm_up

MANY = 2**20


@pytest.fixture(scope="module")
def servable(tmp_path_factory, add_version):
    path = add_version(tmp_path_factory.mktemp("models"), 1)
    return Servable("toy", 1, str(path), threads=1)


@pytest.fixture
def write(tmp_path):
    """Writes a warm-up file, and gives the directory of the SavedModel."""

    def _write(*logs, folder=tmp_path):
        file = folder / WARM_UP_FILE
        file.parent.mkdir(exist_ok=True)
        with tf.io.TFRecordWriter(str(file)) as writer:
            for log in logs:
                writer.write(log if isinstance(log, bytes) else log.SerializeToString())
        return str(folder)

    return _write


@pytest.fixture
def predict_log(predict_request_of):
    def _make(**inputs):
        inputs = {"price": [1.0], "name": [b""], "tags": [[b""]], **inputs}
        log = prediction_log_pb2.PredictionLog()
        log.predict_log.request.CopyFrom(predict_request_of(**inputs))
        return log

    return _make


def _examples_log(kind, signature):
    log = prediction_log_pb2.PredictionLog()
    request = getattr(log, kind).request
    request.input.example_list.examples.add()
    request.model_spec.name = "toy"
    request.model_spec.signature_name = signature
    return log


def test_a_model_need_not_have_any(servable, tmp_path):
    assert warm_up(servable, str(tmp_path), MANY) == 0


def test_requests_of_all_kinds_are_replayed(servable, write, predict_log):
    multi = prediction_log_pb2.PredictionLog()
    request = multi.multi_inference_log.request
    request.input.example_list.examples.add()
    task = request.tasks.add(method_name="tensorflow/serving/regress")
    task.model_spec.name = "toy"
    task.model_spec.signature_name = "regress"

    path = write(
        predict_log(),
        _examples_log("classify_log", "classify"),
        _examples_log("regress_log", "regress"),
        multi,
        prediction_log_pb2.PredictionLog(),
    )
    assert warm_up(servable, path, MANY) == 5


def test_a_request_that_fails_is_an_error(servable, write, predict_log):
    path = write(predict_log(), predict_log(price=[[1.0]]))

    with pytest.raises(StatusError, match="shape"):
        warm_up(servable, path, MANY)


def test_too_many_requests_are_an_error(servable, write):
    path = write(*[b""] * 1001)

    with pytest.raises(StatusError, match="exceeds the maximum") as caught:
        warm_up(servable, path, MANY)
    assert caught.value.code.name == "INVALID_ARGUMENT"


def test_as_many_as_allowed_are_replayed(servable, write):
    assert warm_up(servable, write(*[b""] * 1000), MANY) == 1000


def test_what_is_no_log_is_an_error(servable, write):
    with pytest.raises(StatusError, match="Failed to parse warmup record"):
        warm_up(servable, write(b"\xff\xff"), MANY)


def test_what_is_no_record_file_is_an_error(servable, tmp_path):
    file = tmp_path / WARM_UP_FILE
    file.parent.mkdir()
    file.write_bytes(b"garbage" * 10)

    with pytest.raises(StatusError, match="TFRecord format") as caught:
        warm_up(servable, str(tmp_path), MANY)
    assert caught.value.code.name == "DATA_LOSS"


def test_a_session_run_log_is_unimplemented(servable, write):
    log = prediction_log_pb2.PredictionLog()
    log.session_run_log.SetInParent()

    with pytest.raises(StatusError) as caught:
        warm_up(servable, write(log), MANY)
    assert caught.value.code.name == "UNIMPLEMENTED"


def test_a_version_whose_warm_up_fails_does_not_serve(
    start_server,
    base_path,
    add_version,
    connect,
    eventually,
    write,
    predict_log,
    tmp_path,
):
    client = connect(start_server())
    path = add_version(tmp_path / "aside", 2)
    write(predict_log(price=[[1.0]]), folder=path)
    path.rename(base_path / "2")

    eventually(lambda: client.states() == {1: "AVAILABLE", 2: "END"})
    assert client.score() == (3.0, 1)
