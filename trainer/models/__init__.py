"""The registry of models.

A model is a module here with a function from columns to a logit, a block of settings
in `config.model` and an entry below; `trainer.fit.classifier` adds loss, metrics and
optimizers. CONTRIBUTING.md has an example.
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
    din,
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
    "din": din.logit,
}
