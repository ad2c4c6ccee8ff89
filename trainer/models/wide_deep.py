"""Wide&Deep (Cheng et al. 2016, https://arxiv.org/abs/1606.07792).

    logit = w . [ids, crosses] + MLP([embeddings, numbers])

The wide part memorises; FTRL with L1 keeps it sparse. The deep part generalises; Adam
trains it, or AdaGrad as in the paper (`optimizer`). Both learn jointly, from one loss.
Use it where pairs of features are known to matter together: list them under `crosses`.
"""

from __future__ import annotations

import keras

from config.model import WideDeep
from trainer.data.inputs import KerasTensors, ModelInputs
from trainer.layers.deep import dense, embeddings, mlp, stack
from trainer.layers.output import Sum
from trainer.layers.wide import wide_logits


def logit(
    inputs: ModelInputs, tensors: KerasTensors, settings: WideDeep
) -> keras.KerasTensor:
    """Returns the logit, float32 [batch, 1]."""
    embedded = embeddings(inputs, tensors, settings)
    hidden = mlp(stack(embedded, inputs, tensors, settings), settings)
    deep = dense(1, "deep.logit", settings)(hidden)
    return Sum(name="wide.and.deep")([*wide_logits(inputs.ids, tensors), deep])
