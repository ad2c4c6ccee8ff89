"""Joint optimizer of the parts of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from trainer.optimizers.clipping import clip_by_norm
from trainer.optimizers.sparse import Gradient, SparseOptimizer


@dataclass(frozen=True)
class _Member:
    """An optimizer and the prefix of its variables' paths.

    Keras would track an optimizer that is an attribute, and save its state twice.
    """

    prefix: str
    optimizer: SparseOptimizer


class JointOptimizer(keras.optimizers.Optimizer):
    """Trains each variable by the optimizer with the longest prefix of its path.

    All learn from one forward and one backward pass (Cheng et al. 2016, section 3.3:
    joint training, not an ensemble). Use it where parts of a model need different
    optimizers. Keras's MultiOptimizer, which needs Keras 3.15, has no learning rate
    that callbacks could change, and no global norm.

    >>> from trainer.optimizers.sparse import SparseAdagrad, SparseFtrl
    >>> optimizer = JointOptimizer({"wide.": SparseFtrl(0.1), "deep.": SparseAdagrad()})
    >>> float(optimizer.learning_rate)
    1.0
    """

    def __init__(
        self,
        optimizers: Mapping[str, SparseOptimizer],
        *,
        clip_norm: float | None = None,
    ):
        """Builds the optimizer.

        Args:
          optimizers: Optimizer by prefix of the variables' paths.
          clip_norm: Maximum global gradient norm; None disables clipping.
        """
        super().__init__(learning_rate=1.0, name="joint")
        self._members = [_Member(*each) for each in optimizers.items()]
        self._clip_norm = clip_norm

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Divides the variables among the optimizers.

        Raises:
          ValueError: No prefix matches a variable.
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
        """Returns the optimizer of a variable.

        Raises:
          ValueError: No prefix matches it.
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
        """Applies the gradients by the optimizers.

        Args:
          grads: Gradients, in the order of the variables.
          trainable_variables: Defaults to the variables it was built with.
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
        """Factor of the learning rates of all optimizers, 1 at the start."""
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
    """Returns the items whose owner is the member's optimizer."""
    pairs = zip(items, owners, strict=True)
    return [item for item, owner in pairs if owner is member.optimizer]
