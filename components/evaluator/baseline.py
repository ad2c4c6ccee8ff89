"""Check that a baseline can be evaluated on the examples of a candidate."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from components.evaluator.eval_config import BASELINE, CANDIDATE
from config.signatures import PROBABILITY, SERVING_DEFAULT
from serving.scorer import raw_features


def baseline_problem(saved_models: Mapping[str, str]) -> str | None:
    """Returns why the baseline cannot be measured on the candidate's examples.

    Args:
      saved_models: The SavedModel directories, by `CANDIDATE` and `BASELINE`.

    Returns:
      The reason in words; None where it can be measured, or where there is none.
    """
    if BASELINE not in saved_models:
        return None
    has = _raw_features(saved_models[CANDIDATE])
    # Anything may be wrong with a model of older code: it is reported to the person who
    # decides, and must not fail this run.
    try:
        needs = _raw_features(saved_models[BASELINE])
        _predict_empty_example(saved_models[BASELINE])
    except KeyError as error:
        return f"it has no signature or output {error}"
    except Exception as error:
        return f"it cannot be loaded: {_first_line(error)}"
    return _lacking(has, needs)


def _lacking(
    has: Mapping[str, tuple[tf.DType, int]], needs: Mapping[str, tuple[tf.DType, int]]
) -> str | None:
    """Returns the features that the baseline lacks.

    The examples hold the candidate's features. A baseline that knows others would
    take them for missing, and its metrics would be wrong without an error.
    """
    lacking = sorted(name for name in needs if has.get(name) != needs[name])
    if not lacking:
        return None
    return (
        f"it needs {', '.join(map(repr, lacking))} in a form that these examples do "
        "not have"
    )


def _raw_features(saved_model: str) -> dict[str, tuple[tf.DType, int]]:
    """Type and rank of the raw features that a model takes, by name."""
    return {
        name: (spec.dtype, spec.shape.rank)
        for name, spec in raw_features(saved_model).items()
    }


def _predict_empty_example(saved_model: str) -> tf.Tensor:
    """Returns the prediction for an example without any feature."""
    signature = tf.saved_model.load(saved_model).signatures[SERVING_DEFAULT]
    empty = tf.train.Example().SerializeToString()
    return signature(examples=tf.constant([empty]))[PROBABILITY]


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
