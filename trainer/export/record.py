"""Record of a training, beside the model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, TypeAlias

import pydantic

# In the folder of TensorBoard's logs, which is TFX's `model_run`.
RECORD_FILE = "training.json"


def _none_for_nan(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


# None where it is undefined, since there is one class only.
Auc: TypeAlias = Annotated[float | None, pydantic.BeforeValidator(_none_for_nan)]


class Epoch(pydantic.BaseModel):
    """Metrics on the training part and the validation part after an epoch."""

    log_loss: float
    auc: Auc
    validation_log_loss: float
    validation_auc: Auc


class CalibrationRecord(pydantic.BaseModel):
    """Calibration of a trained model.

    Attributes:
      method: The configured method.
      examples: Held-out examples that it was fitted on.
      clicks: Those of them with a click.
      spreads: Standard deviation of the offsets of each feature, in log-odds; 0 where
        its values differ by no more than chance.
      problem: Reason why the model is not calibrated; None if it is.
    """

    method: str
    examples: int
    clicks: int
    spreads: dict[str, float] = {}
    problem: str | None = None

    def in_words(self) -> str:
        """The record as one line."""
        fitted_on = (
            f"{self.examples:,} held-out examples, {self.clicks:,} of them clicks"
        )
        if self.problem is not None:
            return f"not calibrated on {fitted_on}: {self.problem}"
        spreads = (
            f"{name} ±{spread:.2f}" if spread else f"{name} as all"
            for name, spread in self.spreads.items()
        )
        return "; ".join([f"{self.method} calibration on {fitted_on}", *spreads])


class TrainingRecord(pydantic.BaseModel):
    """Course of a training.

    Attributes:
      epochs: Passes over the training part.
      best_epoch: The one whose weights were kept, from 1.
      validation_auc: AUC of the best epoch.
      validation_log_loss: Log loss of the best epoch.
      examples_per_second: Examples trained on in a second, validation left out.
      wide_rows: Weights of ids and crosses that occurred in training; None for a model
        without a wide part.
      wide_zero_share: Share of them that are exactly 0.
      history: Each epoch, from the first.
      calibration: What came after it; None where none is configured.
    """

    epochs: int
    best_epoch: int
    validation_auc: Auc
    validation_log_loss: float
    examples_per_second: float
    wide_rows: int | None = None
    wide_zero_share: float | None = None
    history: list[Epoch] = []
    calibration: CalibrationRecord | None = None

    @classmethod
    def of(
        cls,
        history: Mapping[str, Sequence[float]],
        examples: int,
        wide: tuple[int, float] | None,
        calibration: CalibrationRecord | None = None,
    ) -> TrainingRecord:
        """The record of a training.

        Args:
          history: Metrics of each epoch.
          examples: Number of examples in an epoch.
          wide: Number of wide weights seen, and the share of them that are 0.
          calibration: The calibration after it.
        """
        epochs = len(history["loss"])
        best_epoch = int(history["best_epoch"][-1])
        rows, zero_share = wide or (None, None)
        return cls(
            epochs=epochs,
            best_epoch=best_epoch,
            validation_auc=history["val_auc"][best_epoch - 1],
            validation_log_loss=history["val_log_loss"][best_epoch - 1],
            examples_per_second=epochs * examples / sum(history["seconds"]),
            wide_rows=rows,
            wide_zero_share=zero_share,
            history=[
                Epoch(
                    log_loss=history["log_loss"][epoch],
                    auc=history["auc"][epoch],
                    validation_log_loss=history["val_log_loss"][epoch],
                    validation_auc=history["val_auc"][epoch],
                )
                for epoch in range(epochs)
            ],
            calibration=calibration,
        )

    def in_words(self) -> str:
        """The record as one line."""
        is_defined = self.validation_auc is not None
        auc = f"{self.validation_auc:.4f}" if is_defined else "undefined"
        words = (
            f"{self.epochs} epochs, the best {self.best_epoch} (validation AUC "
            f"{auc}, log loss {self.validation_log_loss:.4f}); "
            f"{self.examples_per_second:,.0f} examples/s"
        )
        if self.wide_zero_share is not None:
            words += (
                f"; {self.wide_zero_share:.1%} of {self.wide_rows:,} wide weights are 0"
            )
        if self.calibration is not None:
            words += f"; {self.calibration.in_words()}"
        return words
