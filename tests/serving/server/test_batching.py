"""Several requests are computed at once, and each gets its own outputs."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.serving import Batching
from serving.server.batching import Batcher
from serving.server.status import StatusError, invalid_argument

FEEDS, FETCHES = ("price:0",), ("score:0",)


class Double:
    """Computes twice what it gets; -1 is an error.

    Attributes:
      batches: Number of rows of each call.
      hold: Computing waits for it.
    """

    def __init__(self):
        self.batches = []
        self.hold = threading.Event()
        self.hold.set()

    def __call__(self, feeds, arrays, fetches, deadline):
        self.hold.wait(60)
        (prices,) = arrays
        self.batches.append(len(prices))
        if (prices == -1).any():
            raise invalid_argument("-1")
        return [2 * prices]


@pytest.fixture
def double():
    return Double()


def _batcher(compute, **parameters):
    return Batcher(compute, Batching(num_batch_threads=1, **parameters))


def _full(compute, rows):
    """A batcher that computes as soon as there are so many rows."""
    return _batcher(compute, max_batch_size=rows, batch_timeout_micros=60_000_000)


def _run(batcher, values, deadline=math.inf):
    array = np.array(values, np.float32)
    (answer,) = batcher.run(FEEDS, [array], FETCHES, deadline)
    return answer.tolist()


def _run_together(batcher, requests):
    """The answer or the error of each request."""
    with ThreadPoolExecutor(len(requests)) as pool:
        futures = [pool.submit(_run, batcher, each) for each in requests]
        return [each.exception() or each.result() for each in futures]


def test_requests_wait_until_a_batch_is_full(double):
    answers = _run_together(_full(double, 6), [[1, 2], [3], [4, 5, 6]])
    assert answers == [[2, 4], [6], [8, 10, 12]]
    assert double.batches == [6]


def test_a_batch_never_exceeds_max_batch_size(double):
    batcher = _batcher(double, max_batch_size=3, batch_timeout_micros=50_000)

    assert _run_together(batcher, [[1, 2], [3, 4], [5]]) == [[2, 4], [6, 8], [10]]
    assert max(double.batches) <= 3
    with pytest.raises(StatusError) as caught:
        _run(batcher, [1, 2, 3, 4])
    assert caught.value.code.name == "INVALID_ARGUMENT"
    assert {"3", "4"} <= set(caught.value.details.split())


def test_one_bad_request_does_not_fail_the_others(double):
    good, bad, also_good = _run_together(_full(double, 3), [[1], [-1], [2]])
    assert [good, also_good] == [[2], [4]]
    assert isinstance(bad, StatusError)


def test_requests_of_another_shape_are_another_batch(double):
    batcher = _batcher(double, batch_timeout_micros=100_000)

    answers = _run_together(batcher, [[[1, 1]], [[1, 1, 1]]])
    assert answers == [[[2, 2]], [[2, 2, 2]]]
    assert double.batches == [1, 1]


def test_too_many_waiting_batches_are_rejected(double):
    batcher = _batcher(double, max_batch_size=1, max_enqueued_batches=2)
    double.hold.clear()

    with ThreadPoolExecutor(4) as pool:
        # One is computed, two wait.
        futures = [pool.submit(_run, batcher, [value]) for value in range(4)]
        (rejected,), others = wait(futures, 60, FIRST_COMPLETED)
        double.hold.set()
    assert rejected.exception().code.name == "UNAVAILABLE"
    assert [each.exception() for each in others] == [None] * 3


def test_a_request_does_not_wait_beyond_its_deadline(double):
    batcher = _full(double, 2)
    double.hold.clear()

    with ThreadPoolExecutor(2) as pool:
        # Either may be the first, which computes both.
        deadline = time.monotonic() + 1
        futures = [pool.submit(_run, batcher, [value], deadline) for value in (1, 2)]
        (late,), (first,) = wait(futures, 60, FIRST_COMPLETED)
        double.hold.set()
    assert late.exception().code.name == "DEADLINE_EXCEEDED"
    assert first.exception() is None
    with pytest.raises(StatusError) as caught:
        _run(_batcher(double), [1], time.monotonic() - 1)
    assert caught.value.code.name == "DEADLINE_EXCEEDED"
    assert double.batches == [2]


@pytest.mark.parametrize(
    "arrays", [[np.float32(1)], [np.zeros(2), np.zeros(3)]], ids=["scalar", "lengths"]
)
def test_inputs_without_common_rows_are_rejected(arrays, double):
    arrays = [np.asarray(array) for array in arrays]

    with pytest.raises(StatusError) as caught:
        _batcher(double).run(FEEDS, arrays, FETCHES, math.inf)
    assert caught.value.code.name == "INVALID_ARGUMENT"


def test_outputs_that_are_not_by_row_are_rejected():
    with pytest.raises(StatusError) as caught:
        _run(_batcher(lambda *_: [np.zeros(7)]), [1, 2])
    assert caught.value.code.name == "FAILED_PRECONDITION"


def test_an_unexpected_error_reaches_all_requests_of_a_batch():
    def fail(*_):
        raise ZeroDivisionError

    errors = _run_together(_full(fail, 2), [[1], [2]])
    assert [type(error) for error in errors] == [ZeroDivisionError] * 2


@settings(max_examples=10)
@given(st.lists(st.lists(st.integers(0, 99), max_size=5), min_size=1, max_size=30))
def test_each_request_gets_its_own_outputs(requests):
    double = Double()
    batcher = _batcher(
        double, max_batch_size=8, batch_timeout_micros=1000, max_enqueued_batches=100
    )

    answers = _run_together(batcher, requests)
    assert answers == [[2 * value for value in values] for values in requests]
    assert sum(double.batches) == sum(map(len, requests))
