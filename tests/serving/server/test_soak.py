"""Memory under load; `python -m benchmarks.serving.soak` is the long one."""

from __future__ import annotations

import pytest

from benchmarks.serving.soak import resident_bytes
from config.serving import Serving
from serving.load_test import Load, Senders
from serving.local_server import LocalServer

MEGABYTE = 2**20


@pytest.fixture
def server(tmp_path, base_path):
    with LocalServer(Serving(), "toy", base_path, tmp_path) as server:
        server.wait_until_available(120)
        yield server


def _requests(predict_request_of):
    good = predict_request_of(price=[1.0] * 20, name=[b"a"] * 20, tags=[[b"x"]] * 20)
    unknown = predict_request_of(price=[1.0], name=[b"a"])
    other = predict_request_of(signature="nowhere")
    return {
        "good": good.SerializeToString(),
        "inputs are missing": unknown.SerializeToString(),
        "no such signature": other.SerializeToString(),
        "garbage": b"\xff" * 30,
    }


def test_memory_does_not_grow_with_requests(server, predict_request_of):
    requests = _requests(predict_request_of)
    with Senders(server.address, 1) as senders:
        for name, request in requests.items():
            load = Load([request], seconds=1, concurrency=4)
            senders.send(load)
            before = resident_bytes(server.pid)
            answers = senders.send(load)
            assert len(answers) > 100
            growth = resident_bytes(server.pid) - before
            # 16 KiB for each request, as there once were, would be seen.
            assert growth < max(MEGABYTE, len(answers) * 2048), name
