"""Models as TFMA calls them: with serialised tf.Examples, and nothing else."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import tensorflow as tf
from tensorflow_model_analysis.api.types import ModelLoader

from config.signatures import SERVING_DEFAULT


def model_loader(saved_model: str) -> ModelLoader:
    """Returns what loads a SavedModel in each worker of a Beam pipeline."""
    tags = [tf.saved_model.SERVING]
    return ModelLoader(functools.partial(_EvaluatedModel, saved_model), tags)


class _EvaluatedModel:
    """The signature `serving_default` of a SavedModel.

    Attributes:
      signatures: It by its name, which is where TFMA looks for it.
    """

    def __init__(self, saved_model: str):
        # Kept, since signatures hold their model weakly.
        self._model = tf.saved_model.load(saved_model, [tf.saved_model.SERVING])
        signature = self._model.signatures[SERVING_DEFAULT]
        self.signatures: Mapping[str, _Signature] = {
            SERVING_DEFAULT: _Signature(signature)
        }


class _Signature:
    """A signature that does not tell the names of its inputs.

    TFMA feeds an input the column of its name, where the examples have one: a column
    called `examples` would take the place of the serialised tf.Examples.
    """

    structured_input_signature = None

    def __init__(self, function: tf.types.experimental.Callable):
        self._function = function

    def __call__(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._function(examples)
