"""Several optimizers that train one model in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from trainer.optimizers.sparse import Gradient, SparseOptimizer


class JointOptimizer(keras.optimizers.Optimizer):
    """Gives each variable to the optimizer of the longest prefix of its path.

    One forward and one backward pass serve all of them (Cheng et al. 2016, section
    3.3: joint training, not an ensemble). Keras's MultiOptimizer, which needs Keras
    3.15, has no learning rate that callbacks could change, nor a norm of all
    gradients.
    """

    def __init__(
        self,
        optimizers: Mapping[str, SparseOptimizer],
        *,
        clip_norm: float | None = None,
    ):
        """Builds the optimizer.

        Args:
          optimizers: By prefix; every variable must have one.
          clip_norm: Most norm of all gradients of a step together.
        """
        super().__init__(learning_rate=1.0, name="joint")
        self._members = dict(optimizers)
        self._clip_norm = clip_norm

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Divides the variables among the optimizers.

        Raises:
          ValueError: A variable belongs to no optimizer.
        """
        if self.built:
            return
        super().build(variables)
        owners = [self.owner(variable) for variable in variables]
        for member in self._members.values():
            member.build(_of(member, variables, owners))

    def owner(self, variable: keras.Variable) -> SparseOptimizer:
        """The optimizer of a variable.

        Raises:
          ValueError: It has none.
        """
        fitting = [p for p in self._members if variable.path.startswith(p)]
        if not fitting:
            raise ValueError(f"no optimizer for the variable {variable.path}")
        return self._members[max(fitting, key=len)]

    def apply(
        self,
        grads: Sequence[Gradient],
        trainable_variables: Sequence[keras.Variable] | None = None,
    ) -> None:
        """One step of all optimizers.

        Args:
          grads: The gradients.
          trainable_variables: Their variables; None for those it was built with.
        """
        variables = trainable_variables or self._trainable_variables
        self.build(variables)
        if self._clip_norm is not None:
            grads, _ = tf.clip_by_global_norm(list(grads), self._clip_norm)
        owners = [self.owner(variable) for variable in variables]
        for member in self._members.values():
            member.apply(_of(member, grads, owners), _of(member, variables, owners))
        self._iterations.assign_add(1)

    @property
    def variables(self) -> list[keras.Variable]:
        """The variables of all optimizers, and the number of steps."""
        return [
            *self._variables,
            *(v for m in self._members.values() for v in m.variables),
        ]

    @property
    def learning_rate(self) -> keras.Variable:
        """What all learning rates have been multiplied by; 1 at the start."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        change = float(value) / float(self._learning_rate.value)
        for member in self._members.values():
            member.learning_rate = float(member.learning_rate.value) * change
        self._learning_rate.assign(value)


def _of(
    member: SparseOptimizer, items: Sequence[Any], owners: Sequence[SparseOptimizer]
) -> list[Any]:
    return [item for item, owner in zip(items, owners, strict=True) if owner is member]
