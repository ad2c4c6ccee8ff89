"""The ExampleValidator on statistics of small tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.types import artifact_utils, standard_artifacts

from components.example_validator.executor import ExampleValidatorExecutor
from components.schema_gen.infer import infer_schema
from config.errors import ConfigError, GateError, InputError
from config.evaluation import Severities, Skew
from config.parts import ExampleValidatorPart

from ..artifacts import artifact, schema, statistics, statistics_of

TRAIN = pd.DataFrame({"city": ["a", "b"] * 50, "age": [20.0, 60.0] * 50})
SAME = pd.DataFrame({"city": ["b", "a"] * 50, "age": [60.0, 20.0] * 50})
# Nine in ten are in one city; all are of the ages seen before.
SHIFTED = pd.DataFrame({"city": ["a"] * 90 + ["b"] * 10, "age": [20.0, 60.0] * 50})
# As of a curated schema, all of whose anomalies are errors.
NOTHING = {"anomalies": None, "drift": {}, "skew": None, "slices": {}, "gated": {}}

Tables = Mapping[str, pd.DataFrame]


class Validator:
    """Runs the executor against a schema inferred from `TRAIN`."""

    def __init__(self, folder: Path):
        self._folder = folder
        kind = standard_artifacts.ExampleAnomalies
        self.anomalies = artifact(kind, folder / "anomalies")

    def run(
        self,
        tables: Tables,
        previous: Tables | None = None,
        serving: Tables | None = None,
        **part: Any,
    ) -> None:
        inferred = infer_schema(statistics_of(TRAIN))
        inputs = {
            "statistics": [statistics(self._folder / "statistics", tables)],
            "schema": [schema(self._folder / "schema", inferred)],
        }
        if previous is not None:
            found = statistics(self._folder / "previous", previous)
            inputs["previous_statistics"] = [found]
        if serving is not None:
            found = statistics(self._folder / "serving", serving)
            inputs["serving_statistics"] = [found]
        parameters = ExampleValidatorPart(**{**NOTHING, **part})
        ExampleValidatorExecutor().Do(
            inputs,
            {"anomalies": [self.anomalies]},
            {"part": parameters.model_dump_json()},
        )

    def failure(self, *arguments: Any, **part: Any) -> str:
        """What a person is told, in one line."""
        with pytest.raises(GateError) as caught:
            self.run(*arguments, **part)
        message = str(caught.value)
        assert len(message.splitlines()) == 1
        return message

    def recorded(self, split: str) -> anomalies_pb2.Anomalies:
        """The anomalies on disk."""
        path = Path(self.anomalies.uri, f"Split-{split}", "SchemaDiff.pb")
        return anomalies_pb2.Anomalies.FromString(path.read_bytes())


@pytest.fixture
def validator(tmp_path: Path) -> Validator:
    return Validator(tmp_path)


def test_examples_that_fit_pass(validator: Validator):
    validator.run({"train": TRAIN, "eval": SHIFTED})
    assert artifact_utils.decode_split_names(validator.anomalies.split_names) == [
        "eval",
        "train",
    ]
    for split in ("train", "eval"):
        assert not validator.recorded(split).anomaly_info


def test_unexpected_value_is_told_with_split_feature_and_share(validator: Validator):
    unexpected = pd.DataFrame({"city": ["a", "b", "b", "Rome"] * 25, "age": 20.0})
    message = validator.failure({"train": TRAIN, "eval": unexpected})
    assert "eval: feature 'city'" in message
    assert "Rome (~25%)" in message


def test_anomalies_are_recorded_before_the_run_stops(validator: Validator):
    unexpected = SAME.assign(city="Rome")
    validator.failure({"train": unexpected, "eval": SAME})
    assert "city" in validator.recorded("train").anomaly_info
    assert not validator.recorded("eval").anomaly_info


def test_all_anomalies_are_told(validator: Validator):
    wrong = pd.DataFrame({"city": ["Rome"] * 100, "new": [1.0] * 100})
    message = validator.failure({"train": wrong})
    assert "train: feature 'age': Column is completely missing; " in message
    assert "train: feature 'city': Examples contain values missing" in message
    assert "train: feature 'new': New column" in message


def test_drift_beyond_the_threshold_is_told_with_figures(validator: Validator):
    message = validator.failure(
        {"train": SHIFTED}, previous={"train": TRAIN}, drift={"city": 0.1}
    )
    # Of (0.9, 0.1) and (0.5, 0.5), in bits.
    assert "train: feature 'city': " in message
    assert "between current and previous is 0.14679" in message
    assert "above the threshold 0.1" in message


BEFORE = {"previous": {"train": TRAIN, "eval": TRAIN}}
SERVED = {"serving": {"serving": SHIFTED}}


@pytest.mark.parametrize(
    ("tables", "compared"),
    [
        # The drift and the skew of SHIFTED are 0.147.
        ({"train": SHIFTED}, {**BEFORE, "drift": {"city": 0.2}}),
        (
            {"train": TRAIN},
            {**SERVED, "skew": Skew(pattern="log*", thresholds={"city": 0.2})},
        ),
        # Drift is of the training split only, and from a run before.
        ({"train": SAME, "eval": SHIFTED}, {**BEFORE, "drift": {"city": 0.0001}}),
        ({"train": SHIFTED}, {"drift": {"city": 0.0001}}),
    ],
)
def test_drift_and_skew_within_their_thresholds_pass(
    validator: Validator, tables: Tables, compared: dict[str, Any]
):
    validator.run(tables, **compared)


def test_numeric_drift_is_told(validator: Validator):
    message = validator.failure(
        {"train": SAME.assign(age=20.0)},
        previous={"train": TRAIN},
        drift={"age": 0.1, "city": 0.1},
    )
    assert "feature 'age'" in message
    assert "feature 'city'" not in message


def test_skew_beyond_the_threshold_is_told(validator: Validator):
    message = validator.failure(
        {"train": TRAIN},
        serving={"serving": SHIFTED},
        skew=Skew(pattern="log*", thresholds={"city": 0.1}),
    )
    assert "train: feature 'city': " in message
    assert "between training and serving is 0.14679" in message


def test_threshold_of_a_feature_that_the_schema_lacks_is_told(validator: Validator):
    with pytest.raises(InputError, match=r"features\.user: the schema has no such"):
        validator.run({"train": TRAIN}, drift={"user": 0.1})


def test_severities_of_an_inferred_schema_decide_on_the_run(validator: Validator):
    tables = {"train": TRAIN, "eval": SAME.assign(city=["a", "b", "b", "Rome"] * 25)}
    validator.run(tables, anomalies=Severities())
    (info,) = validator.recorded("eval").anomaly_info.values()
    assert info.severity == anomalies_pb2.AnomalyInfo.WARNING

    message = validator.failure(tables, anomalies=Severities(new_values="error"))
    assert "eval: feature 'city'" in message
    assert "'Rome' (25%)" in message
    assert "validation.anomalies" in message


def test_drift_stays_an_error_whatever_the_severities(validator: Validator):
    message = validator.failure(
        {"train": SHIFTED},
        previous={"train": TRAIN},
        anomalies=Severities(new_values="ignore", new_types="ignore"),
        drift={"city": 0.1},
    )
    assert "feature 'city'" in message


def test_slice_that_occurs_nowhere_stops_the_run(validator: Validator):
    part = {"slices": {"evaluation.slices[0]": ("city",)}}
    tables = {"train": TRAIN, "eval": SAME}
    validator.run(tables, **part, gated={"gates[0].slice": {"city": "b"}})
    with pytest.raises(ConfigError, match=r"^gates\[0\]\.slice\.city: got 'Rome'"):
        validator.run(tables, **part, gated={"gates[0].slice": {"city": "Rome"}})
