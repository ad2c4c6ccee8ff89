"""Sets the weights of a model before it is trained."""

from __future__ import annotations

import logging

import keras
import numpy as np
import tensorflow_transform as tft

from config.columns import MISSING_ID
from config.errors import InputError
from config.names import tensor_name
from config.training import LAST_RELEASE, WarmStart
from trainer.data.inputs import ModelInputs
from trainer.optimizers.sparse import SparseFtrl
from trainer.warm_start.exported_model import ExportedModel
from trainer.warm_start.rows import NONE, Mask, assign_rows, positions, vocabulary
from trainer.warm_start.transfer import transfer
from trainer.warm_start.vectors import read_vectors

_log = logging.getLogger(__name__)


def warm_start(
    model: keras.Model,
    start: WarmStart | None,
    inputs: ModelInputs,
    transform: tft.TFTransformOutput,
    base_model: str | None,
) -> dict[str, Mask]:
    """Sets the weights of a model as configured, and logs what came from where.

    Args:
      model: The compiled model.
      start: Weights to start from; None leaves the model alone.
      inputs: The columns that the model takes.
      transform: Holds their vocabularies.
      base_model: The SavedModel to start from; None where nothing was released yet.

    Returns:
      By the path of a table, its rows that have been given what was known of their
      ids. Those of unknown and of new terms are not among them.

    Raises:
      InputError: A model or a file that the configuration names does not fit.
    """
    given: dict[str, Mask] = {}
    if start is None:
        return given
    if start.model is not None:
        given = _start_from_model(model, start.model, inputs, transform, base_model)
    for feature, path in start.vectors.items():
        table = model.get_layer(f"deep.embedding.{tensor_name(feature)}").table
        rows = _start_from_vectors(table, feature, path, transform)
        given[table.path] = rows | given.get(table.path, np.zeros_like(rows))
    _tell_optimizer(model)
    return given


def _start_from_model(
    model: keras.Model,
    configured: str,
    inputs: ModelInputs,
    transform: tft.TFTransformOutput,
    base_model: str | None,
) -> dict[str, Mask]:
    if base_model is None:
        _log.info("no warm start: nothing was released before")
        return {}
    try:
        old = ExportedModel(base_model)
    except InputError as error:
        # Nobody can do anything about a model that older code released.
        if configured != LAST_RELEASE:
            raise
        _log.warning("no warm start: %s", error)
        return {}
    report = transfer(model, inputs, transform, old)
    summary, *anew = report.lines()
    _log.info("warm start from %s: %s", base_model, summary)
    for line in anew:
        _log.info("starts anew: %s", line)
    return report.own_rows


def _start_from_vectors(
    table: keras.Variable, feature: str, path: str, transform: tft.TFTransformOutput
) -> Mask:
    """Sets the rows that a file has vectors for; gives them."""
    rows, size = table.shape
    given = read_vectors(path, feature, size)
    terms = vocabulary(transform, tensor_name(feature))
    sources = np.full(rows, NONE)
    first = MISSING_ID + 1
    sources[first : first + len(terms)] = positions(terms, given.terms)
    assign_rows(table, given.vectors, sources)
    found = sources != NONE
    _log.info(
        "warm start of %s from %s: %s of its %s terms",
        feature,
        path,
        f"{np.count_nonzero(found):,}",
        f"{len(terms):,}",
    )
    return found


def _tell_optimizer(model: keras.Model) -> None:
    """FTRL works its weights out of sums, which must give the weights that were set."""
    for variable in model.trainable_variables:
        owner = model.optimizer.owner(variable)
        if isinstance(owner, SparseFtrl):
            owner.start_from(variable)
