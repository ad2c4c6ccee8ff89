"""Sends a load from this process.

Latencies count from when a request was due. In an open loop, requests fall due even
while the server stalls, so each of them measures the stall; a client that waits for an
answer before its next request would measure it once ("coordinated omission", Tene, How
NOT to measure latency, 2013).
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
_CONNECT_SECONDS = 5.0
_POLL_SECONDS = 0.01

Record = tuple[float, float, str]


@dataclass(frozen=True)
class Load:
    """The requests to send, and their rate.

    Attributes:
      requests: Serialized PredictRequests, sent in turn.
      seconds: Duration.
      concurrency: Closed loop: number of requests under way, each followed by the next
        as soon as it is answered. Ignored if there is a rate.
      rate: Open loop: mean number of requests per second, at random times (a Poisson
        process). Defaults to None: a closed loop.
      seed: Seed of the random times.
      timeout: Seconds after which a request fails.
    """

    requests: Sequence[bytes]
    seconds: float
    concurrency: int = 1
    rate: float | None = None
    seed: int = 0
    timeout: float = 10.0


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


def send(channel: grpc.Channel, load: Load, begin: float) -> Answers:
    """Sends a load, and waits for the answers.

    Args:
      channel: Channel to the server.
      load: The load.
      begin: Time of the first request, monotonic seconds.
    """
    # Bytes to bytes: this process shares the machine's cores with the server.
    call = channel.unary_unary(_PREDICT)
    records = (
        _send_closed(call, load, begin)
        if load.rate is None
        else _send_open(call, load, begin, load.rate)
    )
    return Answers.of(records)


def _send_closed(call: Any, load: Load, begin: float) -> list[Record]:
    records: list[Record] = []
    end = begin + load.seconds

    def send_in_turn(requests: Iterator[bytes]) -> None:
        _sleep_until(begin)
        while (sent := time.monotonic()) < end:
            try:
                call(next(requests), timeout=load.timeout)
                code = OK
            except grpc.RpcError as error:
                code = error.code().name
            records.append((sent, time.monotonic() - sent, code))

    threads = [
        threading.Thread(target=send_in_turn, args=(_cycle(load.requests, number),))
        for number in range(load.concurrency)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return records


def _send_open(call: Any, load: Load, begin: float, rate: float) -> list[Record]:
    records: list[Record] = []
    # An answer without a reference is cancelled. Answers are dropped as soon as they
    # arrive, or the garbage collector would traverse thousands of them.
    under_way = set()

    def note(due: float, answer: Any) -> None:
        records.append((due, time.monotonic() - due, answer.code().name))
        under_way.discard(answer)

    random = np.random.default_rng(load.seed)
    count = random.poisson(rate * load.seconds)
    due_times = begin + np.sort(random.uniform(0, load.seconds, count))
    requests = _cycle(load.requests, load.seed)
    for due in due_times:
        _sleep_until(due)
        answer = call.future(next(requests), timeout=load.timeout)
        under_way.add(answer)
        answer.add_done_callback(lambda done, due=due: note(due, done))
    while len(records) < count:
        time.sleep(_POLL_SECONDS)
    return records


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _cycle(requests: Sequence[bytes], start: int) -> Iterator[bytes]:
    """Yields all requests over and over; senders start at different ones."""
    return itertools.islice(itertools.cycle(requests), start % len(requests), None)
