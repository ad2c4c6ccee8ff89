"""Has labels that change reach a server that is running."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping

from serving.complaint import Complaint
from serving.releases.labels import read_labels

# Servers look at what is written as often.
_LOOK_SECONDS = 1.0


def follow_labels(base_path: str, write: Callable[[], object]) -> None:
    """Calls `write` whenever labels change, for as long as this process lives.

    In a process of its own, since this one is to become the server.

    Args:
      base_path: Directory of the model's versions.
      write: Writes what the server reads.
    """
    follower = multiprocessing.get_context("fork").Process(
        target=_follow, args=(os.getpid(), base_path, write)
    )
    follower.start()


def _follow(server: int, base_path: str, write: Callable[[], object]) -> None:
    # Ctrl-C in a terminal is for the server; with that, this ends too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # This has the command line of `ctr serve`, and so is taken for the server.
    signal.signal(signal.SIGTERM, lambda *_: _end(server))
    written: Mapping[str, int] | None = None
    complaint = Complaint(_say)
    while os.getppid() == server:
        try:
            labels = read_labels(base_path)
            if labels != written:
                write()
                written = labels
            complaint.clear()
        except Exception as error:
            # An object store has errors of its own; the next look may go well.
            complaint.say(f"labels: not taken: {error}")
        time.sleep(_LOOK_SECONDS)


def _end(server: int) -> None:
    # Else the number may be that of another process by now.
    if os.getppid() == server:
        os.kill(server, signal.SIGTERM)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
