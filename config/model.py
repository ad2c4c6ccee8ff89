"""The models: one block of settings for each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from config.base import Block, Fraction, NonNegativeFloat, PositiveFloat
from config.base import PositiveInt as Units
from config.errors import close_to

EmbeddingSize = Annotated[int, Field(ge=1)] | Literal["6n^0.25", "n^0.25"]
SequencePooling = Literal["mean", "attention"]
Activation = Literal["relu", "gelu", "silu", "tanh", "prelu", "dice"]
Dropout = Annotated[Fraction, Field(lt=1.0)]


class Linear(Block):
    """Logistic regression on ids and numbers, without crosses, trained by FTRL.

    Attributes:
      wide_learning_rate: FTRL's learning rate.
      wide_l1: FTRL's L1 strength; a higher one gives a sparser wide part.
      wide_l2: FTRL's L2 strength.
    """

    wide_learning_rate: PositiveFloat = 0.2
    wide_l1: NonNegativeFloat = 0.001
    wide_l2: NonNegativeFloat = 0.001


class Deep(Block):
    """Base class of the settings of models with embeddings.

    Attributes:
      dropout: Share of each hidden layer's units dropped in training.
      batch_norm: Batch normalisation of the numbers that enter, and after each
        hidden layer.
      embedding_l2: L2 on the embedding tables. A step regularises the rows that its
        batch looks up, by the inverse of how often they are, so that the mean over an
        epoch is the L2 of the whole tables in each step: rare ids are held close to 0.
        AdaGrad, which lowers its rates by all gradients, learns less with it.
      kernel_l2: L2 on the kernels of the hidden layers.
      sequence_pooling: Pooling of the vectors of a sequence: their `mean`, or by
        `attention` a sum that the feature weighs that the sequence is like.
      attention_units: Sizes of the hidden layers of the attention.
      attention_softmax: Normalises the attention weights of a sequence to a sum of 1.
      optimizer: Optimizer of embeddings and layers; both update only the rows that a
        batch looks up.
      learning_rate: The optimizer's learning rate.
    """

    dropout: Dropout = 0.2
    batch_norm: bool = True
    embedding_l2: NonNegativeFloat = 2e-3
    kernel_l2: NonNegativeFloat = 1e-5
    sequence_pooling: SequencePooling = "mean"
    attention_units: tuple[Units, ...] = (36,)
    attention_softmax: bool = False
    optimizer: Literal["adagrad", "adam"] = "adam"
    learning_rate: PositiveFloat = 1e-3


class Mlp(Deep):
    """A multi-layer perceptron.

    Attributes:
      hidden_units: Sizes of the hidden layers.
      activation: Activation of each hidden layer.
    """

    hidden_units: tuple[Units, ...] = (256, 128, 64)
    activation: Activation = "relu"


class WideDeep(Mlp, Linear):
    """Wide&Deep (Cheng et al. 2016): a sparse linear part beside an MLP."""

    wide_learning_rate: PositiveFloat = 0.05
    kernel_l2: NonNegativeFloat = 0.0


class EmbeddingMlp(Mlp):
    """Embedding+MLP: embeddings and numerics, concatenated, into an MLP."""

    dropout: Dropout = 0.3


class Din(EmbeddingMlp):
    """Deep Interest Network (Zhou et al. 2018): attention to sequences, and Dice."""

    sequence_pooling: SequencePooling = "attention"
    activation: Activation = "dice"


class DeepCrossing(Deep):
    """Deep Crossing (Shan et al. 2016): residual units on stacked embeddings.

    Attributes:
      residual_units: Sizes of the inner layers of the residual units.
    """

    residual_units: tuple[Units, ...] = (256, 128, 64)


class DeepFm(Mlp, Linear):
    """DeepFM (Guo et al. 2017): a factorisation machine beside an MLP."""

    wide_learning_rate: PositiveFloat = 0.05


class DcnV2(Mlp):
    """DCN-v2 (Wang et al. 2021): matrix cross layers beside an MLP.

    Attributes:
      cross_layers: Number of cross layers.
    """

    cross_layers: Annotated[int, Field(ge=1)] = 2


class Model(Block):
    """Choice of the model, and the settings of all kinds.

    Every kind has a block of its own, so that `--set model.kind=...` alone switches;
    the Trainer reads the block of the chosen kind only.

    Attributes:
      kind: The model to train.
      embedding_size: Length of the embedding vectors: a number, or a rule on the
        number n of ids of each feature.
      linear: Settings of `kind: linear`; each further block has its kind's name.
    """

    kind: str = "wide_deep"
    embedding_size: EmbeddingSize = 16
    linear: Linear = Linear()
    wide_deep: WideDeep = WideDeep()
    embedding_mlp: EmbeddingMlp = EmbeddingMlp()
    deep_crossing: DeepCrossing = DeepCrossing()
    deepfm: DeepFm = DeepFm()
    dcn_v2: DcnV2 = DcnV2()
    din: Din = Din()

    @field_validator("kind")
    @classmethod
    def _has_a_block(cls, kind: str) -> str:
        if kind not in cls.kinds():
            allowed = ", ".join(cls.kinds())
            close = close_to(str(kind), cls.kinds())
            raise ValueError(f"got {kind!r}; allowed: {allowed}{close}")
        return kind

    @field_validator("embedding_size")
    @classmethod
    def _fits_the_kind(cls, size: EmbeddingSize, info: ValidationInfo) -> EmbeddingSize:
        if info.data.get("kind") == "deepfm" and isinstance(size, str):
            raise ValueError(
                f"got {size!r}; deepfm multiplies the embeddings of any two features, "
                "so it wants one size for all: give a number"
            )
        return size

    @classmethod
    def kinds(cls) -> list[str]:
        """The kinds of models: the fields that hold a block."""
        return [name for name in cls.model_fields if _is_kind(name)]

    @property
    def settings(self) -> Block:
        """The block of the chosen kind."""
        block: Block = getattr(self, self.kind)
        return block

    def with_values(self, values: Mapping[str, Any]) -> Model:
        """The model with other values of `embedding_size` or of its kind's settings."""
        data = self.model_dump()
        for name, value in values.items():
            block = data if name == "embedding_size" else data[self.kind]
            block[name] = value
        return Model.model_validate(data)


def _is_kind(field: str) -> bool:
    return field not in ("kind", "embedding_size")
