"""Configuration files and command line of `tensorflow_model_server`.

It polls the file of the models, by which labels are updated.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import text_format

from config.serving import Batching, Serving
from serving.model_config import model_server_config
from serving.tls import Pem, read_pem

_OWNER_ONLY = 0o600
_NO_PORT = 0
_METRICS = """prometheus_config { enable: true, path: "/monitoring/prometheus/metrics" }
"""

# The program's name in TensorFlow Serving's container image and apt package.
_PROGRAM = "tensorflow_model_server"


@dataclass(frozen=True)
class Files:
    """Configuration files of `tensorflow_model_server`.

    Attributes:
      models: A ModelServerConfig.
      batching: BatchingParameters; None disables batching.
      monitoring: A MonitoringConfig; without it there are no metrics.
      ssl: An SSLConfig; None disables TLS.
    """

    models: Path
    batching: Path | None
    monitoring: Path
    ssl: Path | None


def find_tensorflow_serving() -> str | None:
    """Returns the path of `tensorflow_model_server`; None if it is not installed."""
    return shutil.which(_PROGRAM)


def tensorflow_version(program: str) -> str | None:
    """Returns the version of TensorFlow in a server; None if it does not tell it."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True)
    found = re.search(r"TensorFlow Library: (\S+)", done.stdout)
    return found[1] if found else None


def write_files(serving: Serving, name: str, base_path: str, folder: Path) -> Files:
    """Writes the files of a server of one model to a folder.

    Raises:
      ConfigError: A key or certificate cannot be used, or `serving.versions` lacks a
        version that has a label.
      ReleaseError: The file of the labels is malformed.
    """
    pem = None if serving.tls is None else read_pem(serving.tls)
    folder.mkdir(parents=True, exist_ok=True)
    batching = ssl = None
    if serving.batching is not None:
        batching = folder / "batching.config"
        batching.write_text(_batching_text(serving.batching), encoding="utf-8")
    monitoring = folder / "monitoring.config"
    monitoring.write_text(_METRICS, encoding="utf-8")
    if pem is not None:
        ssl = folder / "ssl.config"
        _write_secret(ssl, _ssl_text(pem))
    models = write_models(serving, name, base_path, folder)
    return Files(models, batching, monitoring, ssl)


def write_models(serving: Serving, name: str, base_path: str, folder: Path) -> Path:
    """Writes the file of the models atomically.

    Raises:
      ConfigError: `serving.versions` lacks a version that has a label.
      ReleaseError: The file of the labels is malformed.
    """
    path = folder / "models.config"
    # Stock TensorFlow Serving does not start with a `logging_config`.
    serving = serving.model_copy(update={"request_log": None})
    config = model_server_config(serving, name, base_path)
    partial = folder / f".models.config.{os.getpid()}"
    partial.write_text(text_format.MessageToString(config), encoding="utf-8")
    return partial.replace(path)


def tensorflow_serving_command(
    program: str, serving: Serving, files: Files
) -> list[str]:
    """Returns the command line of `tensorflow_model_server`.

    It has no flags for the settings in `config.serving.EMBEDDED_ONLY`.
    """
    command = [
        program,
        f"--model_config_file={files.models}",
        "--model_config_file_poll_wait_seconds=1",
        f"--port={serving.port}",
        f"--rest_api_port={serving.rest_port or _NO_PORT}",
        f"--monitoring_config_file={files.monitoring}",
        # A request holds a thread; by default there are 4 for each core.
        f"--grpc_max_threads={serving.max_concurrent_requests}",
        "--allow_version_labels_for_unavailable_models=true",
    ]
    if files.batching is not None:
        command += ["--enable_batching", f"--batching_parameters_file={files.batching}"]
    if files.ssl is not None:
        command.append(f"--ssl_config_file={files.ssl}")
    return command


def _batching_text(batching: Batching) -> str:
    values = {**batching.model_dump(), "num_batch_threads": batching.threads}
    lines = [f"{name} {{ value: {value} }}" for name, value in values.items()]
    # Without it, batches of requests with lists of different lengths fail.
    return "\n".join([*lines, "pad_variable_length_inputs: true"]) + "\n"


def _ssl_text(pem: Pem) -> str:
    texts = {"server_key": pem.key, "server_cert": pem.certificate}
    if pem.client_ca is not None:
        texts["custom_ca"] = pem.client_ca
    # PEM is ASCII, for which JSON strings are valid in protobuf's text format.
    lines = [f"{field}: {json.dumps(text)}" for field, text in texts.items()]
    verify = "false" if pem.client_ca is None else "true"
    return "\n".join([*lines, f"client_verify: {verify}"]) + "\n"


def _write_secret(path: Path, text: str) -> None:
    """Writes a file that only its owner may read."""
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, _OWNER_ONLY), "w", encoding="ascii") as file:
        file.write(text)
