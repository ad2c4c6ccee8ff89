"""Loss and metrics, the same for all models."""

from __future__ import annotations

import keras


def compile_classifier(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> None:
    """Compiles a model whose output is one logit.

    Args:
      model: The model.
      optimizer: What trains it.
    """
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[
            keras.metrics.AUC(name="auc", num_thresholds=1000, from_logits=True),
            # The loss without regularisation, comparable between models.
            keras.metrics.BinaryCrossentropy(name="log_loss", from_logits=True),
        ],
        # Batches of multi-valued columns differ in width, and XLA would compile anew
        # for each.
        jit_compile=False,
    )
