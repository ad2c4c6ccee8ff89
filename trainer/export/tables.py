"""The tables of a trained model: which of their rows training has seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import keras
import numpy as np
import numpy.typing as npt

from trainer.data.occurrence import Counts
from trainer.layers.embedding import PooledEmbedding
from trainer.warm_start.rows import Mask


def wide_rows(model: keras.Model, counts: Counts) -> tuple[int, float] | None:
    """Wide weights of ids that occurred in training, and the share of them that are 0.

    Args:
      model: The trained model.
      counts: Lookups of each id in training.

    Returns:
      None for a model without a wide part.
    """
    weights = [
        keras.ops.convert_to_numpy(table)[lookups > 0]
        for table, lookups in _tables(model, counts)
        if table.path.startswith("wide.")
    ]
    if not weights:
        return None
    together = np.concatenate(weights)
    return len(together), float(np.mean(together == 0.0)) if len(together) else 0.0


def fill_unseen_rows(
    model: keras.Model, counts: Counts, given: Mapping[str, Mask]
) -> None:
    """Sets rows that training never looked up to the mean weighted by lookups.

    An out-of-vocabulary bucket that no value of the training examples fell into would
    keep its random vector, and the first unknown value in serving would get it. This
    goes for wide weights as well: where all ids of a column share a part of the bias,
    as they do under L2, a weight of 0 is no neutral one.

    Args:
      model: The trained model.
      counts: Lookups of each id in training.
      given: The rows that a warm start set, by the path of the table; they stay.
    """
    for table, lookups in _tables(model, counts):
        seen = lookups > 0
        unseen = ~seen & ~given.get(table.path, np.zeros_like(seen))
        if seen.any() and unseen.any():
            values = keras.ops.convert_to_numpy(table).copy()
            values[unseen] = np.average(values, axis=0, weights=lookups)
            table.assign(values)


def _tables(
    model: keras.Model, counts: Counts
) -> Iterator[tuple[keras.Variable, npt.NDArray[np.int64]]]:
    """Each table, with the lookups of its rows in training."""
    for layer in model.layers:
        if isinstance(layer, PooledEmbedding):
            yield layer.table, np.sum([counts[name] for name in layer.columns], axis=0)
