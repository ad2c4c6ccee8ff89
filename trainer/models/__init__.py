"""The registry of models.

A further one is a file here, a block in `config.model` and a line below. The
file says how the columns become a logit; `trainer.fit.classifier` does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from trainer.data.inputs import KerasTensors, ModelInputs
from trainer.models import (
    dcn_v2,
    deep_crossing,
    deepfm,
    embedding_mlp,
    linear,
    wide_deep,
)

Logit = Callable[[ModelInputs, KerasTensors, Any], keras.KerasTensor]

MODELS: Mapping[str, Logit] = {
    "linear": linear.logit,
    "wide_deep": wide_deep.logit,
    "embedding_mlp": embedding_mlp.logit,
    "deep_crossing": deep_crossing.logit,
    "deepfm": deepfm.logit,
    "dcn_v2": dcn_v2.logit,
}
