"""The report of a small run, from its artifacts."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from tfx.types import standard_artifacts

from components.evaluation_report.changes import Change
from components.evaluation_report.collect.report import report_on_data
from components.evaluation_report.content import read_content
from components.evaluation_report.executor import EvaluationReportExecutor
from components.evaluation_report.part import EvaluationReportPart
from components.shared.artifacts import HtmlReport
from config.metadata import Metadata
from config.serving import Serving
from serving.releases.records import ReleaseRecord

from ..artifacts import artifact, release, schema, statistics, statistics_of
from .conftest import INFRA

CODES = {"Trainer": "0123456789abcdef"}


@pytest.fixture(scope="module")
def data(tiny, tmp_path_factory, write_records):
    """The artifacts of the examples."""
    folder = tmp_path_factory.mktemp("data")
    rows = [
        {name: (values or [None])[0] for name, values in row.items()}
        for row in tiny.rows
    ]
    table = pd.DataFrame(rows)
    for split in ("train", "eval"):
        write_records(
            folder / f"examples/Split-{split}/a.gz", tiny.as_examples(tiny.rows)
        )
    examples = artifact(standard_artifacts.Examples, folder / "examples")
    examples.split_names = '["eval", "train"]'
    examples.set_string_custom_property(
        "input_fingerprint",
        "split:train,num_files:3,total_bytes:120,checksum:79\n"
        "split:eval,num_files:1,total_bytes:40,checksum:88",
    )
    inferred = tfdv.infer_schema(statistics_of(table), infer_feature_shape=False)
    return {
        "examples": [examples],
        "statistics": [
            statistics(folder / "statistics", {"train": table, "eval": table})
        ],
        "schema": [schema(folder / "schema", inferred)],
    }


@pytest.fixture
def run(tiny, tiny_models, data, make_report, tmp_path):
    """Writes the report of a run, with some more artifacts."""
    measured = make_report()
    (tmp_path / "evaluation").mkdir()
    measured.evaluation.write(str(tmp_path / "evaluation"))
    measured.curves.write(str(tmp_path / "evaluation"))
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/training.json").write_text(measured.training.model_dump_json())
    inputs = {
        **data,
        "model": [artifact(standard_artifacts.Model, tiny_models("wide_deep").uri)],
        "model_run": [artifact(standard_artifacts.ModelRun, tmp_path / "logs")],
        "evaluation": [
            artifact(standard_artifacts.ModelEvaluation, tmp_path / "evaluation")
        ],
    }

    def _run(name, config=tiny.config, **others):
        report = artifact(HtmlReport, tmp_path / name)
        EvaluationReportExecutor().Do(
            {**inputs, **others},
            {"report": [report]},
            {
                "part": EvaluationReportPart.of(config).model_dump_json(),
                "codes": json.dumps(CODES),
            },
        )
        return Path(report.uri)

    return _run, measured


def released(report):
    """The artifact of a release whose run left a report."""
    record = ReleaseRecord(status="released", digest="abc", version=17, report=report)
    return [release(record)]


def test_a_report_has_what_the_components_found(run, tiny):
    write, measured = run
    folder = write("report")
    report = read_content(str(folder))
    assert "city=Rome" in (folder / "report.html").read_text()

    assert (report.name, report.model) == ("tiny", "wide_deep")
    assert report.evaluation == measured.evaluation
    assert report.curves == measured.curves
    assert report.training == measured.training
    assert report.data.examples == {"eval": 400, "train": 400}
    assert report.importances.examples == 400
    assert {each.feature for each in report.importances.features} == set(
        tiny.config.features
    )
    assert report.wide_weights.heaviest
    assert report.lineage.baseline is None
    assert report.lineage.code == CODES
    assert report.lineage.seeds == {"training": 1}
    assert report.lineage.packages["tfx"].startswith("1.")
    (train, evaluated) = report.lineage.sources
    assert (train.split, train.files, train.bytes) == ("train", 3, 120)
    assert (train.checksum, evaluated.split) == ("79", "eval")


def test_infra_validation_is_part_of_the_report(run, tmp_path):
    write, _ = run
    assert read_content(str(write("without"))).infra is None

    blessing = artifact(standard_artifacts.InfraBlessing, tmp_path / "infra")
    INFRA.write(blessing.uri)
    assert read_content(str(write("with", infra_blessing=[blessing]))).infra == INFRA


def test_changes_since_the_baseline_are_listed(run, tiny):
    write, _ = run
    before = write("before")
    training = tiny.config.training.model_copy(update={"epochs": 7})
    now = tiny.config.model_copy(update={"training": training})
    report = read_content(
        str(write("now", now, baseline_release=released(str(before))))
    )

    assert report.lineage.baseline.version == 17
    assert report.lineage.baseline.changes == (
        Change(key="training.epochs", before="5", now="7"),
    )


@pytest.mark.parametrize("report", ["", "/gone"])
def test_a_baseline_whose_report_is_gone_is_named_all_the_same(run, report):
    write, _ = run
    found = read_content(str(write("now", baseline_release=released(report))))

    baseline = found.lineage.baseline
    assert (baseline.version, baseline.changes) == (17, None)


def test_a_run_that_stopped_has_its_data(tiny, data):
    report = report_on_data(
        data, EvaluationReportPart.of(tiny.config), CODES, "run7", "an anomaly"
    )

    assert (report.run_id, report.stopped_by) == ("run7", "an anomaly")
    assert report.evaluation is None
    assert [each.name for each in report.data.features] == sorted(tiny.rows[0])


def test_paths_and_runners_are_no_part_of_a_report(tiny):
    elsewhere = {
        "metadata": Metadata(mysql="mysql://me:secret@host/db"),
        "beam": {"runner": "X"},
        "serving": Serving(port=1),
    }
    config = tiny.config.model_copy(update=elsewhere)
    part = EvaluationReportPart.of(config)

    assert part == EvaluationReportPart.of(tiny.config)
    assert "me:secret" not in part.model_dump_json()
    assert not {*elsewhere, "kubeflow", "release"} & part.shown().keys()


def test_a_password_is_not_shown(tiny):
    root = "hdfs://me:secret@host/ads"
    examples = tiny.config.examples.model_copy(update={"root": root})
    config = tiny.config.model_copy(update={"examples": examples})

    shown = EvaluationReportPart.of(config).shown()
    assert shown["examples"]["root"] == "hdfs://me:***@host/ads"
