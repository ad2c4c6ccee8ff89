"""Runs a program that is ended when the process that started it ends, however it does.

Without this, a run that is killed would leave a model server behind.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

# Of <sys/prctl.h>; only Linux has it.
_PR_SET_PDEATHSIG = 1


def tied(command: Sequence[str]) -> list[str]:
    """The command line that runs a command tied to the process that starts it."""
    return [sys.executable, "-m", __name__, *command]


def main() -> None:
    """Becomes the program of the command line."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
