"""How a model server is started: the files it reads, and its command line.

Both the embedded server and `tensorflow_model_server` read the same files. That of the
models they read again when it changes: `follow.py` has labels reach them so.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from tensorflow_serving.config import model_server_config_pb2

from pipeline.config.serving import Batching, RequestLog, Serving, Tls, Versions
from pipeline.errors import ConfigError
from serving.releases.labels import read_labels
from serving.releases.storage import is_in_object_store
from serving.server.certificates import check_certificate, check_key
from serving.server.config_files import write_model_config

_OWNER_ONLY = 0o600
_NO_PORT = 0

# Of TensorFlow Serving's container image, and of its apt package.
_TENSORFLOW_SERVING = "tensorflow_model_server"


@dataclass(frozen=True)
class Files:
    """What a model server is configured by.

    Attributes:
      models: Which models and versions are served.
      batching: How requests are computed together; None for each by itself.
      ssl: The server's key and certificates; None without TLS.
    """

    models: Path
    batching: Path | None
    ssl: Path | None


def write_files(serving: Serving, name: str, base_path: str, folder: Path) -> Files:
    """Writes the files of a model server.

    Args:
      serving: How it serves.
      name: Name of the model.
      base_path: Directory of its versions.
      folder: Where to write.

    Raises:
      ConfigError: A key or certificate cannot be used, or a version that has a label
        is none of those to serve.
      ReleaseError: The file of the labels is malformed.
    """
    secret = None if serving.tls is None else _ssl(serving.tls)
    folder.mkdir(parents=True, exist_ok=True)
    models = write_models(serving, name, base_path, folder)
    batching, ssl = (folder / f"{each}.config" for each in ("batching", "ssl"))
    if serving.batching is not None:
        batching.write_text(_batching(serving.batching), encoding="utf-8")
    if secret is not None:
        _write_secret(ssl, secret)
    return Files(
        models,
        None if serving.batching is None else batching,
        None if secret is None else ssl,
    )


def write_models(serving: Serving, name: str, base_path: str, folder: Path) -> Path:
    """Writes which models and versions are served, as `write_files` does.

    Raises:
      ConfigError: A version that has a label is none of those to serve.
      ReleaseError: The file of the labels is malformed.
    """
    path = folder / "models.config"
    labels = read_labels(base_path)
    config = _models(serving, name, base_path, labels, folder / "requests")
    write_model_config(str(path), config)
    return path


def find_tensorflow_serving() -> str | None:
    """The path of `tensorflow_model_server`; None where it is not installed."""
    return shutil.which(_TENSORFLOW_SERVING)


def embedded_command(serving: Serving, files: Files) -> list[str]:
    """The command line of the embedded server."""
    limits = {
        "host": serving.host,
        "workers": serving.workers,
        "max_message_bytes": serving.max_message_bytes,
        "max_concurrent_requests": serving.max_concurrent_requests,
    }
    own = [f"--{flag}={value}" for flag, value in limits.items()]
    program = [sys.executable, "-m", "serving.server"]
    return [*program, *_common_flags(serving, files), *own]


def tensorflow_serving_command(
    program: str, serving: Serving, files: Files
) -> list[str]:
    """The command line of `tensorflow_model_server`.

    It listens to everyone, and has no processes of its own, limit of requests or log
    of them.

    Args:
      program: The program.
      serving: How it serves.
      files: What it is configured by.
    """
    longest = f"grpc.max_receive_message_length={serving.max_message_bytes}"
    return [
        program,
        *_common_flags(serving, files),
        f"--grpc_channel_arguments={longest}",
        "--allow_version_labels_for_unavailable_models=true",
    ]


def _common_flags(serving: Serving, files: Files) -> list[str]:
    flags = [
        f"--model_config_file={files.models}",
        "--model_config_file_poll_wait_seconds=1",
        f"--port={serving.port}",
        f"--rest_api_port={serving.rest_port or _NO_PORT}",
    ]
    if files.batching is not None:
        flags += ["--enable_batching", f"--batching_parameters_file={files.batching}"]
    if files.ssl is not None:
        flags.append(f"--ssl_config_file={files.ssl}")
    return flags


def _models(
    serving: Serving,
    name: str,
    base_path: str,
    labels: Mapping[str, int],
    requests: Path,
) -> model_server_config_pb2.ModelServerConfig:
    config = model_server_config_pb2.ModelServerConfig()
    model = config.model_config_list.config.add()
    model.name = name
    model.base_path = (
        base_path if is_in_object_store(base_path) else os.path.abspath(base_path)
    )
    model.model_platform = "tensorflow"
    _choose_versions(model, serving.versions, labels)
    if serving.request_log is not None:
        _log(model, serving.request_log, requests)
    return config


def _choose_versions(
    model: model_server_config_pb2.ModelConfig,
    versions: Versions,
    labels: Mapping[str, int],
) -> None:
    """Serves the versions that are configured, and those that have a label.

    No policy says "the latest and these". A list would have to be rewritten for each
    release and roll-back, and twice for a label that moves: servers give it to loaded
    versions only, and refuse a list that brings the version along with the label. The
    latest N until N is raised would drop the oldest that has a label. So where there
    are labels, it is all versions that `release.keep` leaves: then a label moves
    between loaded versions, and a release unloads none that has one.
    """
    model.version_labels.update(labels)
    policy = model.model_version_policy
    if isinstance(versions, tuple):
        _check_listed(versions, labels)
        policy.specific.versions.extend(versions)
    elif versions == "all" or labels:
        policy.all.SetInParent()
    else:
        policy.latest.num_versions = versions


def _check_listed(versions: Collection[int], labels: Mapping[str, int]) -> None:
    for label, version in labels.items():
        if version not in versions:
            raise ConfigError(
                f"serving.versions: got {', '.join(map(str, versions))} without "
                f"{version}, which has the label {label!r}; add it, move the label, or "
                "give a number of versions"
            )


def _log(
    model: model_server_config_pb2.ModelConfig, log: RequestLog, requests: Path
) -> None:
    folder = requests if log.folder is None else Path(log.folder)
    logging = model.logging_config
    logging.log_collector_config.filename_prefix = str(folder.absolute() / model.name)
    logging.sampling_config.sampling_rate = log.sampling_rate


def _batching(batching: Batching) -> str:
    cores = len(os.sched_getaffinity(0))
    values = {
        **batching.model_dump(),
        "num_batch_threads": batching.num_batch_threads or cores,
    }
    lines = [f"{name} {{ value: {value} }}" for name, value in values.items()]
    # Else requests whose lists have different lengths fail where they meet.
    return "\n".join([*lines, "pad_variable_length_inputs: true"]) + "\n"


def _ssl(tls: Tls) -> str:
    files = {"server_key": tls.key, "server_cert": tls.certificate}
    if tls.client_ca is not None:
        files["custom_ca"] = tls.client_ca
    texts = {name: _read_pem(path) for name, path in files.items()}
    for name in list(files)[1:]:
        check_certificate(texts[name], f"serving.tls: {files[name]}")
    check_key(texts["server_key"], texts["server_cert"], f"serving.tls: {tls.key}")
    lines = [f'{name}: "{_escaped(text)}"' for name, text in texts.items()]
    verify = "true" if tls.client_ca is not None else "false"
    return "\n".join([*lines, f"client_verify: {verify}"]) + "\n"


def _read_pem(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not in PEM"
        raise ConfigError(f"serving.tls: {path}: cannot be read ({reason})") from error


def _escaped(text: str) -> str:
    """The text of a file as protobuf's text format has it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _write_secret(path: Path, text: str) -> None:
    """Writes a file that only its owner may read."""
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, _OWNER_ONLY), "w", encoding="ascii") as file:
        file.write(text)
