"""Versions are replaced while requests come in, and none of them is lost."""

from __future__ import annotations

import shutil
import threading
import time
from functools import partial

import pytest

from config.serving import Batching
from serving.server.status import StatusError
from serving.server.version_loader import Polling


def test_no_request_is_lost_while_versions_are_replaced(
    start_server, base_path, add_version, connect, asking, eventually
):
    client = connect(start_server())
    with asking(*[partial(client.score, price=0.0)] * 4) as answers:
        eventually(lambda: answers)
        for version in (2, 3):
            add_version(base_path, version)
            eventually(lambda version=version: answers[-1][1] == version)
        for version in (3, 2):
            shutil.rmtree(base_path / str(version))
            eventually(lambda version=version: answers[-1][1] == version - 1)

    assert {version for _, version in answers} == {1, 2, 3}
    # The version that is named is the one that has answered.
    assert all(score == version for score, version in answers)


def test_a_version_is_loaded_once_it_is_whole(
    start_server, base_path, add_version, connect, eventually, tmp_path
):
    client = connect(start_server())
    whole = add_version(tmp_path / "elsewhere", 2)
    copied = base_path / "2"
    shutil.copytree(whole, copied, ignore=shutil.ignore_patterns("saved_model.pb"))
    time.sleep(0.2)
    assert client.states() == {1: "AVAILABLE"}
    shutil.copy(whole / "saved_model.pb", copied)

    eventually(lambda: client.states() == {1: "END", 2: "AVAILABLE"})


def _break(version):
    version.mkdir()
    (version / "saved_model.pb").write_bytes(b"garbage")


def test_a_broken_version_leaves_the_old_one_serving(
    start_server, base_path, connect, eventually
):
    client = connect(start_server())
    _break(base_path / "2")

    eventually(lambda: client.states() == {1: "AVAILABLE", 2: "END"})
    assert client.score() == (3.0, 1)


def test_requests_under_way_are_answered_before_a_server_stops(
    start_server, connect, predict_request_of, eventually
):
    server = start_server(batching=Batching(batch_timeout_micros=500_000))
    client = connect(server)
    client.score()  # so that the connection stands
    call = client.predictions.Predict.future(predict_request_of(), timeout=20)
    session = server._registry._models["toy"].session(1)
    eventually(lambda: session._users == 1)
    server.stop(grace=20)

    assert list(call.result().outputs["score"].float_val) == [3.0]


def test_a_model_without_a_version_is_waited_for(
    tmp_path, add_version, connect, server_of
):
    server = server_of("toy", tmp_path / "models", polling=Polling(seconds=0.05))
    starting = threading.Thread(target=server.start)
    starting.start()
    time.sleep(0.1)
    assert starting.is_alive()
    add_version(tmp_path / "models", 3)
    starting.join(20)

    assert connect(server).score() == (5.0, 3)
    server.stop(grace=0.2)


def test_a_server_does_not_start_with_a_broken_model(tmp_path, serving):
    _break(tmp_path / "1")
    polling = Polling(seconds=0.02, retries=1, retry_seconds=0.02)

    with pytest.raises(StatusError) as caught, serving("toy", tmp_path, None, polling):
        pass
    assert caught.value.code.name == "UNKNOWN"
