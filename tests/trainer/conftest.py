"""Trains the tiny problem as TFX's Trainer does, once for each configuration."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@dataclass(frozen=True)
class Trained:
    """What run_fn left: the exported model, and the record of the training."""

    folder: Path

    @property
    def saved_model(self) -> Path:
        return self.folder / "model"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def record(self) -> dict[str, Any]:
        return json.loads((self.logs / "training.json").read_text())

    def weights(self) -> dict[str, np.ndarray]:
        """All weights of the exported model, by their names."""
        import tensorflow as tf
        from tensorflow.core.protobuf import trackable_object_graph_pb2

        path = str(self.saved_model / "variables" / "variables")
        reader = tf.train.load_checkpoint(path)
        graph = trackable_object_graph_pb2.TrackableObjectGraph()
        graph.ParseFromString(reader.get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH"))
        variables = {
            attribute.full_name: reader.get_tensor(attribute.checkpoint_key)
            for node in graph.nodes
            for attribute in node.attributes
        }
        inputs = json.loads((self.saved_model / "assets.extra/inputs.json").read_text())
        for path, rows in inputs["tables"].items():
            table = variables[rows["variable"]]
            variables[path] = table[rows["first"] :][: rows["count"]]
        return {name: value for name, value in variables.items() if "/" in name}


@pytest.fixture(scope="session")
def train_tiny(tiny: Any, tmp_path_factory: Any) -> Callable[..., Trained]:
    """A function: settings of the training and the model, and what run_fn left."""
    from tfx.components.trainer.fn_args_utils import FnArgs

    from config.parts import TrainerPart
    from trainer.fit.run import run_fn

    def train_tiny(
        training: dict[str, Any],
        kind: str = "wide_deep",
        problem: Any = tiny,
        arguments: dict[str, Any] | None = None,
        custom_config: dict[str, Any] | None = None,
        calibration: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Trained:
        data = problem.config.model_dump()
        data["calibration"] = calibration or {}
        data["training"] = {"epochs": 2, "batch_size": 33, **training}
        data["model"]["kind"] = kind
        data["model"][kind] |= settings
        part = TrainerPart.of(type(problem.config).model_validate(data))
        trained = Trained(tmp_path_factory.mktemp("trained"))
        folder = problem.schema.parent
        run_fn(
            FnArgs(
                custom_config={"part": part.model_dump_json(), **(custom_config or {})},
                transform_output=str(folder / "graph"),
                train_files=[str(folder / "rows*.gz")],
                model_run_dir=str(trained.logs),
                serving_model_dir=str(trained.saved_model),
                **(arguments or {}),
            )
        )
        return trained

    return train_tiny


@dataclass(frozen=True)
class Ads:
    """Columns of a model, and random examples of them."""

    inputs: Any

    @staticmethod
    def examples(count: int, batch: int) -> Any:
        import tensorflow as tf

        rng = np.random.default_rng(0)
        columns = {
            "ad": rng.integers(0, 30, count),
            "tags": rng.integers(0, 9, (count, 3)),
            "age": rng.normal(size=count).astype("float32"),
        }
        labels = (rng.random((count, 1)) < 0.4).astype("float32")
        return tf.data.Dataset.from_tensor_slices((columns, labels)).batch(batch)


@pytest.fixture(scope="session")
def ads() -> Ads:
    from trainer.data.inputs import IdInput, ModelInputs

    ids = (IdInput("ad", 30, 4), IdInput("tags", 9, 4, multivalued=True))
    return Ads(ModelInputs(ids=ids, numbers=("age",)))
