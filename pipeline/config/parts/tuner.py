"""What the Tuner reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.config.base import Block
from pipeline.config.parts.trainer import TrainerPart
from pipeline.config.training import Training
from pipeline.config.tuning import Tuning

if TYPE_CHECKING:
    from pipeline.config.root import Config

# Several devices learn what one does; a start from the weights of another model would
# put its size of the embeddings ahead of the others.
_OF_THE_TRAINER_ONLY = {"distribution", "warm_start", "export_embeddings"}


class TunerPart(Block):
    """What the Tuner reads: a training to vary, and what is varied.

    The training has the epochs and the seed of the tuning, and nothing of what only
    the Trainer does: a change there is no reason to search anew.
    """

    trainer: TrainerPart
    tuning: Tuning

    @classmethod
    def of(cls, config: Config, tuning: Tuning) -> TunerPart:
        """The part of a configuration."""
        learning = config.training.model_dump(exclude=_OF_THE_TRAINER_ONLY)
        learning |= {"epochs": tuning.epochs, "seed": tuning.seed}
        training = Training.model_validate(learning)
        trainer = TrainerPart.of(config.model_copy(update={"training": training}))
        return cls(trainer=trainer, tuning=tuning)
