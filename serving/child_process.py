"""Runs a command that ends with the process that started it, however that ends.

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


def child_command(command: Sequence[str]) -> list[str]:
    """Returns a command line that runs `command` until its parent process ends."""
    return [sys.executable, "-m", __name__, *command]


def main() -> None:
    """Asks for SIGTERM at the parent's end, and becomes the program given."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
