"""`ctr ablate`, as a person types it."""

from __future__ import annotations

import json
import math
import shutil

import pytest

from components.evaluation_report.content import Ablations
from components.evaluation_report.files import (
    ABLATION_PAGE_FILE,
    CONTENT_FILE,
    PAGE_FILE,
)
from ctr import cli
from pipeline.run.summary import SUMMARY_FILE, Summary

from .conftest import RUN_ID

# Of 150 examples half of which are positive, an AUC by chance is .5, and its standard
# deviation sqrt(151 / (12 * 75 * 75)) = .047.
CHANCE = pytest.approx(0.5, abs=3 * 0.047)


def test_only_the_feature_with_the_signal_is_missed(run, capfd):
    before = [(run.folder / name).read_bytes() for name in (PAGE_FILE, CONTENT_FILE)]
    asked = [run.folder.name, "--features", "price, device,price"]
    assert cli.main(["ablate", *run.options, *asked]) == 0
    lines = capfd.readouterr().out.splitlines()
    written = (run.folder / "ablation.json").read_text()
    found = Ablations.model_validate_json(written)

    assert (found.examples, found.auc) == (150, pytest.approx(1.0, abs=0.01))
    device, price = found.features
    assert (device.feature, device.auc) == ("device", CHANCE)
    assert device.auc_change == device.auc - found.auc
    # Nobody can do better who knows nothing but the mean.
    assert device.log_loss > 0.95 * math.log(2)
    assert device.log_loss_change == device.log_loss - found.log_loss > 0.4
    # Each alone would give the signal away.
    assert device.columns == ("device", "history", "device_x_age", "device_x_tags")
    assert (price.feature, price.columns) == ("price", ("price",))
    assert price.auc_change == pytest.approx(0.0, abs=0.01)
    # The digest of the report names what is approved.
    assert before == [
        (run.folder / name).read_bytes() for name in (PAGE_FILE, CONTENT_FILE)
    ]
    assert f"{device.auc_change:+.4f}" in (run.folder / ABLATION_PAGE_FILE).read_text()

    rows = [line.split("│") for line in lines if "│" in line]
    assert [row[1].strip() for row in rows] == ["(all features)", "device", "price"]
    assert lines[-1] == f"Report: {run.folder / ABLATION_PAGE_FILE}"
    assert not any("epoch" in line for line in lines)
    assert "epoch 1/5" in (run.folder / "ablation.log").read_text()


def test_the_report_as_text(run, capfd):
    assert cli.main(["report", *run.options, "--text"]) == 0
    text = capfd.readouterr().out

    assert f"Run {run.folder.name}: " in text
    assert "whole run" in text


def _one_label(run):
    run.write_split("eval", run.problem.rows[:1])


def _no_training(run):
    other = run.work_dir / "other"
    shutil.copytree(run.folder, other)
    summary = Summary(run_id="other", verdict="blocked", reasons=["anomalies"])
    (other / SUMMARY_FILE).write_text(summary.model_dump_json())
    return ["other"]


def _older_report(run):
    content = json.loads((run.folder / CONTENT_FILE).read_text())
    content["lineage"].pop("seeds")
    (run.folder / CONTENT_FILE).write_text(json.dumps(content))


def _no_report(run):
    (run.folder / CONTENT_FILE).unlink()


def _no_metadata(run):
    (run.work_dir / "metadata.sqlite").unlink()


def _no_examples(run):
    shutil.rmtree(run.work_dir / "examples" / "Split-train")


@pytest.mark.parametrize(
    ("change", "asked", "named"),
    [
        (None, ["--features", "device,town"], "'town'; allowed: device, tags, user"),
        (None, ["--features", ""], "''; allowed: device, tags"),
        (None, ["nonsense"], f"nonsense: no complete run; the latest are: {RUN_ID}"),
        (_no_training, [], "other"),
        (_one_label, [], "label"),
        (_older_report, [], "report.json"),
        (_no_report, [], "report"),
        (_no_metadata, [], "trained no model"),
        (_no_examples, [], RUN_ID),
    ],
)
def test_an_error_is_one_line_and_changes_nothing(change, asked, named, run, capfd):
    asked = (change(run) if change else None) or asked
    page = (run.folder / PAGE_FILE).read_bytes()

    assert cli.main(["ablate", *asked, *run.options]) == 2
    error = capfd.readouterr().err

    assert named in error
    assert len(error.splitlines()) == 1
    assert (run.folder / PAGE_FILE).read_bytes() == page
    assert not (run.folder / ABLATION_PAGE_FILE).exists()
    assert not (run.folder / "ablation.json").exists()
