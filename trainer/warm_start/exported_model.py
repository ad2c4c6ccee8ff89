"""An exported model, read for the one after it."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2
from tfx.dsl.io import fileio
from tfx.utils import io_utils

from config.errors import InputError
from trainer.data.inputs import IdInput, ModelInputs
from trainer.warm_start.files import INPUTS_FILE

_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"


@dataclasses.dataclass(frozen=True)
class TableRows:
    """The rows of a variable that are a table of the trained model."""

    variable: str
    first: int
    count: int


def write_inputs(
    inputs: ModelInputs, tables: Mapping[str, TableRows], saved_model: str
) -> None:
    """Adds to a SavedModel what its weights belong to.

    Args:
      inputs: The columns of the model.
      tables: Where the tables are that are parts of variables, by their path.
      saved_model: The exported model.
    """
    tree = dataclasses.asdict(inputs)
    tree["tables"] = {path: dataclasses.asdict(rows) for path, rows in tables.items()}
    text = json.dumps(tree, indent=1)
    io_utils.write_string_file(os.path.join(saved_model, INPUTS_FILE), text)


class ExportedModel:
    """Reads a SavedModel that `trainer.export.signatures` exported.

    Attributes:
      inputs: The columns it takes.
    """

    def __init__(self, path: str):
        """Opens the model.

        Args:
          path: The SavedModel.

        Raises:
          InputError: Another version of this pipeline exported it.
        """
        self.inputs, self._tables = _read_inputs(path)
        self._assets = os.path.join(path, tf.saved_model.ASSETS_DIRECTORY)
        self._reader = tf.train.load_checkpoint(
            os.path.join(
                path,
                tf.saved_model.VARIABLES_DIRECTORY,
                tf.saved_model.VARIABLES_FILENAME,
            )
        )
        self._keys = _checkpoint_keys(self._reader)

    def weights(self, name: str) -> npt.NDArray[np.float32] | None:
        """The weights of a name, such as `deep.dense.1/kernel`, where there are any."""
        if name in self._tables:
            rows = self._tables[name]
            table = self._variable(rows.variable)
            return table[rows.first : rows.first + rows.count]
        return self._variable(name) if name in self._keys else None

    @functools.lru_cache(maxsize=1)  # noqa: B019 - as long as the model
    def _variable(self, name: str) -> npt.NDArray[np.float32]:
        values: npt.NDArray[np.float32] = self._reader.get_tensor(self._keys[name])
        return values

    def terms(self, column: str) -> pa.Array:
        """The vocabulary of a column, in the order of its ids; binary."""
        path = os.path.join(self._assets, column)
        with fileio.open(path, "rb") as file:
            return pa.array(file.read().splitlines(), pa.binary())


def _read_inputs(path: str) -> tuple[ModelInputs, dict[str, TableRows]]:
    try:
        with fileio.open(os.path.join(path, INPUTS_FILE)) as file:
            tree = json.loads(file.read())
        inputs = ModelInputs(
            ids=tuple(_id_input(column) for column in tree["ids"]),
            numbers=tuple(tree["numbers"]),
        )
        # In older models, each table is a variable.
        tables = tree.get("tables", {})
        return inputs, {path: TableRows(**rows) for path, rows in tables.items()}
    except (OSError, tf.errors.NotFoundError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: another version of this pipeline exported this model: its "
            f"{INPUTS_FILE} cannot be read"
        ) from error


def _id_input(column: dict[str, Any]) -> IdInput:
    # In older models, a column had one name, for people and for TensorFlow.
    title = column.pop("name") if "name" in column else column.pop("title")
    return IdInput(title, **column)


def _checkpoint_keys(reader: tf.train.CheckpointReader) -> dict[str, str]:
    """Returns the keys of the weights of a name; the keys themselves are numbers."""
    graph = trackable_object_graph_pb2.TrackableObjectGraph()
    graph.ParseFromString(reader.get_tensor(_OBJECTS))
    return {
        attribute.full_name: attribute.checkpoint_key
        for node in graph.nodes
        for attribute in node.attributes
    }
