"""Temporary model server on this machine."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from config.errors import RunError
from config.ports import bind, port_of
from config.serving import Serving
from serving.child_process import child_command
from serving.client import messages
from serving.client.connection import Methods
from serving.client.endpoint import Target, status_request
from serving.model_config import Settings
from serving.releases.storage import is_in_object_store, storage_of
from serving.tensorflow_serving import (
    find_tensorflow_serving,
    tensorflow_serving_command,
    write_files,
)

if TYPE_CHECKING:
    from typing_extensions import Self

_HOST = "127.0.0.1"
_POLL_SECONDS = 0.1
_REQUEST_SECONDS = 30.0

# By default the interval of retries grows while a server is starting.
_CHANNEL = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 100),
]


class ServingError(RunError):
    """Raised if the server does not serve the model."""


class LocalServer:
    """A model server in a process of its own, on loopback and a free port.

    It is `tensorflow_model_server` if that is installed, else the embedded server. To
    be used in a `with` statement; `wait_until_available` waits for the model.

    Args:
      serving: The `serving` block; host, ports and TLS are ignored.
      base_path: Directory of the model's versions.
      folder: Folder of the server's files and its log.
      load_retries: Number of retries after a version failed to load. Defaults to 5.

    Attributes:
      name: `tensorflow_model_server`, or `the embedded server`.
      address: `HOST:PORT`.
      program: Path of `tensorflow_model_server`; None for the embedded server.
    """

    def __init__(
        self,
        serving: Serving,
        model: str,
        base_path: Path,
        folder: Path,
        load_retries: int = 5,
    ):
        # Kept open, so that no other process gets the port.
        self._reserved = bind(_HOST)
        port = port_of(self._reserved)
        here = {"host": _HOST, "port": port, "rest_port": None, "tls": None}
        serving = serving.model_copy(update=here)
        self.address = f"{_HOST}:{port}"
        self._target = Target(model)
        self._log = folder / "server.log"
        self.program = program = find_tensorflow_serving()
        if program is None:
            self.name = "the embedded server"
            command = Settings(
                model=model,
                base_path=str(base_path),
                request_log_dir=str(folder / "requests"),
                load_retries=load_retries,
                serving=serving,
            ).command()
        else:
            self.name = "tensorflow_model_server"
            files = write_files(serving, model, str(base_path), folder)
            command = tensorflow_serving_command(program, serving, files)
            command.append(f"--max_num_load_retries={load_retries}")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                child_command(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # A server has no state to save.
        self._process.kill()
        self._process.wait()
        self._reserved.close()

    @property
    def log(self) -> str:
        """The server's output so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_until_available(self, seconds: float) -> None:
        """Waits until the model is AVAILABLE.

        Raises:
          ServingError: The model failed to load, or not in time.
        """
        end = time.monotonic() + seconds
        with grpc.insecure_channel(self.address, _CHANNEL) as channel:
            methods = Methods(channel)
            # Checked first: after the process has ended, another may use the port.
            while self._process.poll() is None:
                if self._is_available(methods):
                    return
                if time.monotonic() > end:
                    raise ServingError(
                        f"the model was not AVAILABLE after {seconds:g} s; "
                        f"{self.last_log_line()}"
                    )
                time.sleep(_POLL_SECONDS)
        raise ServingError(
            f"{self.name} ended with status {self._process.returncode} before the "
            f"model was AVAILABLE; {self.last_log_line()}"
        )

    def last_log_line(self) -> str:
        """Returns the end of the log, as part of an error message."""
        lines = [line for line in self.log.splitlines() if line.strip()]
        return f"its log ends: {lines[-1].strip()}" if lines else "its log is empty"

    def _is_available(self, methods: Methods) -> bool:
        try:
            response = methods.get_model_status(
                status_request(self._target), timeout=_REQUEST_SECONDS
            )
        except grpc.RpcError:
            return False  # The server is still starting.
        versions = response.model_version_status
        for version in versions:
            if version.state == messages.END:
                reason = " ".join(version.status.error_message.split())
                raise ServingError(f"{self.name} cannot load the model: {reason}")
        return any(version.state == messages.AVAILABLE for version in versions)


def stage_version(saved_model: str, version: Path) -> None:
    """Links a SavedModel as the directory of a version, or downloads it from a URI."""
    version.parent.mkdir(parents=True)
    if not is_in_object_store(saved_model):
        version.symlink_to(os.path.abspath(saved_model), target_is_directory=True)
        return
    storage = storage_of(saved_model)
    for name in storage.files(saved_model):
        storage.copy(os.path.join(saved_model, name), str(version / name))
