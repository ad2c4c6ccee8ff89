"""Has processes end when the process that started them ends, however it does.

Without this, a run that is killed would leave a model server behind.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait

# Of <sys/prctl.h>; only Linux has it.
_PR_SET_PDEATHSIG = 1


def tied(command: Sequence[str]) -> list[str]:
    """The command line that runs a command tied to the process that starts it."""
    return [sys.executable, "-m", __name__, *command]


def when_parent_ends(act: Callable[[], object]) -> None:
    """Calls a function once the process that spawned this one has ended.

    Args:
      act: Called by a thread of its own.
    """
    threading.Thread(target=_wait_for_parent, args=(act,), daemon=True).start()


def _wait_for_parent(act: Callable[[], object]) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        act()


def main() -> None:
    """Becomes the program of the command line."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
