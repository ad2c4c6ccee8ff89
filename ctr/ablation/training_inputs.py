"""Inputs of the Trainer of a run."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from typing import Any

from ml_metadata import errors
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio
from tfx.orchestration import metadata
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.types import artifact_utils
from tfx.utils import io_utils

from config.columns import id_columns, numeric_columns
from config.errors import InputError
from config.examples import EVAL, TRAIN
from config.parts import TrainerPart
from config.root import Config
from trainer.fit.hyperparameters import decoded

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """Inputs of a training.

    Attributes:
      part: The model and its training.
      transform_graph: Folder of the Transform graph.
      train_files: A glob of the examples to train on.
      eval_files: A glob of those to measure on.
    """

    part: TrainerPart
    transform_graph: str
    train_files: str
    eval_files: str

    @property
    def columns(self) -> list[str]:
        """The columns after Transform that are made of the features."""
        ids = id_columns(self.part.features, self.part.crosses)
        numbers = numeric_columns(self.part.features)
        return [column.title for column in ids] + [column.title for column in numbers]

    def without(self, feature: str) -> Trained:
        """The same without a feature and what needs it, such as sequences like it."""
        features = {
            name: each
            for name, each in self.part.features.items()
            if feature not in (name, getattr(each, "like", None))
        }
        crosses = tuple(
            cross for cross in self.part.crosses if features.keys() >= {*cross.features}
        )
        by = tuple(name for name in self.part.calibration.by if name in features)
        calibration = self.part.calibration.model_copy(update={"by": by})
        update = {"features": features, "crosses": crosses, "calibration": calibration}
        return replace(self, part=self.part.model_copy(update=update))


def find_trained(
    config: Config, connection: metadata_store_pb2.ConnectionConfig, run_id: str
) -> Trained:
    """Finds what the Trainer of a run was given, and what the Tuner chose for it.

    That is of the run, and no matter what is configured by now: it is the model that
    the run's report is about.

    Raises:
      InputError: The run trained nothing, or its examples are gone.
    """
    with metadata.Metadata(connection) as handle:
        execution = _trainer_execution(handle, config.name, run_id)
        inputs = execution_lib.get_input_artifacts(handle, execution.id)
    custom_config = json.loads(
        execution.custom_properties["custom_config"].string_value
    )
    part = TrainerPart.model_validate_json(custom_config["part"])
    if part != TrainerPart.of(config):
        _log.info("the configuration has changed since this run, whose own is used")
    if "hyperparameters" in inputs:
        part = part.with_values(_best_values(inputs["hyperparameters"]))
    files = {
        split: io_utils.all_files_pattern(
            artifact_utils.get_split_uri(inputs["examples"], split)
        )
        for split in (TRAIN, EVAL)
    }
    for pattern in files.values():
        if not fileio.glob(pattern):
            raise InputError(
                f"{pattern}: the examples of run {run_id} are gone; name "
                "another run, or run `ctr run` again"
            )
    graph = artifact_utils.get_single_uri(inputs["transform_graph"])
    return Trained(part, graph, files[TRAIN], files[EVAL])


def _trainer_execution(
    handle: metadata.Metadata, pipeline: str, run_id: str
) -> metadata_store_pb2.Execution:
    # TFX's names.
    names = {"pipeline_run": run_id, "node": f"{pipeline}.Trainer"}
    try:
        contexts = [
            handle.store.get_context_by_type_and_name(kind, name)
            for kind, name in names.items()
        ]
    except errors.NotFoundError:
        contexts = [None]  # no pipeline ever ran
    executions = []
    if None not in contexts:
        executions = execution_lib.get_executions_associated_with_all_contexts(
            handle, contexts
        )
    if not executions:
        raise InputError(
            f"run {run_id} trained no model; name one that did, or run `ctr run`"
        )
    (execution,) = executions
    return execution


def _best_values(hyperparameters: list[Any]) -> dict[str, Any]:
    uri = artifact_utils.get_single_uri(hyperparameters)
    with fileio.open(io_utils.get_only_uri_in_dir(uri)) as file:
        return decoded(json.loads(file.read())["values"])
