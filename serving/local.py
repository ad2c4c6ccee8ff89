"""A model server on this machine, for as long as it is needed."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from pipeline.config.serving import Serving
from pipeline.errors import RunError
from serving.client import messages
from serving.client.connection import Methods
from serving.client.requests import status_request
from serving.client.target import Target
from serving.launch import (
    embedded_command,
    find_tensorflow_serving,
    tensorflow_serving_command,
    write_files,
)
from serving.releases.storage import is_in_object_store, storage_of
from serving.server.ports import bind
from serving.tied import tied

if TYPE_CHECKING:
    from typing_extensions import Self

_HOST = "127.0.0.1"
_POLL_SECONDS = 0.1
_REQUEST_SECONDS = 30.0

# A server that starts is looked for often; by default, less and less.
_CHANNEL = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 100),
]


class ServingError(RunError):
    """The server does not serve the model; why, in words."""


class LocalServer:
    """The model server that serves here, in a process of its own.

    `tensorflow_model_server` where it is installed, else the embedded server; for this
    machine only, on a port of its own.

    Attributes:
      name: Which server it is.
      address: `HOST:PORT`.
      pid: Its process.
    """

    def __init__(
        self,
        serving: Serving,
        model: str,
        base_path: Path,
        folder: Path,
        flags: Sequence[str] = (),
    ):
        """Starts the server; `wait_until_available` says how that goes.

        Args:
          serving: How it serves, but for where it listens.
          model: Name of the model.
          base_path: Directory of its versions.
          folder: For what the server reads and says.
          flags: More flags of both servers.
        """
        # It listens to nobody, and is open for as long as the server: else another
        # process might be given the port first.
        self._kept = bind(_HOST, 0, shares_port=False)
        port = self._kept.getsockname()[1]
        here = {"host": _HOST, "port": port, "rest_port": None, "tls": None}
        serving = serving.model_copy(update=here)
        self.address = f"{_HOST}:{port}"
        self._target = Target(model)
        self._log = folder / "server.log"
        files = write_files(serving, model, str(base_path), folder)
        program = find_tensorflow_serving()
        if program is None:
            self.name = "the embedded server"
            command = embedded_command(serving, files)
        else:
            self.name = "tensorflow_model_server"
            command = tensorflow_serving_command(program, serving, files)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                tied([*command, *flags]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        """Returns the server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the server, which has nothing to lose."""
        self._process.kill()
        self._process.wait()
        self._kept.close()

    @property
    def log(self) -> str:
        """What the server said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_until_available(self, seconds: float) -> None:
        """Waits until the model is AVAILABLE.

        Raises:
          ServingError: It is not by then, or cannot be.
        """
        end = time.monotonic() + seconds
        with grpc.insecure_channel(self.address, _CHANNEL) as channel:
            methods = Methods(channel)
            # In this order: what the port answers once it has ended is another's word.
            while self._process.poll() is None:
                if self._is_available(methods):
                    return
                if time.monotonic() > end:
                    raise ServingError(
                        f"the model was not AVAILABLE after {seconds:g} s; "
                        f"{self.last_words()}"
                    )
                time.sleep(_POLL_SECONDS)
        raise ServingError(
            f"{self.name} ended with status {self._process.returncode} before the "
            f"model was AVAILABLE; {self.last_words()}"
        )

    def last_words(self) -> str:
        """How the log ends."""
        lines = [line for line in self.log.splitlines() if line.strip()]
        return f"its log ends: {lines[-1].strip()}" if lines else "its log is empty"

    def _is_available(self, methods: Methods) -> bool:
        try:
            response = methods.get_model_status(
                status_request(self._target), timeout=_REQUEST_SECONDS
            )
        except grpc.RpcError:
            return False  # yet: a server that starts does not answer
        versions = response.model_version_status
        for version in versions:
            if version.state == messages.END:
                reason = " ".join(version.status.error_message.split())
                raise ServingError(f"{self.name} cannot load the model: {reason}")
        return any(version.state == messages.AVAILABLE for version in versions)


def stage_version(saved_model: str, version: Path) -> None:
    """Makes a SavedModel a version, for a server that reads a disk."""
    version.parent.mkdir(parents=True)
    if not is_in_object_store(saved_model):
        version.symlink_to(os.path.abspath(saved_model), target_is_directory=True)
        return
    storage = storage_of(saved_model)
    for name in storage.files(saved_model):
        storage.copy(os.path.join(saved_model, name), str(version / name))
