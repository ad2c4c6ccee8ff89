"""Batching of concurrent requests.

Requests for the same tensors join one batch: the thread of the first request waits for
others, computes the batch and splits the outputs. Batches grow while all slots are in
use.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent import futures
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np

from config.serving import Batching
from serving.server.codec import Array
from serving.server.session import Run
from serving.server.status import (
    StatusError,
    deadline_exceeded,
    failed_precondition,
    invalid_argument,
)


@dataclass
class _Task:
    """A request in a batch."""

    arrays: Sequence[Array]
    rows: int
    deadline: float
    outputs: Future[Sequence[Array]] = field(default_factory=Future)


@dataclass
class _Batch:
    """Requests that are computed together.

    Attributes:
      rows: Number of rows of all requests.
      full: Set when the batch accepts no more requests.
    """

    tasks: list[_Task] = field(default_factory=list)
    rows: int = 0
    full: threading.Event = field(default_factory=threading.Event)


@dataclass
class _Queue:
    """The waiting batches of the same tensors.

    Attributes:
      open: The batch that accepts requests.
      waiting: Number of waiting batches, including the open one.
    """

    open: _Batch | None = None
    waiting: int = 0


class Batcher:
    """Computes requests in batches, with the parameters of `serving.batching`."""

    def __init__(self, compute: Run, parameters: Batching):
        self._compute = compute
        self._parameters = parameters
        self._slots = threading.Semaphore(parameters.threads)
        self._lock = threading.Lock()
        self._queues: dict[Any, _Queue] = {}

    def run(
        self,
        feeds: Sequence[str],
        arrays: Sequence[Array],
        fetches: Sequence[str],
        deadline: float,
    ) -> Sequence[Array]:
        """Computes tensors of the graph; see `ModelSession.compute`."""
        task = _Task(arrays, _rows(arrays), deadline)
        if task.rows > self._parameters.max_batch_size:
            raise invalid_argument(
                f"Task size {task.rows} is larger than maximum input batch size "
                f"{self._parameters.max_batch_size}"
            )
        # Only arrays of equal trailing dimensions can be concatenated.
        shapes = tuple(array.shape[1:] for array in arrays)
        key = (feeds, fetches, shapes)
        batch, is_first = self._enter(key, task)
        if is_first:
            self._lead(key, batch)
        try:
            return task.outputs.result(_seconds_until(deadline))
        except futures.TimeoutError as error:
            raise deadline_exceeded() from error

    def _enter(self, key: Any, task: _Task) -> tuple[_Batch, bool]:
        """Adds a request to a batch; returns the batch, and True for its first one."""
        with self._lock:
            queue = self._queues.setdefault(key, _Queue())
            batch = queue.open
            if batch is not None and batch.rows + task.rows > self._max_rows:
                batch.full.set()
                batch = None
            is_first = batch is None
            if batch is None:
                if queue.waiting >= self._parameters.max_enqueued_batches:
                    raise StatusError(
                        grpc.StatusCode.UNAVAILABLE,
                        "The batch scheduling queue to which this task was submitted "
                        "is full",
                    )
                queue.open = batch = _Batch()
                queue.waiting += 1
            batch.tasks.append(task)
            batch.rows += task.rows
            if batch.rows == self._max_rows:
                batch.full.set()
                queue.open = None
            return batch, is_first

    @property
    def _max_rows(self) -> int:
        return self._parameters.max_batch_size

    def _lead(self, key: Any, batch: _Batch) -> None:
        """Waits for other requests, then computes the batch."""
        batch.full.wait(self._parameters.batch_timeout_micros / 1e6)
        with self._slots:
            self._leave(key, batch)
            self._answer(key, batch.tasks)

    def _leave(self, key: Any, batch: _Batch) -> None:
        """Removes a batch from its queue, and the queue once it is empty."""
        with self._lock:
            queue = self._queues[key]
            queue.waiting -= 1
            if queue.open is batch:
                queue.open = None
            if queue.waiting == 0:
                del self._queues[key]

    def _answer(self, key: Any, tasks: Sequence[_Task]) -> None:
        now = time.monotonic()
        current = [task for task in tasks if task.deadline > now]
        for task in tasks:
            if task.deadline <= now:
                task.outputs.set_exception(deadline_exceeded())
        try:
            self._compute_together(key, current)
        except Exception as error:
            if isinstance(error, StatusError) and len(current) > 1:
                # One invalid request must not fail the others.
                for task in current:
                    self._answer(key, [task])
                return
            for task in current:
                task.outputs.set_exception(error)

    def _compute_together(self, key: Any, tasks: Sequence[_Task]) -> None:
        if not tasks:
            return
        feeds, fetches, _ = key
        columns = zip(*(task.arrays for task in tasks), strict=True)
        arrays = [_joined(column) for column in columns]
        latest = max(task.deadline for task in tasks)
        outputs = self._compute(feeds, arrays, fetches, latest)
        ends = np.cumsum([task.rows for task in tasks])
        if any(output.shape[:1] != (ends[-1],) for output in outputs):
            raise failed_precondition(
                "Batched output tensor's 0th dimension does not equal the sum of the "
                "0th dimension sizes of the input tensors"
            )
        parts = [np.split(output, ends[:-1]) for output in outputs]
        for task, part in zip(tasks, zip(*parts, strict=True), strict=True):
            task.outputs.set_result(part)


def _joined(arrays: Sequence[Array]) -> Array:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _rows(arrays: Sequence[Array]) -> int:
    """Returns the number of rows, which all arrays of a request share."""
    if not all(array.ndim for array in arrays):
        raise invalid_argument(
            "Batching session Run() input tensors must have at least one dimension"
        )
    rows = {len(array) for array in arrays}
    if len(rows) != 1:
        raise invalid_argument(
            "Batching session Run() input tensors must have equal 0th-dimension size"
        )
    return rows.pop()


def _seconds_until(deadline: float) -> float:
    """Returns the time until a deadline, as a timeout."""
    return max(0.0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))
