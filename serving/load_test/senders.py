"""Processes that send requests together."""

from __future__ import annotations

import os
import time
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing import get_context

import grpc

from pipeline.errors import RunError
from serving.load_test.answers import Answers
from serving.load_test.loops import Load, connect, send
from serving.tied import when_parent_ends

# From the order to the first request: all have it by then.
_LEAD_SECONDS = 0.3


class Senders:
    """Processes with a connection each: with one, the sender would be measured.

    Use it in `with`, which ends the processes.
    """

    def __init__(self, server: str, processes: int):
        """Starts the processes.

        Args:
          server: `HOST:PORT`.
          processes: How many.

        Raises:
          RunError: Nobody answers there.
        """
        self._server = server
        self._stack = ExitStack()
        # An executor for each: one executor for all might hand two tasks to one.
        self._executors = [
            self._stack.enter_context(
                ProcessPoolExecutor(
                    1,
                    mp_context=get_context("spawn"),
                    initializer=_end_with_parent,
                )
            )
            for _ in range(processes)
        ]
        try:
            for started in [each.submit(_reach, server) for each in self._executors]:
                started.result()
        except grpc.FutureTimeoutError as error:
            self._stack.close()
            raise RunError(f"{server}: nobody answers; start a model server") from error

    def __enter__(self) -> Senders:
        """Returns the senders."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the processes."""
        self._stack.close()

    def send(self, load: Load) -> Answers:
        """Has all send requests, and waits for the answers.

        Args:
          load: What they send together: each has its part of the rate; in a closed
            loop, each has as many requests under way as the load says.
        """
        return Answers.joined([each.result() for each in self.start(load)])

    def start(self, load: Load) -> list[Future[Answers]]:
        """Has all send requests, and does not wait."""
        begin = time.monotonic() + _LEAD_SECONDS
        count = len(self._executors)
        rate = None if load.rate is None else load.rate / count
        return [
            executor.submit(
                _send,
                self._server,
                replace(load, rate=rate, seed=load.seed * count + number),
                begin,
            )
            for number, executor in enumerate(self._executors)
        ]


def _end_with_parent() -> None:
    # By itself, it would wait for an order for ever: it holds both ends of its queue.
    when_parent_ends(lambda: os._exit(1))


def _reach(server: str) -> None:
    connect(server).close()


def _send(server: str, load: Load, begin: float) -> Answers:
    with connect(server) as channel:
        return send(channel, load, begin)
