"""Requests that a model brings along are replayed before it serves."""

from __future__ import annotations

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from config.signatures import WARM_UP_FILE
from serving.server.session import ModelSession
from serving.server.status import StatusError
from serving.server.warmup import warm_up


@pytest.fixture(scope="module")
def session(toy_dir):
    session = ModelSession("toy", 1, str(toy_dir / "1"))
    yield session
    session.close()


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
        log = prediction_log_pb2.PredictionLog()
        log.predict_log.request.CopyFrom(predict_request_of(**inputs))
        return log

    return _make


def test_requests_are_replayed(session, write, predict_log, tmp_path):
    # A model may have none.
    assert warm_up(session, str(tmp_path)) == 0

    path = write(predict_log(), predict_log(), prediction_log_pb2.PredictionLog())
    assert warm_up(session, path) == 3
    assert warm_up(session, write(*[b""] * 1000)) == 1000


def _of_kind(kind):
    log = prediction_log_pb2.PredictionLog()
    getattr(log, kind).SetInParent()
    return log


@pytest.mark.parametrize(
    ("logs", "code"),
    [
        ([b""] * 1001, "INVALID_ARGUMENT"),
        ([b"\xff\xff"], "INVALID_ARGUMENT"),
        ([_of_kind("classify_log")], "UNIMPLEMENTED"),
        ([_of_kind("session_run_log")], "UNIMPLEMENTED"),
    ],
    ids=["too many", "malformed", "classify", "session run"],
)
def test_other_requests_are_errors(logs, code, session, write):
    with pytest.raises(StatusError) as caught:
        warm_up(session, write(*logs))
    assert caught.value.code.name == code


def test_a_malformed_file_is_an_error(session, write, tmp_path):
    path = write()
    (tmp_path / WARM_UP_FILE).write_bytes(b"garbage" * 10)

    with pytest.raises(StatusError) as caught:
        warm_up(session, path)
    assert caught.value.code.name == "DATA_LOSS"


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
