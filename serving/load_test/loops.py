"""Sends requests from one process.

Latencies count from when a request was due. Where a server stalls, an open loop has
requests fall due all the same, so that the stall is seen by each of them: a client that
waits for an answer before it sends the next request would see it once ("coordinated
omission", Tene, How NOT to measure latency, 2013).
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np

from serving.load_test.answers import OK, Answers

_PREDICT = "/tensorflow.serving.PredictionService/Predict"
_CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 0.01

Record = tuple[float, float, str]


@dataclass(frozen=True)
class Load:
    """What is sent, and how fast.

    Attributes:
      requests: PredictRequests as bytes, sent in turns.
      seconds: For how long.
      concurrency: Closed loop: how many requests are under way, each followed by the
        next as soon as it is answered. Ignored where there is a rate.
      rate: Open loop: how many requests fall due in a second, at random times (as a
        Poisson process); None for a closed loop.
      seed: Of the random times.
      timeout: Seconds after which a request has failed.
    """

    requests: Sequence[bytes]
    seconds: float
    concurrency: int = 1
    rate: float | None = None
    seed: int = 0
    timeout: float = 10.0


def connect(server: str) -> grpc.Channel:
    """A channel of its own connection, once that stands.

    Raises:
      grpc.FutureTimeoutError: Nobody answers.
    """
    options = [
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_receive_message_length", -1),
    ]
    channel = grpc.insecure_channel(server, options)
    grpc.channel_ready_future(channel).result(_CONNECT_SECONDS)
    return channel


def send(channel: grpc.Channel, load: Load, begin: float) -> Answers:
    """Sends requests, and waits for the answers.

    Args:
      channel: To the server.
      load: What to send.
      begin: When to begin, by the monotonic clock.
    """
    # The bytes are made before and looked at by nobody: this process shares the
    # machine's cores with the server.
    call = channel.unary_unary(_PREDICT)
    records = (
        _closed(call, load, begin)
        if load.rate is None
        else _open(call, load, begin, load.rate)
    )
    return Answers.of(records)


def sleep_until(moment: float) -> None:
    """Waits for a moment by the monotonic clock."""
    time.sleep(max(0.0, moment - time.monotonic()))


def _closed(call: Any, load: Load, begin: float) -> list[Record]:
    records: list[Record] = []
    end = begin + load.seconds

    def ask(requests: Iterator[bytes]) -> None:
        sleep_until(begin)
        while (sent := time.monotonic()) < end:
            try:
                call(next(requests), timeout=load.timeout)
                code = OK
            except grpc.RpcError as error:
                code = error.code().name
            records.append((sent, time.monotonic() - sent, code))

    threads = [
        threading.Thread(target=ask, args=(_in_turns(load.requests, number),))
        for number in range(load.concurrency)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return records


def _open(call: Any, load: Load, begin: float, rate: float) -> list[Record]:
    records: list[Record] = []
    # An answer that nobody holds is cancelled. Held for longer than need be, thousands
    # of them would be looked through by the garbage collector while requests are due.
    under_way = set()

    def note(due: float, answer: Any) -> None:
        records.append((due, time.monotonic() - due, answer.code().name))
        under_way.discard(answer)

    due_times = begin + _arrivals(load, rate)
    requests = _in_turns(load.requests, load.seed)
    for due in due_times:
        sleep_until(due)
        answer = call.future(next(requests), timeout=load.timeout)
        under_way.add(answer)
        answer.add_done_callback(lambda done, due=due: note(due, done))
    while len(records) < len(due_times):
        time.sleep(_LOOK_SECONDS)
    return records


def _arrivals(load: Load, rate: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """When requests fall due, in seconds from the beginning."""
    random = np.random.default_rng(load.seed)
    count = random.poisson(rate * load.seconds)
    return np.sort(random.uniform(0, load.seconds, count))


def _in_turns(requests: Sequence[bytes], start: int) -> Iterator[bytes]:
    """All requests over and over; senders begin at different ones."""
    return itertools.islice(itertools.cycle(requests), start % len(requests), None)
