"""A child process does not outlive its parent."""

from __future__ import annotations

import subprocess
import sys

import pytest

from serving.child_process import child_command

_PARENT = """
import subprocess, sys, time
from serving.child_process import child_command

child = "import time; print('up', flush=True); time.sleep(60); print('survived')"
subprocess.Popen(child_command([sys.executable, "-c", child]))
time.sleep(600)
"""


def test_it_runs_the_program():
    command = child_command(["/bin/echo", "--some", "thing"])
    assert subprocess.check_output(command, text=True) == "--some thing\n"


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl")
def test_it_ends_when_its_parent_is_killed():
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "up\n"
    parent.kill()
    parent.wait()
    # To its end: the child has the other end of the pipe.
    assert parent.stdout.read() == ""
