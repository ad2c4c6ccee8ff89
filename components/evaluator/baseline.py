"""Whether a baseline can be measured on the examples of a candidate."""

from __future__ import annotations

from collections.abc import Mapping

from tensorflow.python.tools import saved_model_utils

from components.evaluator.metrics import BASELINE, CANDIDATE

_TAGS = "serve"
_NAMED_TENSORS = "predict"


def baseline_problem(saved_models: Mapping[str, str]) -> str | None:
    """Why the baseline cannot be measured on the candidate's examples.

    The examples hold the candidate's features. A baseline that knows others would
    take them for missing, and its metrics would be wrong without an error.

    Args:
      saved_models: The SavedModel directories, by `CANDIDATE` and `BASELINE`.

    Returns:
      The reason in words; None where it can be measured, or where there is none.
    """
    if BASELINE not in saved_models:
        return None
    has = _raw_features(saved_models[CANDIDATE])
    needs = _raw_features(saved_models[BASELINE])
    lacking = sorted(name for name in needs if has.get(name) != needs[name])
    if not lacking:
        return None
    return (
        f"it needs {', '.join(map(repr, lacking))} in a form that these examples do "
        "not have"
    )


def _raw_features(saved_model: str) -> dict[str, tuple[int, int]]:
    """Type and rank of the raw features that a model takes, by name."""
    graph = saved_model_utils.get_meta_graph_def(saved_model, _TAGS)
    inputs = graph.signature_def[_NAMED_TENSORS].inputs
    return {
        name: (tensor.dtype, len(tensor.tensor_shape.dim))
        for name, tensor in inputs.items()
    }
