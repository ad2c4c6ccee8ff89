"""Probabilities of a SavedModel by every loader of a TFX stack.

    python -m tests.loaders SAVED_MODEL EXAMPLES OUT

Run by each stack's own Python; EXAMPLES is a TFRecord file, OUT becomes JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from components.evaluator.models import model_loader
from components.infra_validator.validate import validate
from config.parts import InfraValidatorPart
from config.release import InfraValidation
from config.signatures import PROBABILITY, SERVING_DEFAULT


def probabilities(model: str, examples: list[bytes]) -> dict[str, list[float]]:
    """The probabilities of examples, by loader."""
    by_loader = {
        "TF 2": _loaded(model, examples),
        "V1": _in_session(model, examples),
        "TFMA": model_loader(model)
        .load()
        .signatures[SERVING_DEFAULT](tf.constant(examples))[PROBABILITY],
    }
    return {name: np.asarray(by_loader[name]).tolist() for name in by_loader}


def _loaded(model: str, examples: list[bytes]) -> tf.Tensor:
    loaded = tf.saved_model.load(model)  # signatures hold their model weakly
    return loaded.signatures[SERVING_DEFAULT](examples=tf.constant(examples))[
        PROBABILITY
    ]


def _in_session(model: str, examples: list[bytes]) -> np.ndarray:
    """The loader of TensorFlow Serving, which restores variables by the graph."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph = tf.compat.v1.saved_model.load(session, ["serve"], model)
        signature = graph.signature_def[SERVING_DEFAULT]
        answer: np.ndarray = session.run(
            signature.outputs[PROBABILITY].name,
            {signature.inputs["examples"].name: examples},
        )
        return answer


def check_embedded_server(model: str, examples: list[bytes]) -> None:
    """Raises AssertionError unless the server answers as the model itself does."""
    part = InfraValidatorPart(name="model", validation=InfraValidation(), batching=None)
    with tempfile.TemporaryDirectory() as folder:
        record = validate(model, examples, part, Path(folder)).record
    assert record.passed, record.reasons


if __name__ == "__main__":
    saved_model, file, out = sys.argv[1:]
    records = [
        record.numpy() for record in tf.data.TFRecordDataset(file, "GZIP").take(200)
    ]
    check_embedded_server(saved_model, records)
    Path(out).write_text(json.dumps(probabilities(saved_model, records)))
