"""Versions of a model on disk, and those to serve by its policy."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

import tensorflow as tf
from tensorflow_serving.config import model_server_config_pb2

_SAVED_MODEL = "saved_model.pb"
_NUMBER = re.compile(r"\d+")
_MAX_VERSION = 2**63 - 1


def find_versions(base_path: str) -> Mapping[int, str]:
    """Returns the directory of each version under a base path.

    A version must have a `saved_model.pb`; TensorFlow Serving would also try to load a
    version that is still being copied.

    Raises:
      OpError: The base path cannot be read, or does not exist.
    """
    found = {}
    # Object stores end the names of folders with a slash.
    for name in (each.rstrip("/") for each in tf.io.gfile.listdir(base_path)):
        path = os.path.join(base_path, name)
        if (
            _NUMBER.fullmatch(name)
            and int(name) <= _MAX_VERSION
            and tf.io.gfile.exists(os.path.join(path, _SAVED_MODEL))
        ):
            found[int(name)] = path
    return found


def aspired_versions(
    config: model_server_config_pb2.ModelConfig, found: Iterable[int]
) -> list[int]:
    """Returns those of the versions found that are to be served, ascending.

    The policy is `latest` (one version by default), `all` or `specific`.
    """
    policy = config.model_version_policy
    versions = sorted(found)
    choice = policy.WhichOneof("policy_choice")
    if choice == "all":
        return versions
    if choice == "specific":
        return [each for each in versions if each in policy.specific.versions]
    return versions[-max(policy.latest.num_versions, 1) :]
