"""Load on a server that stalls and rejects when the test says so."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest

from config.errors import RunError
from serving.load_test import Answers, Load, Senders
from serving.load_test.figures import measure
from serving.load_test.senders import connect, send

PREDICT = "/tensorflow.serving.PredictionService/Predict"


class Stalling(grpc.GenericRpcHandler):
    """Answers at once, but for a stall.

    Attributes:
      requests: What came in.
      stall: Cleared while nothing is answered.
      rejects: The request that is rejected.
    """

    def __init__(self):
        self.requests = []
        self.stall = threading.Event()
        self.stall.set()
        self.rejects = None

    def service(self, details):
        assert details.method == PREDICT
        return grpc.unary_unary_rpc_method_handler(self._answer)

    def _answer(self, request, context):
        self.requests.append(request)
        self.stall.wait(10)
        if request == self.rejects:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "no")
        return b"answer"


@pytest.fixture
def handler():
    return Stalling()


@pytest.fixture
def address(handler):
    server = grpc.server(ThreadPoolExecutor(200), handlers=(handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


def _send(address, load):
    with connect(address) as channel:
        return Answers(send(channel, load, time.monotonic()))


def _stall(handler, begin, seconds):
    """Answers nothing for some seconds, from `begin` seconds on."""
    threading.Timer(begin, handler.stall.clear).start()
    threading.Timer(begin + seconds, handler.stall.set).start()


def test_a_closed_loop_sends_the_next_request_after_each_answer(handler, address):
    answers = _send(address, Load([b"a", b"b"], seconds=0.3, concurrency=2))

    assert len(answers) == len(handler.requests) > 10
    assert set(handler.requests) == {b"a", b"b"}
    assert answers.failed == {}


def test_an_open_loop_measures_a_stall_by_each_request(handler, address):
    """A client that waits for answers measures it once."""
    _stall(handler, 0.2, 0.5)
    opened = _send(address, Load([b"a"], seconds=0.8, rate=100))
    _stall(handler, 0.2, 0.5)
    closed = _send(address, Load([b"a"], seconds=0.8, concurrency=1))

    # More than once only where this machine stalls by itself.
    assert 1 <= (closed.seconds > 0.2).sum() < (opened.seconds > 0.2).sum()


def test_requests_fall_due_at_random_at_the_rate(address):
    due = _send(address, Load([b"a"], seconds=1, rate=300, seed=1)).due

    # A Poisson process: the count varies by its root, the gaps as much as their mean.
    assert abs(len(due) - 300) < 5 * np.sqrt(300)
    gaps = np.diff(np.sort(due))
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.3)


def test_failures_are_counted_by_status(handler, address):
    handler.rejects = b"bad"
    answers = _send(address, Load([b"good", b"bad"], seconds=0.2, rate=100))
    assert set(answers.failed) == {"RESOURCE_EXHAUSTED"}
    assert 0 < answers.failed["RESOURCE_EXHAUSTED"] < len(answers)

    handler.stall.clear()
    answers = _send(address, Load([b"a"], seconds=0.2, rate=20, timeout=0.3))
    handler.stall.set()
    assert answers.failed == {"DEADLINE_EXCEEDED": len(answers)}


def test_processes_send_together(handler, address):
    with Senders(address, 2) as senders:
        answers = senders.send(Load([b"a"], seconds=0.5, rate=200, seed=3))
        assert len(answers) == len(handler.requests)
        assert abs(len(answers) - 100) < 50

        # Without answers there is nothing to measure.
        handler.rejects = b"bad"
        with pytest.raises(RunError, match=r"7 rows: .* RESOURCE_EXHAUSTED"):
            measure(senders, "tensors", 7, [b"bad"], seconds=0.1)


def test_an_unreachable_server_is_an_error():
    with pytest.raises(RunError, match=r"^127\.0\.0\.1:1: "):
        Senders("127.0.0.1:1", 1)


_PARENT = """
import sys
from serving.load_test import Senders

with Senders(sys.argv[1], 1):
    print("up", flush=True)
    sys.stdin.read()
"""


def test_senders_end_with_their_parent(address):
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout.readline() == "up\n"
    parent.kill()
    # To its end: all that it started have the other copy of the pipe.
    assert parent.stdout.read() == ""
    parent.communicate()


def test_percentiles_are_of_all_answers():
    answers = Answers([(float(n), n / 1000, "OK") for n in range(1, 102)])

    assert answers.milliseconds(50) == 51.0
    assert answers.milliseconds(99) == 100.0
    assert answers.milliseconds(100) == 101.0


def test_the_rate_is_of_what_was_answered_well():
    # Four requests, from the first being due at 10 until the last answer at 12.
    answers = Answers(
        [
            (10.0, 0.1, "OK"),
            (10.5, 0.1, "UNAVAILABLE"),
            (11.0, 0.1, "OK"),
            (11.5, 0.5, "OK"),
        ]
    )

    assert answers.rate == 1.5
    assert answers.failed == {"UNAVAILABLE": 1}


def test_no_answers_are_no_rate():
    assert Answers([]).rate == 0.0
    assert Answers([]).failed == {}
