"""Several requests are computed at once, and each gets its own answer."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor

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
      batches: How many rows each call had.
      entered: Computing has begun.
      hold: Computing waits for it.
    """

    def __init__(self):
        self.batches = []
        self.entered = threading.Event()
        self.hold = threading.Event()
        self.hold.set()

    def __call__(self, feeds, arrays, fetches, deadline):
        self.entered.set()
        self.hold.wait(60)
        (prices,) = arrays
        self.batches.append(len(prices))
        if (prices == -1).any():
            raise invalid_argument("-1")
        return [2 * prices]


class Watched(Batcher):
    """A batcher that tells how many requests have come.

    Attributes:
      came: An entry for each that is in a batch, or was refused.
    """

    def __init__(self, compute, parameters):
        super().__init__(compute, parameters)
        self.came = []

    def _enter(self, key, task):
        try:
            return super()._enter(key, task)
        finally:
            self.came.append(task)


@pytest.fixture
def double():
    return Double()


def _run(batcher, values, deadline=math.inf, width=None):
    array = np.array(values, np.float32)
    if width is not None:
        array = np.repeat(array[:, None], width, axis=1)
    (answer,) = batcher.run(FEEDS, [array], FETCHES, deadline)
    return answer


@pytest.fixture
def run_together(double, eventually):
    """Answers, or errors, of requests that wait for a slot together."""

    def _run_together(parameters, requests):
        batcher = Watched(double, parameters)
        double.hold.clear()
        with ThreadPoolExecutor(len(requests) + 1) as pool:
            first = pool.submit(_run, batcher, [0])
            eventually(double.entered.is_set)
            futures = [pool.submit(_run, batcher, values) for values in requests]
            eventually(lambda: len(batcher.came) == 1 + len(requests))
            double.hold.set()
            first.result()
            return [each.exception() or each.result().tolist() for each in futures]

    return _run_together


def test_requests_that_wait_are_one_batch(double, run_together):
    answers = run_together(Batching(num_batch_threads=1), [[1, 2], [3], [4, 5, 6]])
    assert answers == [[2, 4], [6], [8, 10, 12]]
    assert double.batches == [1, 6]


def test_a_request_waits_for_others(double, eventually):
    batcher = Watched(
        double, Batching(num_batch_threads=1, batch_timeout_micros=3_000_000)
    )

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_run, batcher, [1])
        eventually(lambda: batcher.came)
        second = pool.submit(_run, batcher, [2])
        assert [first.result().tolist(), second.result().tolist()] == [[2], [4]]
    assert double.batches == [2]


def test_a_full_batch_waits_no_longer(double):
    parameters = Batching(
        num_batch_threads=1, max_batch_size=2, batch_timeout_micros=60_000_000
    )
    batcher = Batcher(double, parameters)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda value: _run(batcher, [value])[0], [1, 2]))
    assert answers == [2, 4]
    assert double.batches == [2]


def test_a_batch_never_exceeds_max_batch_size(double, run_together):
    parameters = Batching(num_batch_threads=1, max_batch_size=3)

    answers = run_together(parameters, [[1, 2], [3, 4], [5]])
    assert answers == [[2, 4], [6, 8], [10]]
    assert max(double.batches) <= 3


def test_a_larger_request_is_refused(double):
    batcher = Batcher(double, Batching(num_batch_threads=1, max_batch_size=2))

    with pytest.raises(
        StatusError, match="Task size 3 is larger than maximum"
    ) as error:
        _run(batcher, [1, 2, 3])
    assert error.value.code.name == "INVALID_ARGUMENT"


def test_one_bad_request_does_not_fail_the_others(run_together):
    good, bad, also_good = run_together(Batching(num_batch_threads=1), [[1], [-1], [2]])
    assert [good, also_good] == [[2], [4]]
    assert isinstance(bad, StatusError)


def test_requests_of_another_shape_are_another_batch(double):
    batcher = Batcher(
        double, Batching(num_batch_threads=1, batch_timeout_micros=100_000)
    )

    with ThreadPoolExecutor(2) as pool:
        wide = pool.submit(_run, batcher, [1], width=2)
        wider = pool.submit(_run, batcher, [1], width=3)
    assert wide.result().tolist() == [[2, 2]]
    assert wider.result().tolist() == [[2, 2, 2]]


def test_too_many_waiting_batches_are_refused(run_together):
    parameters = Batching(num_batch_threads=1, max_batch_size=1, max_enqueued_batches=2)

    answers = run_together(parameters, [[1], [2], [3]])
    errors = [each for each in answers if isinstance(each, StatusError)]
    assert [error.code.name for error in errors] == ["UNAVAILABLE"]
    assert "queue" in errors[0].details


def test_a_request_does_not_wait_longer_than_its_client(double, eventually):
    batcher = Watched(double, Batching(num_batch_threads=1))
    double.hold.clear()

    with ThreadPoolExecutor(3) as pool:
        blocks = pool.submit(_run, batcher, [0])
        eventually(double.entered.is_set)
        leads = pool.submit(_run, batcher, [1])
        eventually(lambda: len(batcher.came) == 2)
        follows = pool.submit(_run, batcher, [2], time.monotonic() + 0.1)
        with pytest.raises(StatusError) as caught:
            follows.result(timeout=60)
        double.hold.set()
        assert blocks.result().tolist() == [0]
        assert leads.result().tolist() == [2]
    assert caught.value.code.name == "DEADLINE_EXCEEDED"
    assert double.batches == [1, 1]


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ([np.float32(1)], "at least one dimension"),
        ([np.zeros(2), np.zeros(3)], "equal 0th-dimension size"),
    ],
)
def test_inputs_without_common_rows_are_refused(arrays, reason, double):
    arrays = [np.asarray(array) for array in arrays]

    with pytest.raises(StatusError, match=reason):
        Batcher(double, Batching(num_batch_threads=1)).run(
            FEEDS, arrays, FETCHES, math.inf
        )


def test_outputs_that_are_not_by_row_are_refused():
    batcher = Batcher(lambda *_: [np.zeros(7)], Batching(num_batch_threads=1))

    with pytest.raises(StatusError, match="0th dimension") as caught:
        _run(batcher, [1, 2])
    assert caught.value.code.name == "FAILED_PRECONDITION"


def test_an_unexpected_error_reaches_all_requests_of_a_batch():
    def fail(*_):
        raise ZeroDivisionError

    # One batch, which is computed as soon as both are in it.
    parameters = Batching(
        num_batch_threads=1, max_batch_size=2, batch_timeout_micros=60_000_000
    )
    batcher = Batcher(fail, parameters)
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(_run, batcher, [value]) for value in (1, 2)]
    errors = {type(future.exception()) for future in futures}
    assert errors == {ZeroDivisionError, StatusError}


@settings(max_examples=10, deadline=None)
@given(st.lists(st.lists(st.integers(0, 99), max_size=5), min_size=1, max_size=30))
def test_each_request_gets_its_own_outputs(requests):
    double = Double()
    parameters = Batching(
        num_batch_threads=1,
        max_batch_size=8,
        batch_timeout_micros=1000,
        max_enqueued_batches=100,
    )
    batcher = Batcher(double, parameters)

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda values: _run(batcher, values).tolist(), requests)
    assert list(answers) == [[2 * value for value in values] for values in requests]
    assert sum(double.batches) == sum(map(len, requests))
