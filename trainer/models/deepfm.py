"""DeepFM (Guo et al. 2017, https://arxiv.org/abs/1703.04247).

    logit = w . [ids, crosses] + sum over i < j of e_i . e_j
          + MLP([embeddings, numbers])

The factorisation machine (Rendle 2010) and the MLP share the embeddings. Use it for
pairwise interactions of many categorical features without choosing crosses by hand.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from config.model import DeepFm
from trainer.data.inputs import KerasTensors, ModelInputs
from trainer.layers.deep import dense, embeddings, mlp, stack
from trainer.layers.output import Sum
from trainer.layers.wide import wide_logits


def logit(
    inputs: ModelInputs, tensors: KerasTensors, settings: DeepFm
) -> keras.KerasTensor:
    """Returns the logit, float32 [batch, 1]."""
    embedded = embeddings(inputs, tensors, settings)
    hidden = mlp(stack(embedded, inputs, tensors, settings), settings)
    deep = dense(1, "deep.logit", settings)(hidden)
    logits = [*wide_logits(inputs.ids, tensors), deep]
    if embedded:
        logits.append(PairwiseProducts(name="deep.pairs")(embedded))
    return Sum(name="wide.and.deep")(logits)


class PairwiseProducts(keras.layers.Layer):
    """Sum of the dot products of all pairs of vectors, in linear time.

        sum over i < j of e_i . e_j = (|sum of e_i|^2 - sum of |e_i|^2) / 2

    (Rendle 2010, lemma 3.1.) Input: vectors of one size, float32 [batch, size] each.
    Output: float32 [batch, 1].

    >>> vectors = [tf.constant([[1.0, 2.0]]), tf.constant([[3.0, 4.0]])]
    >>> float(PairwiseProducts()(vectors)[0, 0])  # 1 * 3 + 2 * 4
    11.0
    """

    def call(self, vectors: list[tf.Tensor]) -> tf.Tensor:
        """Returns the sum, float32 [batch, 1]."""
        stacked = tf.stack(vectors, axis=1)
        square_of_sum = tf.square(tf.reduce_sum(stacked, axis=1))
        sum_of_squares = tf.reduce_sum(tf.square(stacked), axis=1)
        return tf.reduce_sum(square_of_sum - sum_of_squares, axis=1, keepdims=True) / 2
