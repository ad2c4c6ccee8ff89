"""Releases a blessed model and records it."""

from __future__ import annotations

import json
import logging
import os
from typing import Any

from tfx import types
from tfx.components.util import model_utils
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from components.artifacts import training_key
from serving.release import release_model

_log = logging.getLogger(__name__)


class PusherExecutor(base_executor.BaseExecutor):
    """Copies the model where it was blessed; records what happened either way."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Releases the model, unless it is not blessed."""
        model = artifact_utils.get_single_instance(input_dict["model"])
        blessing = artifact_utils.get_single_instance(input_dict["blessing"])
        graph_uri = artifact_utils.get_single_uri(input_dict["transform_graph"])
        release = artifact_utils.get_single_instance(output_dict["release"])
        release.model_uri = model.uri
        release.training = training_key(graph_uri, exec_properties["trainer"])
        release.released = int(model_utils.is_model_blessed(blessing))
        if release.released:
            saved_model = path_utils.serving_model_path(model.uri)
            released = release_model(saved_model, exec_properties["model_dir"])
            release.version, release.path = released.version, released.path
            _log.info("version %d in %s", released.version, released.path)
        else:
            _log.info("nothing released: the candidate is not blessed")
        _write_record(release)


def _write_record(release: types.Artifact) -> None:
    record = {"released": bool(release.released), "model_uri": release.model_uri}
    if release.released:
        record |= {"version": release.version, "path": release.path}
    path = os.path.join(release.uri, "release.json")
    io_utils.write_string_file(path, json.dumps(record, indent=2))
