"""Two runs side by side."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from pipeline.run.comparison import compare_runs, render_comparison
from pipeline.run.summary import Summary


def figures(auc, log_loss=0.25):
    return {"auc": auc, "log_loss": log_loss, "calibration": 1.0, "examples": 1000.0}


@pytest.fixture
def run(tmp_path):
    """Makes the folder of a run."""

    def _run(run_id, metrics, config=None, **others):
        folder = tmp_path / run_id
        folder.mkdir()
        settings = {"verdict": "released", "reasons": [], **others}
        summary = Summary(run_id=run_id, metrics=metrics, **settings)
        (folder / "summary.json").write_text(summary.model_dump_json())
        if config is not None:
            report = json.dumps({"lineage": {"config": config}})
            (folder / "report.json").write_text(report)
        return folder

    return _run


@pytest.fixture
def pair(run):
    """Two runs; the second lost on city=a, has no city=gone, and a new city=new."""
    before = run(
        "run1",
        {
            "overall": figures(0.7),
            "city=a": figures(0.8),
            "city=b": figures(0.6),
            "city=gone": figures(0.5),
        },
        {"model": {"kind": "linear"}, "name": "ads"},
        model_version=7,
    )
    now = run(
        "run2",
        {
            "overall": figures(0.75, log_loss=None),
            "city=a": figures(0.7),
            "city=b": figures(0.65),
            "city=new": figures(0.9),
        },
        {"model": {"kind": "dcn_v2"}, "name": "ads"},
        verdict="blocked",
        reasons=["failed: city=a: auc >= 0.75 ([x] auc is 0.7)", "passed: overall"],
    )
    return before, now


def shown(comparison, width=140):
    file = io.StringIO()
    render_comparison(comparison, Console(file=file, width=width))
    return file.getvalue()


def test_changes_are_the_second_less_the_first(pair):
    metrics = compare_runs(*pair).metrics

    overall = metrics["overall"]
    assert (overall["auc"].before, overall["auc"].now) == (0.7, 0.75)
    assert overall["auc"].change == pytest.approx(0.05)
    assert overall["log_loss"].change is None
    assert metrics["city=gone"]["auc"].now is None
    assert metrics["city=new"]["auc"].before is None


def test_the_largest_loss_comes_first(pair):
    lines = [line for line in shown(compare_runs(*pair)).splitlines() if "│" in line]
    names = [line.split("│")[1].strip() for line in lines]

    assert names[:5] == ["overall", "city=a", "city=b", "city=gone", "city=new"]
    assert "-0.1000" in lines[1]


def test_a_narrow_terminal_has_the_auc_only(pair):
    comparison = compare_runs(*pair)

    assert "log loss before" in shown(comparison)
    narrow = shown(comparison, width=80)
    assert "auc before" in narrow
    assert "-0.1000" in narrow
    assert "log loss" not in narrow


def test_the_text_has_both_verdicts_and_the_gates_that_failed(pair):
    text = shown(compare_runs(*pair))

    assert "run1: released as version 7\n" in text
    assert "run2: blocked\n" in text
    assert "failed: city=a: auc >= 0.75 ([x] auc is 0.7)\n" in text
    assert "passed: overall" not in text


def test_changes_of_the_configuration_are_listed(pair):
    comparison = compare_runs(*pair)
    (change,) = comparison.config

    assert (change.key, change.before, change.now) == ("model.kind", "linear", "dcn_v2")
    assert "model.kind" in shown(comparison)


def test_equal_configurations_have_no_changes(run):
    runs = [run(name, {}, {"name": "ads"}) for name in ("run1", "run2")]

    assert compare_runs(*runs).config == []


def test_the_configuration_is_not_known_without_a_report(run):
    comparison = compare_runs(run("run1", {}, {"name": "ads"}), run("run2", {}))

    assert comparison.config is None
    assert "not known" in shown(comparison)
