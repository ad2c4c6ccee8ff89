"""Inputs of a model: the transformed columns with their sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_transform as tft

from config.columns import TERMS, IdColumn, id_columns, numeric_columns
from config.model import EmbeddingSize
from config.names import tensor_name
from config.parts import TrainerPart

Tensors = dict[str, tf.Tensor]
KerasTensors = dict[str, keras.KerasTensor]


@dataclass(frozen=True)
class IdInput:
    """A column of ids.

    Attributes:
      title: Name of the column for people.
      num_ids: Ids are in [0, num_ids); 0 is a missing value or padding.
      embedding_size: Length of its embedding vectors.
      multivalued: int64 [batch, values] instead of int64 [batch].
      crossed: True for a cross.
      meaning: Meaning of an id; see `IdColumn`.
      like: Name of the column that has the same ids and embedding vectors, of a
        sequence.
      rates: Mean number of lookups of each id's embedding vector in an example, float64
        [num_ids]; None if the training examples are not known.
    """

    title: str
    num_ids: int
    embedding_size: int
    multivalued: bool = False
    crossed: bool = False
    meaning: str = TERMS
    like: str | None = None
    rates: npt.NDArray[np.float64] | None = field(
        default=None, compare=False, repr=False
    )

    @property
    def name(self) -> str:
        """Name of the column after Transform."""
        return tensor_name(self.title)

    @property
    def owner(self) -> str:
        """Name of the column whose vocabulary and embedding vectors it has."""
        return self.like or self.name


@dataclass(frozen=True)
class ModelInputs:
    """The columns a model takes.

    Attributes:
      ids: Columns of ids, crosses included.
      numbers: Names of the numeric columns, float32 [batch].
    """

    ids: tuple[IdInput, ...]
    numbers: tuple[str, ...]

    @classmethod
    def of(cls, part: TrainerPart, transform: tft.TFTransformOutput) -> ModelInputs:
        """Completes the configuration with the sizes of the vocabularies."""
        ids = id_columns(part.features, part.crosses)
        numbers = numeric_columns(part.features)
        return cls(
            ids=tuple(_id_input(column, part, transform) for column in ids),
            numbers=tuple(column.name for column in numbers),
        )

    def with_rates(
        self, counts: Mapping[str, npt.NDArray[np.int64]], examples: int
    ) -> ModelInputs:
        """Completes the columns of ids with their rates.

        Args:
          counts: Lookups of each id in the training examples, by column. An id without
            any has the rate of an id with one.
          examples: Number of training examples.
        """

        def rates(column: IdInput) -> npt.NDArray[np.float64]:
            shared = self.sharing(column.owner)
            total = np.sum([counts[each.name] for each in shared], axis=0)
            return np.maximum(total, 1) / examples

        ids = tuple(replace(column, rates=rates(column)) for column in self.ids)
        return replace(self, ids=ids)

    def sharing(self, owner: str) -> tuple[IdInput, ...]:
        """The columns that share the embedding vectors of a column, itself included."""
        return tuple(column for column in self.ids if column.owner == owner)

    @property
    def uncrossed_ids(self) -> Iterable[IdInput]:
        """The columns of ids that are no crosses."""
        return (column for column in self.ids if not column.crossed)

    def keras_inputs(self) -> KerasTensors:
        """A Keras input for each column."""
        inputs = {
            column.name: keras.Input(
                (None,) if column.multivalued else (), name=column.name, dtype="int64"
            )
            for column in self.ids
        }
        for name in self.numbers:
            inputs[name] = keras.Input((), name=name, dtype="float32")
        return inputs

    def stacked_numbers(self, tensors: KerasTensors) -> keras.KerasTensor:
        """The numbers side by side, float32 [batch, numbers]."""
        return keras.ops.stack([tensors[name] for name in self.numbers], axis=1)

    def dense(self, transformed: dict[str, tf.Tensor | tf.SparseTensor]) -> Tensors:
        """Pads multi-valued columns with `MISSING_ID` and drops what is no input."""
        names = [column.name for column in self.ids] + list(self.numbers)
        return {name: _to_dense(transformed[name]) for name in names}


def _to_dense(tensor: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    if isinstance(tensor, tf.SparseTensor):
        return tf.sparse.to_dense(tensor)
    return tensor


def _id_input(
    column: IdColumn, part: TrainerPart, transform: tft.TFTransformOutput
) -> IdInput:
    num_ids = column.size
    if column.vocabulary is not None:
        num_ids += transform.vocabulary_size_by_name(column.vocabulary)
    return IdInput(
        title=column.title,
        num_ids=num_ids,
        multivalued=column.multivalued,
        crossed=column.crossed,
        embedding_size=embedding_size(num_ids, part.embedding_size),
        meaning=column.meaning,
        like=column.like,
    )


def embedding_size(num_ids: int, rule: EmbeddingSize) -> int:
    """Length of the vectors for a feature with that many ids.

    Both rules grow with the fourth root of the number of ids: `n^0.25` comes from
    TensorFlow's feature-column guide (2017), `6n^0.25` from Wang et al. 2017 (Deep &
    Cross Network, section 2.1).
    """
    if isinstance(rule, int):
        return rule
    factor = 6 if rule == "6n^0.25" else 1
    return max(1, round(factor * num_ids**0.25))
