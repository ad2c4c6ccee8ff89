"""Time and memory of a command."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class Usage(NamedTuple):
    """What a command took.

    Attributes:
      seconds: Wall time.
      cpu: CPU time of the command and the processes that it waited for, in seconds.
      peak: Peak memory of the largest of them, in MiB.
    """

    seconds: float
    cpu: float
    peak: float


def timed(command: list[str], cwd: Path) -> Usage:
    """Runs a command, whose output is shown only if it fails.

    Raises:
      subprocess.CalledProcessError: If it failed.
    """
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=cwd, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.stderr.write(output.read().decode(errors="replace"))
            raise subprocess.CalledProcessError(process.returncode, command)
    cpu = usage.ru_utime + usage.ru_stime
    return Usage(seconds, cpu, usage.ru_maxrss / 1024)
