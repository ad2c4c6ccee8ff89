"""Several optimizers that train one model in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from trainer.optimizers.clipping import clip_by_norm
from trainer.optimizers.sparse import Gradient, SparseOptimizer


@dataclass(frozen=True)
class _Member:
    """An optimizer, and what the paths of its variables start with.

    In an object of its own Keras does not find the optimizer, and so does not save its
    state beside that of the joint one, which it is part of.
    """

    prefix: str
    optimizer: SparseOptimizer


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
        self._members = [_Member(*each) for each in optimizers.items()]
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
        for member in self._members:
            member.optimizer.build(_of(member, variables, owners))
            for variable in member.optimizer.variables:
                self._track_variable(variable)

    def owner(self, variable: keras.Variable) -> SparseOptimizer:
        """The optimizer of a variable.

        Raises:
          ValueError: It has none.
        """
        path = variable.path
        fitting = [each for each in self._members if path.startswith(each.prefix)]
        if not fitting:
            raise ValueError(f"no optimizer for the variable {path}")
        return max(fitting, key=lambda member: len(member.prefix)).optimizer

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
            grads = clip_by_norm(grads, self._clip_norm)
        owners = [self.owner(variable) for variable in variables]
        for member in self._members:
            member.optimizer.apply(
                _of(member, grads, owners), _of(member, variables, owners)
            )
        self._iterations.assign_add(1)

    @property
    def learning_rate(self) -> keras.Variable:
        """What all learning rates have been multiplied by; 1 at the start."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        change = float(value) / float(self._learning_rate.value)
        for member in self._members:
            own = float(member.optimizer.learning_rate.value)
            member.optimizer.learning_rate = own * change
        self._learning_rate.assign(value)


def _of(
    member: _Member, items: Sequence[Any], owners: Sequence[SparseOptimizer]
) -> list[Any]:
    """The items whose owner is the member's optimizer."""
    pairs = zip(items, owners, strict=True)
    return [item for item, owner in pairs if owner is member.optimizer]
