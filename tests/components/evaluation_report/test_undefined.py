"""Reports of runs whose metrics are undefined, or whose model tells nothing apart."""

from __future__ import annotations

import pytest

from components.evaluation_report import formats, verdict
from components.evaluation_report.content import (
    Importance,
    Importances,
    WideWeights,
    read_content,
)
from components.evaluation_report.plots.curves import curve_plots
from components.evaluation_report.plots.features import importance_plot
from components.evaluation_report.render import render_page
from components.evaluator.curves import Curve, Curves, SliceCurves
from components.evaluator.record import Evaluation
from trainer.export.record import Epoch, TrainingRecord

from .conftest import rows

# One example, without a click.
FIGURES = {
    "auc": None,
    "pr_auc": None,
    "log_loss": 0.105,
    "normalized_entropy": None,
    "calibration": None,
    "mean_label": 0.0,
    "examples": 1.0,
}


@pytest.fixture
def of_one_example(make_report):
    """The report of a run with one example to evaluate on, beside a baseline."""
    epoch = Epoch(log_loss=0.1, auc=None, validation_log_loss=0.1, validation_auc=None)
    evaluation = Evaluation(
        gates=[],
        candidate={"overall": FIGURES},
        baseline={"overall": FIGURES},
        change={"overall": {name: value and 0.0 for name, value in FIGURES.items()}},
    )
    return make_report(
        evaluation=evaluation,
        curves=Curves({}),
        training=TrainingRecord(
            epochs=1,
            best_epoch=1,
            validation_auc=None,
            validation_log_loss=0.1,
            examples_per_second=1.0,
            wide_rows=0,
            wide_zero_share=0.0,
            history=[epoch],
        ),
        importances=None,
        importances_problem="all examples of the sample have one label",
        wide_weights=WideWeights(examples=1, ids=0, heaviest=()),
    )


def test_what_is_undefined_is_told_in_the_terminal(of_one_example, shown):
    cells = {name: row for name, *row in rows(shown(of_one_example), "Metrics")}

    assert cells["AUC"][:3] == ["undefined"] * 3
    assert cells["calibration"][:3] == ["undefined"] * 3
    assert cells["log loss"][:3] == ["0.1050", "0.1050", "+0.0000"]


def test_a_page_without_any_plot_is_whole(of_one_example, tmp_path):
    page = render_page(of_one_example)

    assert page.count('<td class="number">undefined</td>') == 4 * 3
    assert 'id="slice-table"' not in page
    assert 'id="curves"' not in page
    of_one_example.write(str(tmp_path))
    assert read_content(str(tmp_path)) == of_one_example


def test_slicings_without_examples_are_told(of_one_example, make_report):
    def told(report):
        return [
            sentence
            for sentence in verdict.findings(report)
            if sentence.startswith("No example of the eval split")
        ]

    assert told(make_report()) == []
    assert len(told(of_one_example)) == 3
    assert "city, device" in told(of_one_example)[1]


def test_columns_without_values_are_told(make_report):
    report = make_report()
    age, city = report.data.features
    empty = age.model_copy(update={"missing": {"train": 0.125, "eval": 1.0}})
    data = report.data.model_copy(update={"features": (empty, city)})

    told = set(verdict.findings(make_report(data=data)))
    (sentence,) = told - set(verdict.findings(report))
    assert "eval" in sentence
    assert "age" in sentence


def test_a_model_that_predicts_one_value_has_curves_that_can_be_seen():
    constant = Curve(
        roc=[(0, 0), (1, 1)],
        thresholds=[1, 0.19],
        precision_recall=[(0, 0.25), (1, 0.25)],
        calibration=[(0.2, 0.25, 4)],
        histogram=[(0.19, 0.2, 4)],
    )
    for plot in curve_plots(SliceCurves(candidate=constant), "overall"):
        first = plot.figure["data"][0]
        assert "markers" in first["mode"] or len(first["x"]) > 1


def test_no_feature_is_the_most_important_of_none():
    constant = Importance(
        feature="city", auc_loss=0.0, lowest=0.0, highest=0.0, log_loss_rise=0.0
    )
    found = Importances(examples=10, shuffles=3, auc=0.5, features=(constant,))

    assert "city" not in importance_plot(found).text


@pytest.mark.parametrize(
    ("weight", "factor"),
    [(0.0, "1"), (-6.0, "0.00248"), (12.0, "1.63e+05"), (1e4, "e^10000")],
)
def test_odds_of_any_weight(weight, factor):
    assert formats.odds(weight) == factor
