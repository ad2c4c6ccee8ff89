"""Rows of slices and of metrics, and words for figures."""

from __future__ import annotations

import pytest

from components.evaluation_report import formats, tables
from components.evaluation_report.tables import Cell, overall_rows, slice_table

from .conftest import FAILED, OUTCOMES, SLICES_BY_AUC


def test_slices_are_listed_from_the_lowest_auc_on(make_report):
    table = slice_table(make_report().evaluation)

    assert [row.name for row in table.rows] == SLICES_BY_AUC
    assert table.left_out == 0


def test_a_row_has_the_figures_of_its_slice(make_report):
    table = slice_table(make_report().evaluation)
    rome, ghost_town = table.rows[1], table.rows[-1]

    assert dict(zip(table.columns, rome.cells, strict=True)) == {
        "AUC": Cell("0.6400", 0.64, "0.6100 to 0.6700"),
        "change of AUC": Cell("+0.0100", 0.01, "-0.0100 to 0.0300"),
        "examples": Cell("3,000", 3000.0),
        "log loss": Cell("0.2500", 0.25),
        "calibration": Cell("1.0210", 1.021),
        "mean label": Cell("0.1000", 0.1),
    }
    assert ghost_town.cells[0] == Cell("undefined", None)


def test_without_a_baseline_there_is_no_change(make_report):
    table = slice_table(make_report(with_baseline=False).evaluation)

    assert "change of AUC" not in table.columns
    assert len(table.rows[0].cells) == len(table.columns)


def test_what_there_are_slices_by(make_report):
    assert slice_table(make_report().evaluation).slicings == [
        "city",
        "city, device",
        "device",
    ]


def test_a_row_tells_the_worst_outcome_of_its_gates(make_report):
    passed = FAILED.model_copy(update={"status": "passed"})
    table = slice_table(make_report(gates=[FAILED, passed, *OUTCOMES]).evaluation)
    statuses = {row.name: row.status for row in table.rows}

    assert statuses["city=Rome"] == "failed"
    assert statuses["device=tablet"] == "not enough data"
    assert statuses["city=Oslo"] == ""


def test_slices_beyond_the_most_are_counted(make_report, monkeypatch):
    monkeypatch.setattr(tables, "MOST_SLICES", 2)
    table = slice_table(make_report().evaluation)

    assert [row.name for row in table.rows] == ["device=tablet", "city=Rome"]
    assert table.left_out == 4


def test_metrics_beside_the_baseline(make_report):
    rows = {row.metric: row for row in overall_rows(make_report().evaluation)}

    assert list(rows) == ["auc", "log_loss", "calibration", "mean_label", "examples"]
    assert rows["auc"].candidate == Cell("0.7500", 0.75, "0.7400 to 0.7600")
    assert rows["auc"].baseline == Cell("0.7400", 0.74, "0.7300 to 0.7500")
    assert rows["auc"].change == Cell("+0.0100", 0.01, "0.0050 to 0.0150")
    assert rows["auc"].judgement == "better"
    assert rows["log_loss"].judgement == "no clear change"
    assert rows["calibration"].judgement == ""
    assert rows["examples"].candidate == Cell("8,000", 8000.0)


@pytest.mark.parametrize(
    ("metric", "candidate", "baseline", "judged"),
    [
        ("auc", 0.8, 0.7, "better"),
        ("gauc", 0.6, 0.7, "worse"),
        ("log_loss", 0.2, 0.3, "better"),
        ("ece", 0.2, 0.1, "worse"),
        ("calibration", 1.1, 0.8, "better"),
        ("calibration", 0.7, 0.8, "worse"),
        ("recall_at_0.5", 0.8, 0.7, "higher"),
        ("precision_at_0.5", None, 0.7, ""),
    ],
)
def test_whether_a_clear_change_is_for_the_better(metric, candidate, baseline, judged):
    sign = 1 if (candidate or 0) > baseline else -1
    bounds = tuple(sorted((sign * 0.01, sign * 0.3)))

    assert formats.judgement(metric, candidate, baseline, bounds) == judged


def test_a_divergence_in_words_rises():
    values = (0.0, 0.005, 0.02, 0.1, 0.9)

    assert [formats.divergence(value) for value in values] == [
        "the same",
        "nearly the same",
        "a little different",
        "different",
        "very different",
    ]
