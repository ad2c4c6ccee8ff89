"""Content of a report, before it becomes a page."""

from __future__ import annotations

import os
from typing import Any, Literal

import pydantic
from tfx.dsl.io import fileio

from components.evaluation_report.changes import Change
from components.evaluation_report.files import CONTENT_FILE
from components.evaluator.curves import Curves
from components.evaluator.record import Evaluation
from components.example_validator.record import Anomaly
from components.infra_validator.record import InfraRecord
from components.shared.artifact_file import ArtifactFile
from config.errors import InputError
from config.spans import RunSpans
from trainer.export.record import TrainingRecord


class Content(pydantic.BaseModel):
    """A part of a report."""

    model_config = pydantic.ConfigDict(frozen=True, protected_namespaces=())


class FeatureStatistics(Content):
    """A feature of the examples.

    Attributes:
      name: The feature.
      type: Of its values in the training split; `unknown` where it has none.
      missing: Share of the examples without a value, by split.
      distinct: Number of distinct values of a text.
      words: Description of its values in the training split.
      bars: Their histogram, as shares of the highest bar.
    """

    name: str
    type: Literal["number", "text", "unknown"]
    missing: dict[str, float]
    distinct: int | None
    words: str
    bars: tuple[float, ...]

    def lacks_values(self, split: str) -> bool:
        """Returns True if no example of a split has a value."""
        return self.missing.get(split) == 1.0


class Histograms(Content):
    """The values of a feature in two sets of examples.

    Attributes:
      labels: The most frequent values, or ranges of numbers.
      now: Share of the examples to train on, for each label.
      then: Share of those that they are compared with.
    """

    labels: tuple[str, ...]
    now: tuple[float, ...]
    then: tuple[float, ...]


class Distance(Content):
    """Distance of the training examples from others.

    Attributes:
      feature: The feature.
      kind: `drift` from earlier examples, or `skew` against what was served.
      value: The Jensen-Shannon divergence, from 0 (the same) to 1.
      allowed: The largest that the configuration allows, if it says so.
      histograms: The distributions that were compared.
    """

    feature: str
    kind: Literal["drift", "skew"]
    value: float
    allowed: float | None
    histograms: Histograms


class Data(Content):
    """The examples.

    Attributes:
      examples: Number of examples by split.
      features: Their features.
      anomalies: Deviations from the schema.
      distances: Drift and skew, the largest first.
    """

    examples: dict[str, int]
    features: tuple[FeatureStatistics, ...]
    anomalies: tuple[Anomaly, ...]
    distances: tuple[Distance, ...]


class Importance(Content):
    """Permutation importance of a feature: the loss when its values are shuffled.

    Attributes:
      feature: The feature.
      auc_loss: AUC before less AUC after; the mean of several shuffles.
      lowest: The smallest of them.
      highest: The largest of them.
      log_loss_rise: Log loss after less log loss before; the mean.
    """

    feature: str
    auc_loss: float
    lowest: float
    highest: float
    log_loss_rise: float


class Importances(Content):
    """The permutation importance of all features.

    Attributes:
      examples: Size of the sample of the eval split.
      shuffles: Number of shuffles of each feature.
      auc: AUC on the sample.
      features: The features, the most important first.
    """

    examples: int
    shuffles: int
    auc: float
    features: tuple[Importance, ...]


class Ablation(Content):
    """A model that was trained anew without a feature.

    Attributes:
      feature: The feature that was left out.
      columns: The columns that it lacks: all that Transform makes of the feature.
      auc: Its AUC on the eval split.
      auc_change: AUC minus the AUC with all features.
      log_loss: Its log loss on the eval split.
      log_loss_change: Log loss minus the log loss with all features.
    """

    feature: str
    columns: tuple[str, ...]
    auc: float
    auc_change: float
    log_loss: float
    log_loss_change: float


class Ablations(Content):
    """Value of the features: the loss when a model is trained without them.

    Attributes:
      examples: Number of examples in the eval split.
      auc: AUC of the model trained anew with all features.
      log_loss: Its log loss.
      features: The models without one, the largest loss of AUC first.
    """

    examples: int
    auc: float
    log_loss: float
    features: tuple[Ablation, ...]


class WideWeight(Content):
    """A weight of the wide part.

    Attributes:
      column: The feature or cross.
      term: Term of the weight.
      weight: Summand of the log odds of a click.
      share: Share of the sampled examples that have it.
    """

    column: str
    term: str
    weight: float
    share: float


class WideWeights(Content):
    """The heaviest weights of the wide part.

    Attributes:
      examples: Size of the sample of the eval split.
      ids: Number of weights that occur in it.
      heaviest: The weights furthest from 0.
    """

    examples: int
    ids: int
    heaviest: tuple[WideWeight, ...]


class AttendedItem(Content):
    """A past item.

    Attributes:
      item: The item.
      times: How often it is in the sequence.
      age: Number of items from its last occurrence to the end of the sequence: 1 for
        the most recent one.
      weight: Its attention weight, summed over its occurrences.
    """

    item: str
    times: int
    age: int
    weight: float


class AttendedExample(Content):
    """An example, and the past items that counted for its prediction.

    Attributes:
      prediction: The probability of a click.
      clicked: The label.
      target: The value that the model predicts for.
      length: Number of past items.
      items: The items with the largest weights, the largest first.
    """

    prediction: float
    clicked: bool
    target: str
    length: int
    items: tuple[AttendedItem, ...]


class Attention(Content):
    """Attention of a model to a sequence, in a few examples.

    Attributes:
      feature: The sequence.
      like: The feature of the target.
      examples: The examples, the lowest prediction first.
    """

    feature: str
    like: str
    examples: tuple[AttendedExample, ...]


class Source(Content):
    """The files that a split was read from.

    Attributes:
      split: The split.
      pattern: The glob that names them.
      files: Number of files.
      bytes: Their size.
      checksum: Of their names, sizes and times of change.
    """

    split: str
    pattern: str
    files: int
    bytes: int
    checksum: str


class Baseline(Content):
    """The model that a candidate is compared with.

    Attributes:
      version: The version that serves it.
      changes: Differences of the configuration; None where they are not known.
    """

    version: int
    changes: tuple[Change, ...] | None


class Lineage(Content):
    """Lineage of the candidate.

    Attributes:
      sources: The files of the examples.
      spans: Spans of the examples, if any.
      schema_text: The schema, as text proto.
      schema_origin: Origin of the schema, in words.
      config: The configuration.
      baseline: The model released last, if there is one.
      code: Fingerprint of the code of each component.
      packages: Versions of what was installed.
      seeds: Seeds of what is random.
    """

    sources: tuple[Source, ...]
    spans: RunSpans | None = None
    schema_text: str
    schema_origin: str
    config: dict[str, Any]
    baseline: Baseline | None
    code: dict[str, str]
    packages: dict[str, str]
    seeds: dict[str, int]


class Report(Content, ArtifactFile):
    """All that is shown of a run.

    Attributes:
      name: Names the pipeline.
      run_id: The run that measured it; an unchanged rerun shows the same report.
      made: Time of the report, in ISO 8601.
      model: The kind of model.
      stopped_by: Why the run ended before there was a model, if it did.
      evaluation: Metrics and gates.
      infra: Result of the InfraValidator; None without one.
      curves: Curves by slice.
      training: Record of the training.
      importances: Permutation importance of the features.
      importances_problem: Why that is not known.
      wide_weights: Weights of the wide part; None without one.
      attention: Attention to each sequence; empty without any.
      ablations: Result of `ctr ablate`; None without one.
      data: The examples.
      lineage: Lineage of the model.
    """

    FILE = CONTENT_FILE

    name: str
    run_id: str
    made: str
    model: str
    stopped_by: str | None = None
    evaluation: Evaluation | None = None
    infra: InfraRecord | None = None
    curves: Curves | None = None
    training: TrainingRecord | None = None
    importances: Importances | None = None
    importances_problem: str | None = None
    wide_weights: WideWeights | None = None
    attention: tuple[Attention, ...] = ()
    ablations: Ablations | None = None
    data: Data
    lineage: Lineage


def read_content(folder: str) -> Report:
    """Reads the report in a folder.

    Raises:
      InputError: There is none, or one of another version of this package.
    """
    path = os.path.join(folder, CONTENT_FILE)
    if not fileio.exists(path):
        raise InputError(f"{folder}: this run has no report; run `ctr run` again")
    try:
        return Report.read(folder)
    except pydantic.ValidationError as error:
        raise InputError(
            f"{path}: written by another version of this package; run `ctr run` with "
            "this one"
        ) from error
