"""The best possible AUC of the examples that a run evaluates on."""

from __future__ import annotations

import pytest

from config.errors import InputError
from config.root import Config
from pipeline.run.best_possible import best_possible_auc

GOOD = "click,probability\n0,0.1\n1,0.9\n"
BAD = "click,probability\n1,0.1\n0,0.9\n"


@pytest.fixture
def config(tmp_path):
    """Days 1 to 3 of examples, of which the newest two evaluate."""
    for day in (1, 2, 3):
        (tmp_path / f"clicks-{day}.csv").write_text("")
    spans = {"pattern": "clicks-{SPAN}.csv", "train": 1, "eval": 2}
    return Config.model_validate(
        {
            "name": "ads",
            "examples": {"root": str(tmp_path), "spans": spans},
            "label": {"column": "click"},
            "features": {"age": {"kind": "numeric"}},
            "evaluation": {"true_probability": {"pattern": "truth-{SPAN}.csv"}},
        }
    )


def test_the_spans_of_evaluation_are_read(config, tmp_path):
    (tmp_path / "truth-1.csv").write_text(BAD)
    (tmp_path / "truth-2.csv").write_text(GOOD)
    (tmp_path / "truth-3.csv").write_text(GOOD)
    (tmp_path / "truth-4.csv").write_text(BAD)

    assert best_possible_auc(config) == 1.0


def test_a_span_without_a_file_is_named(config, tmp_path):
    (tmp_path / "truth-2.csv").write_text(GOOD)
    with pytest.raises(InputError, match=r"truth-\{SPAN\}.csv: .* 3"):
        best_possible_auc(config)


@pytest.mark.parametrize(
    ("rows", "named"),
    [("", "rows"), ("0,0.1\n1,\n", "number"), ("0,0.1\n0,0.9\n", "labels are 0")],
)
def test_files_without_an_auc_are_an_error(config, tmp_path, rows, named):
    (tmp_path / "truth-2.csv").write_text(f"click,probability\n{rows}")
    (tmp_path / "truth-3.csv").write_text("click,probability\n")

    with pytest.raises(InputError, match=named):
        best_possible_auc(config)
