"""Models, versions and labels that a server is configured with.

The embedded server reads TensorFlow Serving's message; `tensorflow_serving.py` writes
it as text.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pydantic
from tensorflow_serving.config import model_server_config_pb2

from config.errors import ConfigError
from config.serving import Serving, Versions
from serving.releases.labels import read_labels
from serving.releases.storage import is_in_object_store

# The only kind of servable.
PLATFORM = "tensorflow"


def model_server_config(
    serving: Serving, name: str, base_path: str, request_log_dir: str = "requests"
) -> model_server_config_pb2.ModelServerConfig:
    """Returns the configuration of one model with its current labels.

    Args:
      base_path: Directory of the model's versions.
      request_log_dir: Default folder of the request log.

    Raises:
      ConfigError: `serving.versions` lacks a version that has a label.
      ReleaseError: The file of the labels is malformed.
    """
    config = model_server_config_pb2.ModelServerConfig()
    model = config.model_config_list.config.add()
    model.name = name
    model.base_path = (
        base_path if is_in_object_store(base_path) else os.path.abspath(base_path)
    )
    model.model_platform = PLATFORM
    _choose_versions(model, serving.versions, read_labels(base_path))
    if serving.request_log is not None:
        folder = Path(serving.request_log.folder or request_log_dir)
        log = model.logging_config
        log.log_collector_config.filename_prefix = str(folder.absolute() / name)
        log.sampling_config.sampling_rate = serving.request_log.sampling_rate
    return config


def _choose_versions(
    model: model_server_config_pb2.ModelConfig,
    versions: Versions,
    labels: Mapping[str, int],
) -> None:
    """Sets a policy that serves the configured versions and those with a label.

    No policy serves the latest versions and a list of others. A list alone would have
    to be rewritten for each release and rollback, and twice for a label that moves,
    since servers reject labels of versions that are not loaded. So with labels, all
    versions are served; `release.keep` limits their number.
    """
    model.version_labels.update(labels)
    policy = model.model_version_policy
    if isinstance(versions, tuple):
        for label, version in labels.items():
            if version not in versions:
                raise ConfigError(
                    f"serving.versions: got {', '.join(map(str, versions))} without "
                    f"{version}, which has the label {label!r}; add it, move the "
                    "label, or set a number of versions"
                )
        policy.specific.versions.extend(versions)
    elif versions == "all" or labels:
        policy.all.SetInParent()
    else:
        policy.latest.num_versions = versions


class Settings(pydantic.BaseModel):
    """Settings of a process of the embedded server.

    Attributes:
      base_path: Directory of its versions.
      request_log_dir: Default folder of the request log.
      load_retries: Number of retries after a version failed to load.
    """

    model_config = pydantic.ConfigDict(frozen=True)

    model: str
    base_path: str
    request_log_dir: str
    load_retries: int = 5
    serving: Serving

    def command(self) -> list[str]:
        """Returns the command line that starts the server."""
        return [sys.executable, "-m", "serving.server", self.model_dump_json()]
