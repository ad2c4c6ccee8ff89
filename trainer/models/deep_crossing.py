"""Deep Crossing (Shan et al. 2016, https://doi.org/10.1145/2939672.2939704).

h = [embeddings, numbers];  h <- ReLU(h + W2 ReLU(W1 h)) for each residual unit
logit = w . h + b

Use it for deep stacks: the residual connections train where a plain MLP of that depth
does not.
"""

from __future__ import annotations

import keras

from config.model import DeepCrossing
from trainer.data.inputs import KerasTensors, ModelInputs
from trainer.layers.deep import dense, embeddings, hidden_layer, stack


def logit(
    inputs: ModelInputs, tensors: KerasTensors, settings: DeepCrossing
) -> keras.KerasTensor:
    """Returns the logit, float32 [batch, 1]; crossed columns are not used."""
    embedded = embeddings(inputs, tensors, settings)
    hidden = stack(embedded, inputs, tensors, settings)
    for number, units in enumerate(settings.residual_units, start=1):
        hidden = _residual_unit(hidden, units, number, settings)
    return dense(1, "deep.logit", settings)(hidden)


def _residual_unit(
    hidden: keras.KerasTensor, units: int, number: int, settings: DeepCrossing
) -> keras.KerasTensor:
    inner = hidden_layer(hidden, units, str(number), settings, "relu")
    outer = dense(hidden.shape[-1], f"deep.residual.{number}", settings)(inner)
    total = keras.layers.Add(name=f"deep.add.{number}")([hidden, outer])
    return keras.layers.ReLU(name=f"deep.relu.{number}")(total)
