"""The trials of the Tuner, and the table that a person reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydantic
from rich.table import Table
from rich.text import Text

from trainer.fit.hyperparameters import decoded, in_words, value_text

# In the folder of a run: AUC by the value of each setting.
PLOT_FILE = "trials.html"


class Trial(pydantic.BaseModel):
    """A model that was tried.

    Attributes:
      number: Counts the trials from 1, in their order.
      auc: The AUC on the validation part of the training split; None where it is
        undefined since the part has one class only.
      log_loss: The log loss there, by which trials are compared without an AUC.
      values: The settings that were varied.
    """

    number: int
    auc: float | None
    log_loss: float | None = None
    values: dict[str, Any]

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
    # See `trainer.fit.callbacks.validation_score`.
    auc, log_loss = (score, None) if score >= 0 else (None, -score)
    return Trial(number=number, auc=auc, log_loss=log_loss, values=decoded(row))


def best_in_words(trials: list[Trial]) -> str:
    """One line about the best of some trials, which is the first."""
    best = trials[0]
    name, value = best.measure
    return (
        f"Tuned: {in_words(best.values)}: validation {name} {value:.4f}, the best of "
        f"{len(trials)} trials (ctr trials shows all)"
    )


def trials_table(trials: list[Trial]) -> Table:
    """The trials, the best first and marked."""
    table = Table("trial", title="Trials", title_justify="left")
    for name in trials[0].values:
        table.add_column(name.replace("_", " "), justify="right")
    table.add_column(f"validation {trials[0].measure[0]}", justify="right")
    table.add_column()
    for trial in trials:
        # As Text: brackets of a list are no markup.
        values = (Text(value_text(value)) for value in trial.values.values())
        mark = "best" if trial is trials[0] else ""
        table.add_row(str(trial.number), *values, f"{trial.measure[1]:.4f}", mark)
    return table
