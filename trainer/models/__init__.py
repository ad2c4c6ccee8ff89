"""The registry of models.

A further one is a file here, a block in `pipeline.config.model` and a line below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras

from pipeline.config.base import Block
from pipeline.config.model import EmbeddingMlp, WideDeep
from trainer.inputs import ModelInputs
from trainer.models import embedding_mlp, wide_deep


class ModelKind(NamedTuple):
    """How a kind of model is configured and built."""

    settings: type[Block]
    build: Callable[[ModelInputs, Any], keras.Model]


MODELS: Mapping[str, ModelKind] = {
    "wide_deep": ModelKind(WideDeep, wide_deep.build),
    "embedding_mlp": ModelKind(EmbeddingMlp, embedding_mlp.build),
}


def build_model(
    kind: str, inputs: ModelInputs, settings: Mapping[str, Any]
) -> keras.Model:
    """Builds and compiles a model of a registered kind."""
    model = MODELS[kind]
    return model.build(inputs, model.settings.model_validate(settings))
