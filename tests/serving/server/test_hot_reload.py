"""Versions are replaced while requests come in, and none of them is lost."""

from __future__ import annotations

import shutil
import threading
import time

import pytest

from config.serving import Batching
from serving.server.session import ModelSession
from serving.server.status import StatusError
from serving.server.version_loader import Polling


@pytest.fixture
def load(connect):
    """Asks without a pause by several threads, within a context."""

    class Load:
        def __init__(self, server, threads=4):
            self.answers, self.errors = [], []
            self._client = connect(server)
            self._stop = threading.Event()
            self._threads = [
                threading.Thread(target=self._ask, args=(float(price),))
                for price in range(threads)
            ]

        def __enter__(self):
            for thread in self._threads:
                thread.start()
            return self

        def __exit__(self, *_):
            self._stop.set()
            for thread in self._threads:
                thread.join()

        def _ask(self, price):
            while not self._stop.is_set():
                try:
                    score, version = self._client.score(price)
                    self.answers.append((score - 2 * price, version))
                except Exception as error:
                    self.errors.append(error)

        def versions(self):
            return sorted({version for _, version in self.answers})

    return Load


def test_no_request_is_lost_while_versions_are_replaced(
    start_server, base_path, add_version, load, eventually
):
    server = start_server()
    with load(server) as clients:
        for version in (2, 3, 4):
            add_version(base_path, version)
            eventually(lambda version=version: version in clients.versions())
        for version in (4, 3):
            shutil.rmtree(base_path / str(version))
            before = len(clients.answers)
            eventually(
                lambda version=version, before=before: (
                    len(clients.answers) > before + 50
                    and clients.answers[-1][1] == version - 1
                )
            )

    assert clients.errors == []
    assert clients.versions() == [1, 2, 3, 4]
    # The version that is named is the one that has answered.
    assert all(score == version for score, version in clients.answers)


def test_versions_are_reported_as_they_come_and_go(
    start_server, base_path, add_version, connect, eventually
):
    client = connect(start_server())
    assert client.states() == {1: "AVAILABLE"}
    add_version(base_path, 2)

    eventually(lambda: client.states() == {1: "END", 2: "AVAILABLE"})


def test_a_version_still_being_copied_is_not_loaded(
    start_server, base_path, add_version, connect, eventually, tmp_path
):
    client = connect(start_server())
    whole = add_version(tmp_path / "elsewhere", 2)
    copied = base_path / "2"
    shutil.copytree(whole, copied, ignore=shutil.ignore_patterns("saved_model.pb"))
    time.sleep(0.3)
    assert client.states() == {1: "AVAILABLE"}
    shutil.copy(whole / "saved_model.pb", copied)

    eventually(lambda: client.states() == {1: "END", 2: "AVAILABLE"})


def test_a_broken_version_leaves_the_old_one_serving(
    start_server, base_path, connect, eventually
):
    client = connect(start_server())
    (base_path / "2").mkdir()
    (base_path / "2" / "saved_model.pb").write_bytes(b"garbage")

    eventually(lambda: client.states() == {1: "AVAILABLE", 2: "END"})
    assert client.score() == (3.0, 1)


def test_a_servable_is_closed_after_its_last_request(base_path, eventually):
    servable = ModelSession("toy", 1, str(base_path / "1"), threads=1)
    closing = threading.Thread(target=servable.close)
    assert servable.acquire()
    closing.start()
    eventually(lambda: servable._closing)

    assert closing.is_alive()
    assert not servable.acquire()
    servable.release()
    closing.join(10)
    assert not closing.is_alive()


def test_requests_under_way_are_answered_before_a_server_stops(
    start_server, connect, predict_request_of, eventually
):
    server = start_server(batching=Batching(batch_timeout_micros=500_000))
    client = connect(server)
    client.score()  # so that the connection stands
    request = predict_request_of(price=[1.0], name=[b""], tags=[[b""]])
    call = client.predictions.Predict.future(request, timeout=20)
    servable = server._registry._models["toy"].session(1)
    eventually(lambda: servable._users == 1)
    server.stop(grace=20)

    assert list(call.result().outputs["score"].float_val) == [3.0]


def test_a_model_without_a_version_is_waited_for(
    tmp_path, add_version, connect, server_of
):
    server = server_of("toy", tmp_path / "models", polling=Polling(seconds=0.05))
    starting = threading.Thread(target=server.start)
    starting.start()
    time.sleep(0.2)
    assert starting.is_alive()
    add_version(tmp_path / "models", 3)
    starting.join(20)

    assert connect(server).score() == (5.0, 3)
    server.stop(grace=0.2)


def test_a_server_does_not_start_with_a_broken_model(tmp_path, server_of):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"garbage")
    polling = Polling(seconds=0.02, retries=1, retry_seconds=0.02)
    server = server_of("toy", tmp_path, polling=polling)

    with pytest.raises(StatusError, match=r"1 servable\(s\) did not become available"):
        server.start()
    server.stop(grace=0.2)
