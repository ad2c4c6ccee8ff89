"""Copies the weights of an exported model into a new one, row by row."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

import keras
import numpy as np
import tensorflow_transform as tft

from config.columns import TERMS
from trainer.data.inputs import ModelInputs
from trainer.layers.embedding import PooledEmbedding
from trainer.warm_start.exported_model import ExportedModel
from trainer.warm_start.rows import (
    NONE,
    Mask,
    Rows,
    Weights,
    assign_rows,
    number_segments,
    positions,
    rows_by_name,
    rows_by_term,
    stack_segments,
    vocabulary,
)


@dataclass
class Report:
    """Weights that were transferred, and those that were not.

    Attributes:
      taken: Weights taken over; a table is one of them.
      weights: Weights there are.
      known_terms: Terms that the old vocabularies have too.
      terms: Terms of the new vocabularies.
      gone_terms: Terms that only the old vocabularies have.
      anew: Names of the weights that start anew, at least in part, by the reason.
      own_rows: By the path of each table taken over, the rows that start from those of
        the same id, not from those of an unknown one.
    """

    taken: int = 0
    weights: int = 0
    known_terms: int = 0
    terms: int = 0
    gone_terms: int = 0
    anew: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    own_rows: dict[str, Mask] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The report as text, the summary first."""
        summary = f"{self.taken} of {self.weights} weights taken over"
        if self.terms:
            summary += (
                f"; {self.known_terms:,} of {self.terms:,} terms known, "
                f"{self.gone_terms:,} gone"
            )
        anew = (f"{why}: {', '.join(names)}" for why, names in self.anew.items())
        return [summary, *anew]


def transfer(
    model: keras.Model,
    inputs: ModelInputs,
    transform: tft.TFTransformOutput,
    old: ExportedModel,
) -> Report:
    """Sets the weights of a model to those of an older one, where they fit.

    Args:
      model: The new model.
      inputs: The columns it takes.
      transform: Holds their vocabularies.
      old: The older model.
    """
    return _Transfer(model, inputs, transform, old).run()


class _UnlikeError(Exception):
    """Reason why a weight starts anew."""


class _TableRows(NamedTuple):
    rows: Rows
    own: Mask


class _Transfer:
    def __init__(
        self,
        model: keras.Model,
        inputs: ModelInputs,
        transform: tft.TFTransformOutput,
        old: ExportedModel,
    ):
        self._model = model
        self._inputs = inputs
        self._transform = transform
        self._old = old
        self._old_columns = {column.name: column for column in old.inputs.ids}
        self._columns = {column.name: column for column in inputs.ids}
        self._found: dict[str, _TableRows] = {}
        self._stack_readers = _readers(model, "deep.stack")
        self._report = Report()

    def run(self) -> Report:
        for layer in self._model.layers:
            for variable in layer.weights:
                self._report.weights += 1
                try:
                    self._set(layer, variable)
                    self._report.taken += 1
                except _UnlikeError as why:
                    self._report.anew[str(why)].append(self._title(layer, variable))
        return self._report

    def _title(self, layer: keras.layers.Layer, variable: keras.Variable) -> str:
        """The path of a variable, with the name that people have for its column."""
        path: str = variable.path
        if isinstance(layer, PooledEmbedding):
            title = self._columns[layer.column].title
            return path.replace(f".{layer.column}/", f".{title}/")
        return path

    def _set(self, layer: keras.layers.Layer, variable: keras.Variable) -> None:
        values = self._old.weights(variable.path)
        if values is None:
            raise _UnlikeError("not in the old model")
        if isinstance(layer, PooledEmbedding):
            self._set_table(layer.column, variable, values)
            return
        rows = self._rows(layer, variable)
        if rows is None:
            _check_shape(values.shape, variable.shape)
            variable.assign(values)
            return
        _check_shape(values.shape[1:], variable.shape[1:])
        assign_rows(variable, values, rows)
        known = np.count_nonzero(rows != NONE)
        if known < len(rows):
            why = f"only {known} of {len(rows)} rows in the old model"
            self._report.anew[why].append(variable.path)

    def _set_table(
        self, column: str, variable: keras.Variable, values: Weights
    ) -> None:
        _check_shape(values.shape[1:], variable.shape[1:])
        if column not in self._found:
            self._found[column] = self._find(column)
        rows, own = self._found[column]
        assign_rows(variable, values, rows)
        self._report.own_rows[variable.path] = own

    def _rows(self, layer: keras.layers.Layer, variable: keras.Variable) -> Rows | None:
        """The old rows that its rows start from; None for the same ones."""
        old, new = self._old.inputs, self._inputs
        if layer.name in ("deep.norm.numbers", "wide.numbers"):
            return rows_by_name(number_segments(old), number_segments(new))
        if layer.name.startswith("deep.") and self._stack_goes_on():
            raise _UnlikeError("other columns enter it")
        if layer in self._stack_readers and variable.name == "kernel":
            return rows_by_name(stack_segments(old), stack_segments(new))
        return None

    def _find(self, name: str) -> _TableRows:
        """The old rows of a column, and which of them are of the same id."""
        old, new = self._old_columns[name], self._columns[name]
        if old.meaning != new.meaning:
            raise _UnlikeError(f"its ids were {old.meaning}, and are {new.meaning}")
        if new.meaning != TERMS:
            _check_shape((old.num_ids,), (new.num_ids,))
            return _TableRows(np.arange(new.num_ids), np.full(new.num_ids, True))
        old_terms = self._old.terms(old.owner)
        terms = vocabulary(self._transform, new.owner)
        known = positions(terms, old_terms)
        if new.like is None:  # A sequence has no terms of its own.
            number_known = np.count_nonzero(known != NONE)
            self._report.terms += len(terms)
            self._report.known_terms += number_known
            self._report.gone_terms += len(old_terms) - number_known
        rows = rows_by_term(known, terms, len(old_terms), old.num_ids, new.num_ids)
        return _TableRows(rows, own=rows <= len(old_terms))

    def _stack_goes_on(self) -> bool:
        """Returns True if later layers use embeddings and numbers, too.

        Such models (Deep Crossing, DCN-v2) have them in all of their deep weights, in
        an order that has changed.
        """
        read_by_others = any(
            not isinstance(layer, keras.layers.Dense) for layer in self._stack_readers
        )
        changed = stack_segments(self._old.inputs) != stack_segments(self._inputs)
        return read_by_others and changed


def _readers(model: keras.Model, name: str) -> list[keras.layers.Layer]:
    """The layers that take the output of a layer."""
    outputs = [layer.output for layer in model.layers if layer.name == name]
    return [
        layer
        for layer in model.layers
        if any(
            tensor is output
            for tensor in keras.tree.flatten(layer.input)
            for output in outputs
        )
    ]


def _check_shape(old: tuple[int, ...], new: tuple[int, ...]) -> None:
    if tuple(old) != tuple(new):
        raise _UnlikeError(f"was {_in_words(old)}, is {_in_words(new)}")


def _in_words(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
