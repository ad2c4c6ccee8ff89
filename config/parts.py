"""Parts of the configuration, one for each component: the blocks it reads, and no more.

A part goes to its component as JSON and is in TFX's cache key, so a change of one
block re-runs what reads that block.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from config.base import Block
from config.calibration import Calibration
from config.evaluation import Gate, OnBaselineProblem, Severities, Skew
from config.examples import CsvFormat, FileFormat, HashSplit, Label, TimeSplit
from config.features import Cross, Features, RawColumn, raw_columns
from config.model import EmbeddingSize, Model
from config.release import InfraValidation
from config.serving import Batching
from config.training import Training
from config.tuning import BATCH_SIZE, Tuning

if TYPE_CHECKING:
    from config.root import Config


class ExampleGenPart(Block):
    """Configuration of ExampleGen: see `Examples`.

    Attributes:
      columns: The columns that become features of the examples.
      label: The label; None for examples without one.
    """

    format: FileFormat
    csv: CsvFormat = CsvFormat()
    missing_values: tuple[str, ...]
    columns: dict[str, RawColumn]
    label: Label | None
    hash_split: HashSplit | None = None
    time_split: TimeSplit | None = None

    @property
    def splits_rows(self) -> bool:
        """True if rows of one file fall into several splits."""
        return self.hash_split is not None or self.time_split is not None

    @classmethod
    def of(cls, config: Config) -> ExampleGenPart:
        """The part for the examples to train and evaluate on."""
        examples = config.examples
        return cls(
            format=examples.format,
            csv=examples.csv,
            missing_values=examples.missing_values,
            columns={
                **raw_columns(config.features),
                **{name: RawColumn(type="string") for name in examples.extra_columns},
            },
            label=config.label,
            hash_split=examples.hash_split,
            time_split=examples.time_split,
        )

    @classmethod
    def of_serving_examples(cls, config: Config) -> ExampleGenPart:
        """The part for examples logged while serving, which have no label."""
        update = {"columns": raw_columns(config.features), "label": None}
        update |= dict.fromkeys(("hash_split", "time_split"))
        return cls.of(config).model_copy(update=update)


class ExampleValidatorPart(Block):
    """Configuration of the ExampleValidator: see `Validation`.

    Attributes:
      anomalies: None for a curated schema.
      slices: Columns of slices, by key path.
      gated: Values of the slices that gates name, by key path.
    """

    anomalies: Severities | None
    drift: dict[str, float]
    skew: Skew | None
    slices: dict[str, tuple[str, ...]]
    gated: dict[str, dict[str, str]]

    @classmethod
    def of(cls, config: Config) -> ExampleValidatorPart:
        """The part of a configuration."""
        validation = config.validation
        return cls(
            anomalies=None if validation.schema_file else validation.anomalies,
            drift=validation.drift,
            skew=validation.skew,
            slices={
                f"evaluation.slices[{index}]": columns
                for index, columns in enumerate(config.evaluation.slices)
            },
            gated={
                f"gates[{index}].slice": gate.slice
                for index, gate in enumerate(config.gates)
                if gate.slice is not None
            },
        )


class TransformPart(Block):
    """Configuration of Transform."""

    features: Features
    crosses: tuple[Cross, ...]
    label: str

    @classmethod
    def of(cls, config: Config) -> TransformPart:
        """The part of a configuration."""
        return cls(
            features=config.features, crosses=config.crosses, label=config.label.name
        )


class TrainerPart(TransformPart):
    """Configuration of the Trainer, with the settings of the chosen model only."""

    model: str
    embedding_size: EmbeddingSize
    settings: dict[str, Any]
    training: Training
    calibration: Calibration

    @classmethod
    def of(cls, config: Config) -> TrainerPart:
        """The part of a configuration."""
        return cls(
            **dict(TransformPart.of(config)),
            model=config.model.kind,
            embedding_size=config.model.embedding_size,
            settings=config.model.settings.model_dump(mode="json"),
            training=config.training,
            calibration=config.calibration,
        )

    @property
    def model_settings(self) -> Block:
        """The settings as the block of the chosen model."""
        return Model.model_validate(
            {"kind": self.model, self.model: self.settings}
        ).settings

    def with_values(self, values: Mapping[str, Any]) -> TrainerPart:
        """The part with other values of what the Tuner may vary."""
        part = self.model_dump()
        for name, value in values.items():
            if name == BATCH_SIZE:
                part["training"][name] = value
            elif name == "embedding_size":
                part[name] = value
            else:
                part["settings"][name] = value
        return TrainerPart.model_validate(part)


# Several devices learn what one does; a start from the weights of another model would
# put its size of the embeddings ahead of the others.
_OF_THE_TRAINER_ONLY = {"distribution", "warm_start", "export_embeddings"}


class TunerPart(Block):
    """Configuration of the Tuner: a training, and the settings to vary.

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
        update = {"training": training, "calibration": Calibration()}
        trainer = TrainerPart.of(config.model_copy(update=update))
        return cls(trainer=trainer, tuning=tuning)


class EvaluatorPart(Block):
    """Configuration of the Evaluator."""

    label: str
    slices: tuple[tuple[str, ...], ...]
    thresholds: tuple[float, ...]
    group_by: str | None
    on_baseline_problem: OnBaselineProblem
    gates: tuple[Gate, ...]

    @classmethod
    def of(cls, config: Config) -> EvaluatorPart:
        """The part of a configuration."""
        return cls(
            label=config.label.name,
            gates=config.gates,
            **config.evaluation.model_dump(exclude={"true_probability"}),
        )


class InfraValidatorPart(Block):
    """Configuration of the InfraValidator, with the serving settings that affect it."""

    name: str
    validation: InfraValidation
    batching: Batching | None

    @classmethod
    def of(cls, config: Config, validation: InfraValidation) -> InfraValidatorPart:
        """The part of a configuration."""
        return cls(
            name=config.name, validation=validation, batching=config.serving.batching
        )
