"""Memory under load; `python -m benchmarks.serving.soak` is the long one."""

from __future__ import annotations

import os

from benchmarks.serving.soak import resident_bytes
from serving.load_test import Load, Senders

MEGABYTE = 2**20


def test_memory_does_not_grow_with_requests(toy_server, predict_request_of):
    good = predict_request_of(price=[1.0] * 20, name=[b"a"] * 20, tags=[[b"x"]] * 20)
    incomplete = predict_request_of()
    del incomplete.inputs["tags"]
    requests = {
        "good": good.SerializeToString(),
        "inputs are missing": incomplete.SerializeToString(),
        "no such signature": predict_request_of("nowhere").SerializeToString(),
        "garbage": b"\xff" * 30,
    }
    with Senders(f"127.0.0.1:{toy_server.port}", 1) as senders:
        for name, request in requests.items():
            load = Load([request], seconds=1, concurrency=4)
            senders.send(load)
            before = resident_bytes(os.getpid())
            answers = senders.send(load)
            assert len(answers) > 100
            growth = resident_bytes(os.getpid()) - before
            # 16 KiB for each request, as there once were, would be seen.
            assert growth < max(MEGABYTE, len(answers) * 2048), name
