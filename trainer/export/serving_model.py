"""A trained model in fewer operations, as it is served.

In a request of a single example, an operation costs more than what it computes. So the
tables of one width become one table, whose rows are looked up at once, and the other
weights become constants, so that a server computes in advance what depends on nothing
else, such as the scale of a batch norm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

import keras
import numpy as np
import tensorflow as tf

from trainer.data.inputs import Tensors
from trainer.layers.embedding import PooledEmbedding
from trainer.warm_start.exported_model import TableRows


class ServingModel:
    """A model from transformed columns to logits, with the logits of a trained one.

    Attributes:
      weights: Weights of the trained model that are constants here.
      tables: Rows of the joined tables by the path of the table they were.
    """

    def __init__(self, model: keras.Model):
        """Joins the tables of a model.

        Args:
          model: The trained model, on one device.
        """
        layers = [each for each in model.layers if _is_joined(each, model)]
        widths = sorted({layer.table.shape[1] for layer in layers})
        self._joined = [
            _JoinedTable([each for each in layers if each.table.shape[1] == width])
            for width in widths
        ]
        self.tables = {
            path: rows for each in self._joined for path, rows in each.rows.items()
        }
        tables = {
            layer.table.path
            for layer in model.layers
            if isinstance(layer, PooledEmbedding)
        }
        self.weights = [each for each in model.weights if each.path not in tables]
        self._constants = [(each, tf.constant(each.numpy())) for each in self.weights]
        vectors = [layer.output for each in self._joined for layer in each.layers]
        self._rest = keras.Model([model.input, vectors], model.output)

    def __call__(self, columns: Tensors) -> tf.Tensor:
        """Returns the logits, float32 [batch, 1]."""
        vectors = [vector for each in self._joined for vector in each(columns)]
        with keras.StatelessScope(self._constants):
            return self._rest([columns, vectors], training=False)


class _JoinedTable:
    """The tables of several layers, one below the other."""

    def __init__(self, layers: Sequence[PooledEmbedding]):
        self.layers = layers
        tables = [layer.table.numpy() for layer in layers]
        width = tables[0].shape[1]
        self._table = tf.Variable(
            np.concatenate(tables), trainable=False, name=f"tables.{width}"
        )
        counts = [len(table) for table in tables]
        self._first = list(accumulate(counts, initial=0))[:-1]
        self.rows = {
            layer.table.path: TableRows(f"tables.{width}", first, count)
            for layer, first, count in zip(layers, self._first, counts, strict=True)
        }

    def __call__(self, columns: Tensors) -> Iterable[tf.Tensor]:
        """Returns the vectors of each layer, float32 [batch, width]."""
        ids = tf.stack([columns[layer.column] for layer in self.layers])
        rows = ids + tf.constant(self._first, ids.dtype)[:, tf.newaxis]
        vectors: Iterable[tf.Tensor] = tf.unstack(
            tf.nn.embedding_lookup(self._table, rows)
        )
        return vectors


def _is_joined(layer: keras.layers.Layer, model: keras.Model) -> bool:
    """Returns True for a table that one column with a single value looks up."""
    return (
        isinstance(layer, PooledEmbedding)
        and layer.columns == (layer.column,)
        and len(model.input[layer.column].shape) == 1
    )
