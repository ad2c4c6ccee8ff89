"""The whole configuration, and the checks that span its blocks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Annotated

from pydantic import Field, model_validator

from config.base import Block, Name
from config.beam import Option, check_runner
from config.calibration import Calibration
from config.columns import bucket_name, id_column, missing_name, numeric_columns
from config.errors import close_to
from config.evaluation import Evaluation, Gate, Validation, with_canonical_slices
from config.examples import Examples, Label
from config.features import Categorical, Cross, Features, Hashed, ItemSequence, Numeric
from config.kubeflow import Kubeflow
from config.metadata import Metadata
from config.metrics import GROUP_METRICS
from config.model import Deep, Model
from config.names import as_key, tensor_name
from config.notify import Webhook
from config.release import InfraValidation, Release
from config.serving import Serving
from config.spans import check_glob, check_like
from config.training import Training
from config.tuning import (
    Tuning,
    check_space,
    check_without_sequences,
    default_space,
)


class Config(Block):
    """One click-through-rate problem.

    Attributes:
      name: Names the pipeline, its work directory and the served model.
      examples: Files and splits.
      label: The label to predict.
      features: The features, by column name.
      crosses: Combinations of features; a list of names is short for a cross with
        the default number of buckets.
      model: The model and its settings.
      training: Settings of the training.
      calibration: Correction of the trained model's predictions.
      tuning: A search for better settings of the model before it is trained; None
        for no search.
      validation: Schema and thresholds of the examples.
      evaluation: Metrics and slices.
      gates: Conditions of a release.
      infra_validation: Checks of a candidate on a model server before it may be
        released; None for not at all.
      release: Approval and directory of released models.
      serving: Settings of the model server.
      metadata: Connection to ML Metadata.
      notify: Webhooks that receive the outcome of runs and releases.
      kubeflow: Settings of runs on Kubeflow Pipelines.
      beam: Beam pipeline options, such as `{runner: FlinkRunner}`.
    """

    name: Name
    examples: Examples
    label: Label
    features: Annotated[Features, Field(min_length=1)]
    crosses: tuple[Cross, ...] = ()
    model: Model = Model()
    training: Training = Training()
    calibration: Calibration = Calibration()
    tuning: Tuning | None = None
    validation: Validation = Validation()
    evaluation: Evaluation = Evaluation()
    gates: tuple[Gate, ...] = ()
    infra_validation: InfraValidation | None = InfraValidation()
    release: Release = Release()
    serving: Serving = Serving()
    metadata: Metadata = Metadata()
    notify: tuple[Webhook, ...] = ()
    kubeflow: Kubeflow = Kubeflow()
    beam: dict[str, Option] = {}

    @model_validator(mode="before")
    @classmethod
    def _expand_short_crosses(cls, data: object) -> object:
        if not isinstance(data, dict) or not isinstance(data.get("crosses"), list):
            return data
        crosses = [
            {"features": cross} if isinstance(cross, list) else cross
            for cross in data["crosses"]
        ]
        return {**data, "crosses": crosses}

    @model_validator(mode="after")
    def _names_fit_together(self) -> Config:
        self._check_label()
        self._check_sequences()
        self._check_crosses()
        self._check_column_names()
        self._check_slices()
        self._check_groups()
        self._check_gates()
        if self.tuning is not None:
            check_space(self.tuning.space, self.model)
        self._check_calibration()
        self._check_embeddings()
        self._check_validation()
        if (truth := self.evaluation.true_probability) is not None:
            where = "evaluation.true_probability.pattern"
            check_like(where, truth.pattern, self.examples.spans)
        check_runner(self.beam)
        return self

    @model_validator(mode="after")
    def _space_has_a_default(self) -> Config:
        """Here, and not where it is read, so that a person is shown it."""
        if self.tuning is None or self.tuning.space:
            return self
        space = {"space": default_space(self.model, self.training)}
        return self.model_copy(update={"tuning": self.tuning.model_copy(update=space)})

    @model_validator(mode="after")
    def _slices_have_canonical_values(self) -> Config:
        """Here, and not where they are compared, so that all compare the same text."""
        gates = with_canonical_slices(self.gates, self.features, self.label.name)
        return self.model_copy(update={"gates": gates})

    def _check_label(self) -> None:
        for name in {self.label.column, self.label.name} & set(self.features):
            raise ValueError(
                f"label.column: {name!r} is also a feature: the model would be told "
                "the answer; remove it from 'features'"
            )

    def _check_sequences(self) -> None:
        sequences = {
            name: feature
            for name, feature in self.features.items()
            if isinstance(feature, ItemSequence)
        }
        for name, feature in sequences.items():
            where = f"{_feature_key(name)}.like"
            _check_known(where, [feature.like], self.features)
            like = self.features[feature.like]
            if not isinstance(like, (Categorical, Hashed)):
                raise ValueError(
                    f"{where}: {feature.like!r} is {like.kind}; name a categorical or "
                    "hashed feature, which has the ids of the items"
                )

        if sequences:
            return
        if self.tuning is not None:
            check_without_sequences(self.tuning.space)
        if getattr(self.model.settings, "sequence_pooling", "mean") == "attention":
            kind = self.model.kind
            raise ValueError(
                f"model.kind: {kind} has attention, and there is no sequence for it; "
                "add a feature of 'kind: sequence', or set "
                f"model.{kind}.sequence_pooling to mean"
            )

    def _check_crosses(self) -> None:
        for cross in self.crosses:
            _check_known(f"crosses: {cross.name}", cross.features, self.features)
            for name in cross.features:
                feature = self.features[name]
                if isinstance(feature, Numeric) and not feature.is_bucketized:
                    raise ValueError(
                        f"crosses: {cross.name}: {name!r} is numeric without buckets; "
                        f"give {_feature_key(name)} 'buckets' or 'boundaries'"
                    )
            if len(set(cross.features)) < len(cross.features):
                raise ValueError(f"crosses: {cross.name}: a feature stands twice")

    def _check_column_names(self) -> None:
        """Features, their buckets and indicators, and crosses share one name space."""
        origins = {self.label.name: "the label"}
        for key, title, origin in self._transformed_columns():
            name = tensor_name(title)
            if name in origins:
                raise ValueError(
                    f"{key}: {title!r} would name two columns after Transform: "
                    f"{origins[name]} and {origin}; rename a column in the data, or "
                    "remove one of the two here"
                )
            origins[name] = origin

    def _transformed_columns(self) -> Iterator[tuple[str, str, str]]:
        """The columns that Transform makes: key path, title and origin of each."""
        for name, feature in self.features.items():
            key = _feature_key(name)
            origins = {
                name: key,
                bucket_name(name): f"the buckets of {key}",
                missing_name(name): f"the missing indicator of {key}",
            }
            numbers = numeric_columns({name: feature})
            for column in [id_column(name, self.features), *numbers]:
                if column is not None:
                    yield key, column.title, origins[column.title]
        for index, cross in enumerate(self.crosses):
            yield f"crosses[{index}]", cross.name, f"crosses[{index}]"

    def _check_slices(self) -> None:
        """Checks that the columns of slices are in the examples.

        Taking the columns off the slices instead would make every change of a slice
        read the examples anew, and so retrain.
        """
        kept = self._columns_kept()
        for index, spec in enumerate(self.evaluation.slices):
            _check_kept(f"evaluation.slices[{index}]", spec, kept)
        for name in self.examples.extra_columns:
            if name in self.features or name in (*self.label.columns, self.label.name):
                raise ValueError(
                    f"examples.extra_columns: {name!r} is a feature or the label "
                    "already; remove it there"
                )

    def _columns_kept(self) -> set[str]:
        """The columns that the raw examples have."""
        return {*self.features, *self.examples.extra_columns, self.label.name}

    def _check_groups(self) -> None:
        name = self.evaluation.group_by
        if name is None:
            return
        kept = self._columns_kept() - {self.label.name}
        _check_kept("evaluation.group_by", [name], kept)
        if getattr(self.features.get(name), "many", False):
            raise ValueError(
                f"evaluation.group_by: {name!r} has several values in an example; "
                "group by a column that has one"
            )

    def _check_gates(self) -> None:
        """A gate that cannot pass, or is on slices not computed, is a mistake."""
        computed = {frozenset(spec) for spec in self.evaluation.slices}
        for index, gate in enumerate(self.gates):
            self._check_metric(f"gates[{index}].metric", gate.metric)
            _check_reach(f"gates[{index}]", gate)
            sliced = "every" if gate.slice is None else "slice"
            _check_kept(
                f"gates[{index}].{sliced}", gate.sliced_by, self._columns_kept()
            )
            if gate.sliced_by and frozenset(gate.sliced_by) not in computed:
                raise ValueError(
                    f"gates[{index}]: slices by {list(gate.sliced_by)} are not in "
                    f"evaluation.slices; add {list(gate.sliced_by)} there"
                )

    def _check_metric(self, where: str, metric: str) -> None:
        names = self.evaluation.metrics
        if metric in names:
            return
        allowed = ", ".join(names)
        if metric in GROUP_METRICS:
            allowed += "; for this one set evaluation.group_by"
        elif metric.startswith(("precision_at_", "recall_at_")):
            allowed += "; for others add to evaluation.thresholds"
        raise ValueError(f"{where}: got {metric!r}; allowed: {allowed}")

    def _check_calibration(self) -> None:
        _check_known("calibration.by", self.calibration.by, self.features)
        for name in self.calibration.by:
            column = id_column(name, self.features)
            if column is None:
                raise ValueError(
                    f"calibration.by: {name!r} is numeric without buckets; give "
                    f"{_feature_key(name)} 'buckets' or 'boundaries'"
                )
            if column.multivalued:
                raise ValueError(
                    f"calibration.by: {name!r} has several values in an example; "
                    "calibrate by a feature that has one"
                )

    def _check_embeddings(self) -> None:
        """Features that start from, or leave, vectors have an embedding."""
        start, export = self.training.warm_start, self.training.export_embeddings
        if start is not None and start.vectors:
            where = "training.warm_start.vectors"
            _check_known(where, start.vectors, self.features)
            if not isinstance(self.model.settings, Deep):
                raise ValueError(
                    f"{where}: {self.model.kind} has no embeddings; remove this key, "
                    "or choose another model.kind"
                )
            _check_terms(where, start.vectors, self.features)
        _check_terms("training.export_embeddings", export, self.features)

    def _check_validation(self) -> None:
        _check_known("validation.drift", self.validation.drift, self.features)
        if (skew := self.validation.skew) is not None:
            check_glob("validation.skew.pattern", skew.pattern)
            _check_known("validation.skew.thresholds", skew.thresholds, self.features)


def _feature_key(name: str) -> str:
    return f"features.{as_key(name)}"


def _check_reach(where: str, gate: Gate) -> None:
    if (out := gate.out_of_reach()) is not None:
        key, why = out
        raise ValueError(
            f"{where}.{key}: got {getattr(gate, key)}; no model can meet it: "
            f"{gate.metric} {why}"
        )


def _check_kept(where: str, names: Iterable[str], kept: AbstractSet[str]) -> None:
    for name in names:
        if name not in kept:
            raise ValueError(
                f"{where}: {name!r} is not in the examples; add it to "
                f"'examples.extra_columns', or use one of {sorted(kept)}"
                f"{close_to(name, kept)}"
            )


def _check_known(where: str, names: Iterable[str], features: Features) -> None:
    for name in names:
        if name not in features:
            allowed = ", ".join(sorted(features))
            raise ValueError(f"{where}: unknown feature {name!r}; allowed: {allowed}")


def _check_terms(where: str, names: Collection[str], features: Features) -> None:
    _check_known(where, names, features)
    for name in names:
        if not isinstance(features[name], Categorical):
            raise ValueError(
                f"{where}: {name!r} is {features[name].kind}; only categorical "
                "features have an embedding for each term"
            )
