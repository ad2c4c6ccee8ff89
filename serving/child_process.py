"""Runs a command that ends with its parent process, even if that is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

# From <sys/prctl.h>; Linux only.
_PR_SET_PDEATHSIG = 1


def child_command(command: Sequence[str]) -> list[str]:
    """Returns a command line that runs `command` until its parent process ends."""
    return [sys.executable, "-m", __name__, *command]


def main() -> None:
    """Requests SIGTERM at the parent's end, then executes the given command."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
