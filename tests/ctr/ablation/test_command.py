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

# Of 150 examples half of which are positive, an AUC by chance is .5, and its standard
# deviation sqrt(151 / (12 * 75 * 75)) = .047.
CHANCE = pytest.approx(0.5, abs=3 * 0.047)


def test_only_the_feature_with_the_signal_is_missed(run, capfd):
    asked = ["--features", "price, device,price", "--json"]
    before = [(run.folder / name).read_bytes() for name in (PAGE_FILE, CONTENT_FILE)]
    assert cli.main(["ablate", *run.options, *asked]) == 0
    found = Ablations.model_validate_json(capfd.readouterr().out)

    assert (found.examples, found.auc) == (150, pytest.approx(1.0, abs=0.01))
    device, price = found.features
    assert (device.feature, device.auc) == ("device", CHANCE)
    assert device.auc_change == device.auc - found.auc
    # Nobody can do better who knows nothing but the mean.
    assert device.log_loss > 0.95 * math.log(2)
    assert device.log_loss_change == device.log_loss - found.log_loss > 0.4
    # Each alone would give the signal away.
    assert device.columns == ("device", "device_x_age", "device_x_tags")
    assert (price.feature, price.columns) == ("price", ("price",))
    assert price.auc_change == pytest.approx(0.0, abs=0.01)
    written = (run.folder / "ablation.json").read_text()
    assert Ablations.model_validate_json(written) == found
    # What is approved is known by its digest.
    assert before == [
        (run.folder / name).read_bytes() for name in (PAGE_FILE, CONTENT_FILE)
    ]
    page = (run.folder / ABLATION_PAGE_FILE).read_text()
    assert "Trained without a feature" in page
    assert f"{device.auc_change:+.4f}" in page


def test_the_report_as_text(run, capfd):
    assert cli.main(["report", *run.options, "--text"]) == 0
    text = capfd.readouterr().out

    assert f"Run {run.folder.name}: " in text
    assert "Metrics on all examples" in text
    assert "Packages: " in text
    assert "whole run" in text


def test_a_table_and_a_line_for_each_training(run, capfd):
    assert (
        cli.main(["ablate", run.folder.name, *run.options, "--features", "user"]) == 0
    )
    lines = capfd.readouterr().out.splitlines()

    trainings = [line.split(":")[0] for line in lines if line.endswith(" s")]
    assert trainings == ["All features", "Without user"]
    assert lines[-1] == f"Report: {run.folder / ABLATION_PAGE_FILE}"
    rows = [line.split("│") for line in lines if "│" in line]
    assert [row[1].strip() for row in rows] == ["(all features)", "user"]
    assert rows[0][2].strip().startswith(("0.99", "1.00"))
    assert not any("epoch" in line for line in lines)
    assert "epoch 1/5" in (run.folder / "ablation.log").read_text()


def test_that_the_configuration_has_changed_stands_alone(run, capfd):
    asked = ["--features", "town", "--set", "training.epochs=1"]
    assert cli.main(["ablate", *run.options, *asked]) == 2
    lines = capfd.readouterr().out.splitlines()

    changed = "the configuration has changed since this run, whose own is used"
    assert lines == ["Loading TFX ...", changed]


def _one_label(run):
    run.write_split("eval", run.problem.transformed[:1])


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


@pytest.mark.parametrize(
    ("change", "asked", "message"),
    [
        (
            None,
            ["--features", "device,town"],
            "--features: unknown feature 'town'; allowed: device, tags, user, age, "
            "price",
        ),
        (None, ["--features", ""], "unknown feature ''; allowed: device, tags,"),
        (None, ["nonsense"], "nonsense: no complete run; the latest are: "),
        (_no_training, [], "run other trained no model; name one that did"),
        (_one_label, [], "the eval split have the same label, so there is no AUC"),
        (_older_report, [], "report.json: is of another version of this package"),
        (
            lambda run: (run.folder / CONTENT_FILE).unlink(),
            [],
            "this run has left no report; make one by: ctr run",
        ),
        (
            lambda run: (run.work_dir / "metadata.sqlite").unlink(),
            [],
            "trained no model; name one that did, or make one by: ctr run",
        ),
        (
            lambda run: shutil.rmtree(run.work_dir / "examples" / "Split-train"),
            [],
            "the transformed examples of run 20250101T000000Z-abcdef are gone",
        ),
    ],
)
def test_an_error_is_one_line_and_changes_nothing(change, asked, message, run, capfd):
    asked = (change(run) if change else None) or asked
    page = (run.folder / PAGE_FILE).read_bytes()

    assert cli.main(["ablate", *asked, *run.options]) == 2
    error = capfd.readouterr().err

    assert message in error
    assert len(error.splitlines()) == 1
    assert (run.folder / PAGE_FILE).read_bytes() == page
    assert not (run.folder / ABLATION_PAGE_FILE).exists()
    assert not (run.folder / "ablation.json").exists()
