"""Logistic regression.

    logit = w . ids + v . numbers + b

The wide part of Wide&Deep without crosses, but with the numbers. Use it as the baseline
that a larger model has to beat.
"""

from __future__ import annotations

import keras

from config.model import Linear
from trainer.data.inputs import KerasTensors, ModelInputs
from trainer.layers.output import Bias, Sum
from trainer.layers.wide import wide_logits


def logit(
    inputs: ModelInputs, tensors: KerasTensors, settings: Linear
) -> keras.KerasTensor:
    """Returns the logit, float32 [batch, 1]; crossed columns are not used."""
    del settings  # all are settings of the optimizer
    logits = wide_logits(inputs.uncrossed_ids, tensors)
    if inputs.numbers:
        weights = keras.layers.Dense(1, use_bias=False, name="wide.numbers")
        logits.append(weights(inputs.stacked_numbers(tensors)))
    return Bias(name="wide.bias")(Sum(name="wide.sum")(logits))
