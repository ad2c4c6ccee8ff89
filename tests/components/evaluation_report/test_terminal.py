"""The report in the terminal."""

from __future__ import annotations

import pytest

from .conftest import FAILED, INFRA, OUTCOMES, SLICES, SLICES_BY_AUC, rows


def test_the_wording_of_the_report(shown, make_report, golden):
    everything = make_report(gates=[*OUTCOMES, FAILED], infra=INFRA)

    golden("report.txt", shown(everything))


def test_the_verdict_comes_first(shown):
    lines = shown().splitlines()

    assert lines[1] == (
        "ads, wide_deep: Passed 2 of 3 conditions; the rest had too little data"
    )
    assert lines[2].startswith("  - AUC 0.7500 (95% interval 0.7400 to 0.7600)")


def test_without_a_baseline_there_is_the_candidate_only(shown, make_report):
    found = rows(shown(make_report(with_baseline=False)), "Metrics on all examples")

    assert found[0] == ["AUC", "0.7500"]


def test_a_wide_screen_has_all_columns_of_the_slices_with_intervals(shown):
    text = shown(width=200)
    found = {row[0]: row[1:] for row in rows(text, "Slices")}

    assert list(found) == SLICES_BY_AUC
    assert found["city=Rome"] == [
        "0.6400 (0.6100 to 0.6700)",
        "",
        "+0.0100 (-0.0100 to 0.0300)",
        "3,000",
        "0.2500",
        "1.0210",
        "0.1000",
    ]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_narrow_screen_has_fewer_columns_and_whole_names(shown, width):
    text = shown(width=width)
    found = rows(text, "Slices")

    assert all(len(line) <= width for line in text.splitlines() if "│" in line)
    names = "".join(row[0] + " " for row in found).replace(" ", "")
    assert all(name.replace(" ", "") in names for name in SLICES)
    assert found[0][1] == "0.5500"
    assert "…" not in text


@pytest.mark.parametrize(
    ("title", "row", "cells"),
    [
        ("Gates", 0, "auc >= 0.7|failed|city=Rome|auc is 0.6400"),
        ("Metrics on all", 0, "AUC|0.7500|0.7400|+0.0100|better"),
        (
            "Metrics on all",
            1,
            "|0.7400 to 0.7600|0.7300 to 0.7500|0.0050 to 0.0150|",
        ),
        ("Serving: 500 rows", 0, "serving_default|0|1.2e-07|0.71|1.04"),
        ("Serving: 500 rows", 1, "predict|0|6.0e-08|0.65|0.94"),
        ("Importance", 0, "city|0.0500|0.0400 to 0.0600|+0.0100"),
        # e ** -.5 = .607
        ("Heaviest of 40 weights", 0, "Rome|city|-0.5000|x 0.607|30.0%"),
        ("Anomalies", 0, "city|eval|warning|New <values>"),
        ("Drift", 0, "city|drift|a little different, more than allowed|0.0340|0.02"),
    ],
)
def test_tables_have_the_figures_of_the_report(shown, make_report, title, row, cells):
    text = shown(make_report(gates=[*OUTCOMES, FAILED], infra=INFRA))

    assert rows(text, title)[row] == cells.split("|")


def test_lineage_is_told(shown):
    text = shown()

    assert "Baseline: version 17; changes since: 2\n  training.epochs: 3 -> 4\n" in text
    assert "checksum 12:34" in text
    assert "Spans:    train on 1 to 3, evaluate on 4; there is no file of 2\n" in text


def test_why_importance_is_not_known(shown, make_report):
    report = make_report(importances=None, importances_problem="the reason")

    assert "\nImportance is not known: the reason.\n" in shown(report)


def test_a_run_that_stopped_has_its_data(shown, stopped):
    text = shown(stopped)

    assert stopped.stopped_by in text
    assert rows(text, "Anomalies")
    assert "Metrics" not in text
