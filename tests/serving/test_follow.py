"""Labels reach a server for as long as it runs."""

from __future__ import annotations

import subprocess
import sys

# A process of its own: what follows the labels ends with it.
_SERVER = """
import os
import pathlib
import sys
import time
from serving.follow import follow_labels

folder = pathlib.Path(sys.argv[1])
tried, written = folder / "tried", folder / "written"

def write():
    if not tried.exists():
        tried.touch()
        raise RuntimeError("the store is away")
    written.touch()

follow_labels(str(folder), write)
end = time.monotonic() + 60
while not written.exists() and time.monotonic() < end:
    time.sleep(0.05)
sys.stdout.write(str(written.exists()))
sys.stdout.flush()
os._exit(0)
"""


def _run(server, folder):
    """Runs a program that stands for the server, until it ends well."""
    return subprocess.run(
        [sys.executable, "-c", server, str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )


def test_what_nobody_expected_does_not_end_it(tmp_path):
    ended = _run(_SERVER, tmp_path)

    assert ended.stdout == "True"
    assert ended.stderr == "labels: not taken: the store is away\n"


# It looks as the server does in `ps`, so that a person may mean either.
_SIGNALLED = """
import os
import signal
import sys
import threading
from serving.follow import follow_labels

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())

def write():
    os.kill(os.getpid(), signal.SIGTERM)

follow_labels(sys.argv[1], write)
sys.stdout.write(str(stop.wait(60)))
sys.stdout.flush()
os._exit(0)
"""


def test_a_signal_to_it_ends_the_server(tmp_path):
    ended = _run(_SIGNALLED, tmp_path)

    assert (ended.stdout, ended.stderr) == ("True", "")
