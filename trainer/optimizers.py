"""Joint training of one model by two optimizers."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class JointModel(keras.Model):
    """A functional model whose wide variables have an optimizer of their own.

    One forward and one backward pass serve both optimizers (Cheng et al. 2016,
    section 3.3: joint training, not an ensemble). The optimizer given to `compile`
    trains all other variables.
    """

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        *,
        wide_prefix: str,
        wide_optimizer: keras.optimizers.Optimizer,
        **kwargs: Any,
    ):
        """Builds the model.

        Args:
          inputs: Keras inputs.
          outputs: Keras outputs.
          wide_prefix: What the paths of wide variables start with.
          wide_optimizer: The optimizer of these variables.
          **kwargs: Passed to keras.Model.
        """
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)
        self.wide_optimizer = wide_optimizer
        self._wide_prefix = wide_prefix

    @property
    def wide_variables(self) -> list[keras.Variable]:
        """The trainable variables of the wide part."""
        return [v for v in self.trainable_variables if self._is_wide(v)]

    @property
    def deep_variables(self) -> list[keras.Variable]:
        """All other trainable variables."""
        return [v for v in self.trainable_variables if not self._is_wide(v)]

    def _is_wide(self, variable: keras.Variable) -> bool:
        return variable.path.startswith(self._wide_prefix)

    def train_step(self, data: tuple[Any, ...]) -> dict[str, Any]:
        """One step of both optimizers on (inputs, labels[, weights of examples])."""
        inputs, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            logits = self(inputs, training=True)
            loss = self.compute_loss(inputs, labels, logits, weights, training=True)
        wide, deep = self.wide_variables, self.deep_variables
        gradients = tape.gradient(loss, [v.value for v in wide + deep])
        self.wide_optimizer.apply(gradients[: len(wide)], wide)
        self.optimizer.apply(gradients[len(wide) :], deep)
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(labels)[0])
        return self.compute_metrics(inputs, labels, logits, weights)
