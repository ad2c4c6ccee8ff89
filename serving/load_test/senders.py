"""Processes that send a load together."""

from __future__ import annotations

import time
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection

import grpc

from config.errors import RunError
from serving.load_test.loops import Answers, Load, connect, send

# Time for a load to reach all processes before its first request.
_LEAD_SECONDS = 0.3


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
