"""The trials of the Tuner, and the table that a person reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pydantic
from rich.table import Table
from rich.text import Text

from trainer.fit.hyperparameters import EPOCHS, decoded, in_words, value_text

# In the folder of a run: AUC by the value of each setting.
PLOT_FILE = "trials.html"
# Numbers of more values than this are taken as drawn from a range.
_MOST_CHOICES = 5


class Trial(pydantic.BaseModel):
    """A model that was tried.

    Attributes:
      number: Counts the trials from 1, in their order.
      auc: The AUC on the validation part of the training split; None where it is
        undefined since the part has one class only.
      log_loss: The log loss there, by which trials are compared without an AUC.
      values: The settings that were varied.
      epochs: Maximum epochs, where the search varies them.
    """

    number: int
    auc: float | None
    log_loss: float | None = None
    values: dict[str, Any]
    epochs: int | None = None

    @property
    def measure(self) -> tuple[str, float]:
        """Name and value of the metric that trials are compared by."""
        if self.log_loss is not None:
            return "log loss", self.log_loss
        assert self.auc is not None
        return "AUC", self.auc


def read_trials(path: Path) -> list[Trial]:
    """Reads what TFX's Tuner writes.

    Args:
      path: Its file of results.

    Returns:
      The trials that succeeded, the best first.
    """
    rows = json.loads(path.read_text())
    return [_trial(row) for row in rows]


def _trial(row: dict[str, Any]) -> Trial:
    number, score = int(row.pop("trial_id")) + 1, row.pop("score")
    epochs = row.get(EPOCHS)
    # See `trainer.fit.callbacks.validation_score`.
    auc, log_loss = (score, None) if score >= 0 else (None, -score)
    values = decoded(row)
    return Trial(
        number=number, auc=auc, log_loss=log_loss, values=values, epochs=epochs
    )


def worth(trials: list[Trial], setting: str) -> float | None:
    """What the best trial's value of a setting is worth.

    Args:
      trials: Trials, the best first.
      setting: One of those that were varied.

    Returns:
      The distance of the metric to that of the best trial with another value, or, of a
      range, with a value on the other side of the median; None without such a trial.
    """
    best = trials[0]
    like_best = _likeness([trial.values[setting] for trial in trials])
    others = (trial for trial in trials if not like_best(trial.values[setting]))
    other = next(others, None)
    return None if other is None else abs(best.measure[1] - other.measure[1])


def _likeness(values: list[Any]) -> Callable[[Any], bool]:
    """Tells values like the first from others."""
    numbers = all(isinstance(value, int | float) for value in values)
    if numbers and len(set(values)) > _MOST_CHOICES:
        middle = median(values)
        return lambda value: bool((value > middle) == (values[0] > middle))
    return lambda value: bool(value == values[0])


def best_in_words(trials: list[Trial]) -> str:
    """One line about the best of some trials, which is the first."""
    best = trials[0]
    name, value = best.measure
    return (
        f"Tuned: {in_words(best.values)}: validation {name} {value:.4f}, the best of "
        f"{len(trials)} trials (ctr trials shows all)"
    )


def trials_table(trials: list[Trial]) -> Table:
    """The trials, the best first and marked, and what each setting is worth."""
    table = Table("trial", title="Trials", title_justify="left")
    by_epochs = any(trial.epochs for trial in trials)
    if by_epochs:
        table.add_column("epochs", justify="right")
    for name in trials[0].values:
        table.add_column(name.replace("_", " "), justify="right")
    table.add_column(f"validation {trials[0].measure[0]}", justify="right")
    table.add_column()
    for trial in trials:
        # As Text: brackets of a list are no markup.
        values = (Text(value_text(value)) for value in trial.values.values())
        mark = "best" if trial is trials[0] else ""
        epochs = [str(trial.epochs or "")] if by_epochs else []
        score = f"{trial.measure[1]:.4f}"
        table.add_row(str(trial.number), *epochs, *values, score, mark)
    table.add_section()
    worths = (worth(trials, name) for name in trials[0].values)
    cells = ("" if each is None else f"{each:.4f}" for each in worths)
    table.add_row("worth", *([""] if by_epochs else []), *cells, "", "")
    return table
