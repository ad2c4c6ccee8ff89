"""A server does not outlive the run that started it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from serving.tied import tied

_PARENT = """
import subprocess, sys, time
from serving.tied import tied

child = "import time; print('up', flush=True); time.sleep(60); print('survived')"
subprocess.Popen(tied([sys.executable, "-c", child]))
time.sleep(600)
"""


def test_it_runs_the_program():
    command = tied(["/bin/echo", "--some", "thing"])
    assert subprocess.check_output(command, text=True) == "--some thing\n"


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl")
def test_it_ends_when_who_started_it_is_killed():
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "up\n"
    parent.kill()
    parent.wait()
    # To its end: what it started has the other copy of the pipe.
    assert parent.stdout.read() == ""
