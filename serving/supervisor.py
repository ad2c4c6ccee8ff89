"""Runs `tensorflow_model_server` as a child: its log, labels, signals and end."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence

from config.errors import RunError
from serving.child_process import child_command
from serving.releases.labels import read_labels

_POLL_SECONDS = 1.0

# Logged once all versions are loaded (tensorflow_serving/model_servers/server.cc).
_READY = "Running gRPC ModelServer at"
# Logged at each poll of the models file, several lines a second
# (tensorflow_serving/model_servers/server_core.cc).
_POLLED = re.compile(
    r"server_core\.cc:\d+\]\s+"
    r"(Adding/updating models|\(Re-\)adding model|Finished adding/updating models)"
)


def supervise(
    command: Sequence[str],
    ready: str,
    base_path: str,
    write_models: Callable[[], object],
) -> None:
    """Runs the server until it ends, or until SIGINT or SIGTERM.

    Its log goes to stderr, without the lines of each poll.

    Args:
      command: Command line of the server.
      ready: Line to print when the server is ready.
      base_path: Directory of the model's versions.
      write_models: Writes the file of the models anew, after labels have changed.

    Raises:
      RunError: The server ended by itself.
    """
    stop = threading.Event()
    process = subprocess.Popen(
        child_command(command),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        # Ctrl-C in a terminal reaches this process alone, which passes it on.
        start_new_session=True,
    )

    def terminate(*_: object) -> None:
        stop.set()
        process.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, terminate)
    threading.Thread(
        target=follow_labels, args=(base_path, write_models, stop), daemon=True
    ).start()
    assert process.stderr is not None
    for line in process.stderr:
        if not _POLLED.search(line):
            sys.stderr.write(line)
        if _READY in line:
            print(ready, flush=True)
    status = process.wait()
    if not stop.is_set():
        raise RunError(f"{command[0]} ended with status {status}; see its log above")


def follow_labels(
    base_path: str, write_models: Callable[[], object], stop: threading.Event
) -> None:
    """Calls `write_models` whenever labels change, until `stop` is set."""
    written: Mapping[str, int] | None = None
    reported = ""
    while not stop.is_set():
        try:
            labels = read_labels(base_path)
            if labels != written:
                write_models()
                written = labels
            reported = ""
        except Exception as error:
            # Object stores raise errors of their own; the next poll may succeed.
            if str(error) != reported:
                print(f"labels not updated: {error}", file=sys.stderr, flush=True)
            reported = str(error)
        stop.wait(_POLL_SECONDS)
