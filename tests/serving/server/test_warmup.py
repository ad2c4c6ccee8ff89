"""Requests that a model brings along are replayed before it serves."""

from __future__ import annotations

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from config.signatures import WARM_UP_FILE
from serving.server.session import ModelSession
from serving.server.status import StatusError
from serving.server.warmup import warm_up

MANY = 2**20


@pytest.fixture(scope="module")
def session(tmp_path_factory, add_version):
    path = add_version(tmp_path_factory.mktemp("models"), 1)
    return ModelSession("toy", 1, str(path), threads=1)


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


def test_a_model_may_have_no_requests(session, tmp_path):
    assert warm_up(session, str(tmp_path), MANY) == 0


def test_requests_are_replayed(session, write, predict_log):
    path = write(predict_log(), predict_log(), prediction_log_pb2.PredictionLog())

    assert warm_up(session, path, MANY) == 3


def test_a_request_that_fails_is_an_error(session, write, predict_log):
    path = write(predict_log(), predict_log(price=[[1.0]]))

    with pytest.raises(StatusError, match="shape"):
        warm_up(session, path, MANY)


def test_too_many_requests_are_an_error(session, write):
    path = write(*[b""] * 1001)

    with pytest.raises(StatusError, match="exceeds the maximum") as caught:
        warm_up(session, path, MANY)
    assert caught.value.code.name == "INVALID_ARGUMENT"


def test_the_maximum_number_of_requests_is_replayed(session, write):
    assert warm_up(session, write(*[b""] * 1000), MANY) == 1000


def test_a_malformed_record_is_an_error(session, write):
    with pytest.raises(StatusError, match="Failed to parse warmup record"):
        warm_up(session, write(b"\xff\xff"), MANY)


def test_a_malformed_record_file_is_an_error(session, tmp_path):
    file = tmp_path / WARM_UP_FILE
    file.parent.mkdir()
    file.write_bytes(b"garbage" * 10)

    with pytest.raises(StatusError, match="TFRecord format") as caught:
        warm_up(session, str(tmp_path), MANY)
    assert caught.value.code.name == "DATA_LOSS"


@pytest.mark.parametrize("kind", ["classify_log", "session_run_log"])
def test_other_kinds_of_logs_are_unimplemented(kind, session, write):
    log = prediction_log_pb2.PredictionLog()
    getattr(log, kind).SetInParent()

    with pytest.raises(StatusError) as caught:
        warm_up(session, write(log), MANY)
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
