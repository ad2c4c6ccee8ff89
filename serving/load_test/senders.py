"""Processes that send a load together."""

from __future__ import annotations

import time
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection

import grpc

from config.errors import RunError
from serving.load_test.answers import Answers
from serving.load_test.loops import Load, connect, send

# Time from the order to the first request, by which all senders have the order.
_LEAD_SECONDS = 0.3


class Senders:
    """Processes with a connection each; use them in a `with` statement.

    In the process of the caller, the sender's own work would be measured.
    """

    def __init__(self, server: str, count: int):
        """Starts the processes.

        Args:
          server: `HOST:PORT`.
          count: Number of processes.

        Raises:
          RunError: The server cannot be reached.
        """
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
        """Returns the senders."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the processes."""
        for pipe in self._pipes:
            pipe.close()

    def send(self, load: Load) -> Answers:
        """Sends a load from all processes, and waits for the answers.

        Args:
          load: The load; each process sends its share of the rate, or as many
            concurrent requests as the load says.
        """
        begin = time.monotonic() + _LEAD_SECONDS
        count = len(self._pipes)
        rate = None if load.rate is None else load.rate / count
        for number, pipe in enumerate(self._pipes):
            part = replace(load, rate=rate, seed=load.seed * count + number)
            pipe.send((part, begin))
        return Answers.joined([pipe.recv() for pipe in self._pipes])


def _run(server: str, pipe: Connection) -> None:
    """Sends what comes through the pipe, until its other end is closed."""
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
