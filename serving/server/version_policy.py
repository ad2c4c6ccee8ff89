"""Which versions of a model are to be served."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

import tensorflow as tf
from tensorflow_serving.config import model_server_config_pb2

_SAVED_MODEL = "saved_model.pb"
_NUMBER = re.compile(r"\d+")
_MOST = 2**63 - 1


def find_versions(base_path: str) -> Mapping[int, str]:
    """The versions in a directory, or in a folder of an object store.

    TensorFlow Serving takes any subdirectory that is named by a number, and fails to
    load one that is being copied; here it is none until it has a graph.

    Args:
      base_path: The directory of the versions.

    Returns:
      The directory of each version, by its number.

    Raises:
      OpError: The directory cannot be read, or does not exist.
    """
    found = {}
    # Object stores end the names of folders with a slash.
    for name in (each.rstrip("/") for each in tf.io.gfile.listdir(base_path)):
        path = os.path.join(base_path, name)
        if (
            _NUMBER.fullmatch(name)
            and int(name) <= _MOST
            and tf.io.gfile.exists(os.path.join(path, _SAVED_MODEL))
        ):
            found[int(name)] = path
    return found


def aspired_versions(
    config: model_server_config_pb2.ModelConfig, found: Iterable[int]
) -> list[int]:
    """The versions to serve, in ascending order.

    Args:
      config: Whose policy is `latest` with a number, `all`, or `specific` with a list;
        by default the latest one.
      found: The versions that there are.
    """
    policy = config.model_version_policy
    versions = sorted(found)
    choice = policy.WhichOneof("policy_choice")
    if choice == "all":
        return versions
    if choice == "specific":
        return [each for each in versions if each in policy.specific.versions]
    return versions[-max(policy.latest.num_versions, 1) :]
