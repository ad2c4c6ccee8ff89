"""Memory under load; `python -m benchmarks.serving.soak` is the long one."""

from __future__ import annotations

import os

from benchmarks.serving.soak import resident_bytes
from serving.load_test import Load, Senders


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
            # A leak grows in every round; the first ones also fill pools of memory, and
            # other threads of the process may allocate in any one of them. There once
            # was a leak of 16 KiB per request.
            growth = (_bytes_per_request(senders, load) for _ in range(5))
            assert any(each < 2048 for each in growth), name


def _bytes_per_request(senders: Senders, load: Load) -> float:
    """Growth of this process, which is the server's, while it answers a load."""
    before = resident_bytes(os.getpid())
    answers = senders.send(load)
    assert len(answers) > 100
    return (resident_bytes(os.getpid()) - before) / len(answers)
