"""The trials as a table and as a plot."""

from __future__ import annotations

import io
import json
import re

import pytest
from rich.console import Console

from config.tuning import Range
from pipeline.run.trials import read_trials, trials_table
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
    rows = console.file.getvalue().splitlines()[-3:-1]
    cells = [[cell.strip() for cell in re.split("[│|]", row)[1:-1]] for row in rows]
    assert cells == [
        ["2", "[8, 4]", "0.00123", "0.8000", "best"],
        ["1", "[16]", "0.5", "0.7000", ""],
    ]


def test_the_plot_needs_no_network(trials, tmp_path):
    path = tmp_path / "trials.html"
    write_plot(trials, SPACE, path)
    page = path.read_text()
    assert "plotly.js" in page
    sources = re.findall(r'(?:<script|<link)[^>]+(?:src|href)="([^"]*)"', page)
    assert sources == []
