"""Closed-loop and open-loop load from processes of its own.

Latencies count from when a request was due. In an open loop requests fall due even
while the server stalls, so that each of them measures the stall; a client that waits
for an answer before its next request would measure it once ("coordinated omission",
Tene, How NOT to measure latency, 2013).
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt

from config.errors import RunError

_PREDICT = "/tensorflow.serving.PredictionService/Predict"
_CONNECT_SECONDS = 5.0
_POLL_SECONDS = 0.01
# Time for a load to reach all processes before its first request.
_LEAD_SECONDS = 0.3
_OK = "OK"

# Time at which a request was due, monotonic seconds; latency from then on, seconds; and
# gRPC's status code.
Record = tuple[float, float, str]


@dataclass(frozen=True)
class Load:
    """Requests and the rate at which to send them.

    Attributes:
      requests: Serialized PredictRequests, sent in turn.
      seconds: Duration.
      concurrency: Closed loop: requests in flight, each followed by the next as soon as
        it is answered. Ignored if there is a rate.
      rate: Open loop: mean requests per second, at random times (a Poisson process).
        Defaults to None: a closed loop.
      seed: Seed of the random times.
      timeout: Seconds after which a request fails.
    """

    requests: Sequence[bytes]
    seconds: float
    concurrency: int = 1
    rate: float | None = None
    seed: int = 0
    timeout: float = 10.0


class Answers:
    """Rate, latencies and failures of a load.

    Attributes:
      due: Time at which each request was due, monotonic seconds, [n].
      seconds: Latency from then on, [n].
      codes: Status code of each answer, [n].
    """

    def __init__(self, records: Sequence[Record]):
        due, seconds, codes = zip(*records, strict=True) if records else ((), (), ())
        self.due: npt.NDArray[np.float64] = np.array(due, np.float64)
        self.seconds: npt.NDArray[np.float64] = np.array(seconds, np.float64)
        self.codes: npt.NDArray[np.str_] = np.array(codes, np.str_)

    def __len__(self) -> int:
        return len(self.due)

    @property
    def failed(self) -> Counter[str]:
        """Number of failed requests by status code."""
        return Counter(self.codes[self.codes != _OK].tolist())

    @property
    def rate(self) -> float:
        """Successful requests per second."""
        if not len(self):
            return 0.0
        span = float((self.due + self.seconds).max() - self.due.min())
        return float((self.codes == _OK).sum() / span)

    def milliseconds(self, percent: float) -> float:
        """Returns a percentile of the latency, including failed requests."""
        return float(np.percentile(self.seconds, percent) * 1e3)


class Senders:
    """Sender processes with a connection each, to be used in a `with` statement.

    In the caller's process, the sender's own work would be measured.

    Args:
      server: `HOST:PORT`.
      count: Number of processes.

    Raises:
      RunError: The server cannot be reached.
    """

    def __init__(self, server: str, count: int):
        self._pipes: list[Connection] = []
        context = get_context("spawn")
        for _ in range(count):
            ours, theirs = context.Pipe()
            context.Process(target=_run, args=(server, theirs), daemon=True).start()
            theirs.close()
            self._pipes.append(ours)
        if not all(pipe.recv() for pipe in self._pipes):
            raise RunError(f"{server}: cannot be reached; start a model server")

    def __enter__(self) -> Senders:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes:
            pipe.close()

    def send(self, load: Load) -> Answers:
        """Sends a load, and waits for the answers.

        Each process sends its share of the rate in an open loop, and all of the
        concurrency in a closed one.
        """
        begin = time.monotonic() + _LEAD_SECONDS
        count = len(self._pipes)
        rate = None if load.rate is None else load.rate / count
        for number, pipe in enumerate(self._pipes):
            part = replace(load, rate=rate, seed=load.seed * count + number)
            pipe.send((part, begin))
        return Answers([record for pipe in self._pipes for record in pipe.recv()])


def _run(server: str, pipe: Connection) -> None:
    """Sends the loads from a pipe until its other end is closed."""
    try:
        channel = connect(server)
    except grpc.FutureTimeoutError:
        pipe.send(False)
        return
    pipe.send(True)
    with channel:
        while True:
            try:
                load, begin = pipe.recv()
            except EOFError:
                return
            pipe.send(send(channel, load, begin))


def connect(server: str) -> grpc.Channel:
    """Returns a channel with a connection of its own, once it is established.

    Raises:
      grpc.FutureTimeoutError: The server cannot be reached.
    """
    options = [
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_receive_message_length", -1),
    ]
    channel = grpc.insecure_channel(server, options)
    grpc.channel_ready_future(channel).result(_CONNECT_SECONDS)
    return channel


def send(channel: grpc.Channel, load: Load, begin: float) -> list[Record]:
    """Sends a load from `begin` on, monotonic seconds, and waits for the answers."""
    # Bytes to bytes: this process shares the machine's cores with the server.
    call = channel.unary_unary(_PREDICT)
    records: list[Record] = []
    slots = threading.Semaphore(load.concurrency)
    # Answers without a reference are cancelled. They are dropped as soon as they
    # arrive, or the garbage collector would traverse thousands of them.
    pending: set[Any] = set()

    def finish(due: float, answer: Any) -> None:
        records.append((due, time.monotonic() - due, answer.code().name))
        pending.discard(answer)
        slots.release()

    # Senders start at different requests.
    start = load.seed % len(load.requests)
    requests = itertools.islice(itertools.cycle(load.requests), start, None)
    times = (
        _free_slots(load, begin, slots)
        if load.rate is None
        else _poisson(load, begin, load.rate)
    )
    for due, request in zip(times, requests, strict=False):
        answer = call.future(request, timeout=load.timeout)
        pending.add(answer)
        answer.add_done_callback(lambda done, due=due: finish(due, done))
    while pending:
        time.sleep(_POLL_SECONDS)
    return records


def _free_slots(
    load: Load, begin: float, slots: threading.Semaphore
) -> Iterator[float]:
    """Yields the time whenever less than the maximum of requests is in flight."""
    _sleep_until(begin)
    while slots.acquire() and (now := time.monotonic()) < begin + load.seconds:
        yield now


def _poisson(load: Load, begin: float, rate: float) -> Iterator[float]:
    """Yields the times of a Poisson process as they come."""
    random = np.random.default_rng(load.seed)
    count = random.poisson(rate * load.seconds)
    for due in begin + np.sort(random.uniform(0, load.seconds, count)):
        _sleep_until(due)
        yield due


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
