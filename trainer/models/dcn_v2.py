"""DCN-v2 (Wang et al. 2021, https://arxiv.org/abs/2008.13535), in parallel.

x0 = [embeddings, numbers];  x <- x0 * (W x + b) + x for each cross layer
logit = w . [x, MLP(x0)] + b

Use it where products of features matter and you do not know which: each cross layer
raises the degree of the feature interactions by one.
"""

from __future__ import annotations

import keras

from config.model import DcnV2
from trainer.data.inputs import KerasTensors, ModelInputs
from trainer.layers.deep import dense, embeddings, mlp, stack


def logit(
    inputs: ModelInputs, tensors: KerasTensors, settings: DcnV2
) -> keras.KerasTensor:
    """Returns the logit, float32 [batch, 1]; crossed columns are not used."""
    start = stack(embeddings(inputs, tensors, settings), inputs, tensors, settings)
    crossed = start
    for number in range(1, settings.cross_layers + 1):
        weighed = dense(start.shape[-1], f"deep.cross.{number}", settings)(crossed)
        product = keras.layers.Multiply(name=f"deep.product.{number}")([start, weighed])
        crossed = keras.layers.Add(name=f"deep.add.{number}")([product, crossed])
    both = keras.layers.concatenate([crossed, mlp(start, settings)], name="deep.both")
    return dense(1, "deep.logit", settings)(both)
