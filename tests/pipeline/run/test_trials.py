"""The trials as a table and as a plot."""

from __future__ import annotations

import io
import json
import re

import pytest
from rich.console import Console

from config.tuning import Range
from pipeline.run.trials import Trial, read_trials, trials_table, worth
from pipeline.run.trials_plot import write_plot

ROWS = [
    {"trial_id": "1", "score": 0.8, "hidden_units": "[8, 4]", "rate": 0.00123456},
    {"trial_id": "0", "score": 0.7, "hidden_units": "[16]", "rate": 0.5},
]
SPACE = {"hidden_units": ([8, 4], [16], [32]), "rate": Range(min=0.001, max=1)}


@pytest.fixture
def trials(tmp_path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps(ROWS))
    return read_trials(path)


def test_trials_count_from_1_and_have_settings(trials):
    assert [trial.number for trial in trials] == [2, 1]
    assert [trial.auc for trial in trials] == [0.8, 0.7]
    assert trials[0].values == {"hidden_units": [8, 4], "rate": 0.00123456}


def test_the_table_marks_the_best(trials):
    console = Console(file=io.StringIO(), width=80)
    console.print(trials_table(trials))
    rows = [line for line in console.file.getvalue().splitlines() if line[0] in "│|"]
    cells = [[cell.strip() for cell in re.split("[│|]", row)[1:-1]] for row in rows]
    assert cells == [
        ["2", "[8, 4]", "0.00123", "0.8000", "best"],
        ["1", "[16]", "0.5", "0.7000", ""],
        ["worth", "0.1000", "0.1000", "", ""],
    ]


def test_a_setting_is_worth_the_distance_to_the_best_trial_with_another_value():
    aucs = (0.80, 0.79, 0.77, 0.76, 0.75, 0.74)
    drawn = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
    chosen = (8, 8, 8, 4, 4, 4)
    trials = [
        Trial(number=1, auc=auc, values={"drawn": number, "chosen": size, "same": 1})
        for auc, number, size in zip(aucs, drawn, chosen, strict=True)
    ]
    assert worth(trials, "chosen") == pytest.approx(0.04)
    assert worth(trials, "drawn") == pytest.approx(0.04), "0.4 is the first above 0.35"
    assert worth(trials, "same") is None


def test_the_plot_needs_no_network(trials, tmp_path):
    path = tmp_path / "trials.html"
    write_plot(trials, SPACE, path)
    page = path.read_text()
    assert "plotly.js" in page
    sources = re.findall(r'(?:<script|<link)[^>]+(?:src|href)="([^"]*)"', page)
    assert sources == []
