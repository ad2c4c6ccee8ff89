"""What a person and a script read about a run."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from components.example_validator.record import Anomaly
from config.errors import InputError
from config.spans import RunSpans
from pipeline.run.summary import (
    ComponentTime,
    Summary,
    as_text,
    read_summary,
    render,
    write_summary,
)
from pipeline.run.trials import Trial
from trainer.export.record import TrainingRecord


def figures(auc, examples=1000.0):
    return {"auc": auc, "log_loss": 0.25, "calibration": 1.0, "examples": examples}


@pytest.fixture
def summary():
    aucs = {"a": 0.91, "b": 0.85, "c": 0.99, "d": 0.6, "e": 0.7, "f": 0.8, "g": 0.75}
    return Summary(
        run_id="20250101T000000Z-abcdef",
        verdict="released",
        reasons=["passed: overall: auc >= 0.7", "no baseline"],
        model_version=1700000000,
        anomalies=[
            Anomaly(split="eval", feature="city", is_error=False, words="new 'Rome'"),
            Anomaly(split="train", feature="age", is_error=True, words="has drifted"),
        ],
        metrics={
            **{f"city={city}": figures(auc) for city, auc in aucs.items()},
            "overall": figures(0.875, 12_345.0),
            "city=tiny": figures(0.1, examples=99.0),
            "city=one class": figures(None),
        },
        components=[
            ComponentTime(id="Trainer", seconds=12.3, cached=False),
            ComponentTime(id="Pusher", seconds=0.0, cached=True),
        ],
        wall_seconds=13.5,
        model_dir="/models/ads/1700000000",
        report="/runs/ads/report.txt",
    )


def shown(summary, **options):
    file = io.StringIO()
    render(summary, Console(file=file, width=100), **options)
    return file.getvalue()


def slices(text):
    """The names of the slices in the table, from top to bottom."""
    rows = [line.strip("│ ") for line in text.splitlines() if line.startswith("│")]
    names = [row.split("│")[0].strip() for row in rows]
    return [name for name in names if name == "overall" or name.startswith("city=")]


def row(text, name):
    """The figures of a slice."""
    (line,) = (line for line in text.splitlines() if line.startswith(f"│ {name} "))
    return [cell.strip() for cell in line.strip("│").split("│")][1:]


def test_anomalies_of_warning_severity_are_shown(summary):
    text = shown(summary)

    (line,) = (line for line in text.splitlines() if "warning" in line)
    assert "eval" in line
    assert "'city'" in line
    assert "new 'Rome'" in line
    # An error is the reason.
    assert "has drifted" not in text


def test_verdict_and_reasons_come_first(summary):
    lines = shown(summary).split("\n")

    assert lines[1:4] == [
        "Run 20250101T000000Z-abcdef: released as version 1700000000",
        "  - passed: overall: auc >= 0.7",
        "  - no baseline",
    ]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("blocked", ": blocked"), ("awaiting_approval", ": awaiting approval")],
)
def test_a_run_that_released_nothing_says_so(verdict, words):
    summary = Summary(run_id="r1", verdict=verdict, reasons=["failed: [auc] too low"])
    text = shown(summary)

    assert f"Run r1{words}\n  - failed: [auc] too low\n" in text
    assert "version" not in text
    assert slices(text) == []


def test_the_worst_slices_that_are_large_enough_are_shown(summary):
    assert slices(shown(summary)) == [
        "overall",
        "city=d",
        "city=e",
        "city=g",
        "city=f",
        "city=b",
    ]


def test_the_report_has_all_slices(summary):
    assert slices(as_text(summary)) == [
        "overall",
        "city=tiny",
        *(f"city={name}" for name in "degfbac"),
        "city=one class",
    ]


def test_figures_are_rounded_and_missing_ones_a_dash(summary):
    del summary.metrics["city=d"]["log_loss"]
    text = as_text(summary)

    assert row(text, "overall") == ["0.8750", "0.2500", "1.0000", "12,345"]
    assert row(text, "city=d") == ["0.6000", "undefined", "1.0000", "1,000"]
    assert row(text, "city=one class") == ["undefined", "0.2500", "1.0000", "1,000"]


def test_times_say_what_was_cached(summary):
    text = shown(summary)

    assert row(text, "Trainer") == ["12.3"]
    assert row(text, "Pusher") == ["cached"]
    assert row(text, "whole run") == ["13.5"]


def test_where_to_find_model_and_report(summary):
    assert shown(summary).endswith(
        "Model:  /models/ads/1700000000\nReport: /runs/ads/report.txt\n"
    )


def test_lines_to_copy_are_whole(summary):
    summary.model_dir = "/very/long" * 30

    assert f"Model:  {summary.model_dir}\n" in shown(summary)


def test_a_name_with_brackets_is_not_markup(summary):
    summary.metrics["city=[red]x[/red]"] = figures(0.5)

    assert "city=[red]x[/red]" in slices(shown(summary))


def test_the_share_of_the_best_possible_lift(summary):
    summary.best_possible_auc = 0.95

    # (0.875 - 0.5) / (0.95 - 0.5)
    assert "Best possible AUC 0.9500: the model reaches 83.3%" in shown(summary)


@pytest.mark.parametrize(("auc", "best"), [(None, 0.9), (0.5, 0.5)])
def test_without_a_share_only_the_best_possible_auc_is_shown(summary, auc, best):
    summary.metrics["overall"] = figures(auc)
    summary.best_possible_auc = best
    text = shown(summary)

    assert f"Best possible AUC {best:.4f}\n" in text


def test_the_spans(summary):
    assert "Spans" not in shown(summary)

    days = ("2026-11-17", "2026-11-19")
    summary.spans = RunSpans(train=days, eval=("2026-11-20",), missing=("2026-11-18",))
    assert (
        "Spans: train on 2026-11-17 to 2026-11-19, evaluate on 2026-11-20; there is no "
        "file of 2026-11-18\n"
    ) in shown(summary)


def test_json_keeps_everything(summary):
    summary.best_possible_auc = 0.95
    summary.spans = RunSpans(train=("1", "3"), eval=("4",), missing=("2",))
    summary.training = RECORD

    assert Summary.model_validate_json(summary.model_dump_json()) == summary


def test_a_run_that_is_not_there_names_those_that_are(summary, tmp_path):
    with pytest.raises(InputError, match="no complete run; run `ctr run` first"):
        read_summary(tmp_path / "latest")
    for run in ("run1", "run2"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "summary.json").write_text(summary.model_dump_json())
    (tmp_path / "run3").mkdir()
    (tmp_path / "latest").symlink_to("run2")
    with pytest.raises(InputError) as caught:
        read_summary(tmp_path / "run3")
    assert str(caught.value) == (
        f"{tmp_path / 'run3'}: no complete run; the latest are: run2, run1"
    )


def test_the_best_trial_is_a_line(summary):
    assert "Tuned" not in shown(summary)
    summary.trials = [
        Trial(number=3, auc=0.8125, values={"hidden_units": [8, 4]}),
        Trial(number=1, auc=0.75, values={"hidden_units": [8]}),
    ]
    line = "Tuned: hidden_units [8, 4]: validation AUC 0.8125, the best of 2 trials"
    assert line in shown(summary)


RECORD = TrainingRecord(
    epochs=7,
    best_epoch=5,
    validation_auc=0.7812,
    validation_log_loss=0.25,
    examples_per_second=123456.7,
    wide_rows=12345,
    wide_zero_share=0.831,
)


def test_how_the_training_went_is_a_line(summary):
    assert "Training:" not in shown(summary)
    summary.training = RECORD

    assert (
        "Training: 7 epochs, the best 5 (validation AUC 0.7812, log loss 0.2500); "
        "123,457 examples/s; 83.1% of 12,345 wide weights are 0\n"
    ) in shown(summary)


def test_a_model_without_a_wide_part_has_no_share_of_zeros(summary):
    summary.training = RECORD.model_copy(
        update={"wide_rows": None, "wide_zero_share": None}
    )

    assert "123,457 examples/s\n" in shown(summary)


def test_half_a_summary_is_none(summary, tmp_path, monkeypatch):
    def write_half(path, text):
        with path.open("w") as file:
            file.write(text[: len(text) // 2])
        raise OSError("No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_text", write_half)
        with pytest.raises(OSError, match="No space left"):
            write_summary(summary, tmp_path)
    with pytest.raises(InputError, match="no complete run"):
        read_summary(tmp_path)

    write_summary(summary, tmp_path)
    assert read_summary(tmp_path) == summary


def test_the_wording_of_the_summary(summary, golden):
    summary.training = RECORD
    summary.trials = [Trial(number=3, auc=0.8125, values={"hidden_units": [8, 4]})]
    summary.spans = RunSpans(train=("1", "3"), eval=("4",), missing=("2",))
    summary.best_possible_auc = 0.95

    golden("summary.txt", shown(summary))
