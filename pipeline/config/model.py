"""The models and how they are trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.base import Block, Fraction, NonNegativeFloat, PositiveFloat
from pipeline.config.base import PositiveInt as Units

EmbeddingSize = Annotated[int, Field(ge=1)] | Literal["6n^0.25", "n^0.25"]
Dropout = Annotated[float, Field(ge=0.0, lt=1.0)]


class WideDeep(Block):
    """Wide&Deep (Cheng et al. 2016): a sparse linear part beside an MLP.

    Attributes:
      hidden_units: Sizes of the deep part's layers.
      dropout: Share of each hidden layer's units dropped in training.
      batch_norm: Batch normalisation after each hidden layer.
      embedding_l2: L2 on the embeddings looked up in a batch.
      wide_learning_rate: FTRL's learning rate.
      wide_l1: FTRL's L1 strength; a higher one gives a sparser wide part.
      wide_l2: FTRL's L2 strength.
      deep_learning_rate: The deep optimizer's learning rate.
      deep_optimizer: What trains the deep part.
    """

    hidden_units: tuple[Units, ...] = (256, 128, 64)
    dropout: Dropout = 0.2
    batch_norm: bool = True
    embedding_l2: NonNegativeFloat = 1e-6
    wide_learning_rate: PositiveFloat = 0.05
    wide_l1: NonNegativeFloat = 0.001
    wide_l2: NonNegativeFloat = 0.001
    deep_learning_rate: PositiveFloat = 0.05
    deep_optimizer: Literal["adagrad", "adam"] = "adagrad"


class EmbeddingMlp(Block):
    """Embedding+MLP: embeddings and numerics, concatenated, into an MLP.

    Attributes:
      hidden_units: Sizes of the layers.
      dropout: Share of each hidden layer's units dropped in training.
      batch_norm: Batch normalisation after each hidden layer.
      embedding_l2: L2 on the embeddings looked up in a batch.
      kernel_l2: L2 on the kernels of the hidden layers.
      learning_rate: Adam's learning rate.
    """

    hidden_units: tuple[Units, ...] = (256, 128, 64)
    dropout: Dropout = 0.3
    batch_norm: bool = True
    embedding_l2: NonNegativeFloat = 1e-6
    kernel_l2: NonNegativeFloat = 1e-5
    learning_rate: PositiveFloat = 1e-3


class Model(Block):
    """Which model is trained.

    Every kind has a block of its own, so that `--set model.kind=...` alone switches;
    the Trainer reads the block of the chosen kind only.

    Attributes:
      kind: The model to train.
      embedding_size: Length of the embedding vectors: a number, or a rule on the
        number n of ids of each feature.
      wide_deep: Settings of `kind: wide_deep`.
      embedding_mlp: Settings of `kind: embedding_mlp`.
    """

    kind: Literal["wide_deep", "embedding_mlp"] = "wide_deep"
    embedding_size: EmbeddingSize = 16
    wide_deep: WideDeep = WideDeep()
    embedding_mlp: EmbeddingMlp = EmbeddingMlp()

    @property
    def settings(self) -> WideDeep | EmbeddingMlp:
        """The block of the chosen kind."""
        block: WideDeep | EmbeddingMlp = getattr(self, self.kind)
        return block


class Training(Block):
    """How the model is trained.

    Attributes:
      epochs: Most passes over the training split.
      batch_size: Examples in a training step.
      validation_fraction: Share of the training split that is held out for early
        stopping, so that the eval split stays unseen until the Evaluator.
      patience: Epochs without a better validation AUC before training stops; the
        best epoch's weights are kept.
      seed: Seed of initial weights, dropout and shuffling.
    """

    epochs: Units = 10
    batch_size: Units = 512
    validation_fraction: Annotated[Fraction, Field(gt=0.0, le=0.5)] = 0.1
    patience: Units = 2
    seed: int = 1
