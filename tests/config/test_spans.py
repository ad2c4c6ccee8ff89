"""Examples in spans: the pattern, the newest span, their order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from components.evaluation_report.part import EvaluationReportPart
from config.errors import ConfigError
from config.load import load_config
from config.root import Config
from config.spans import is_earlier

Load = Callable[..., Config]
Message = Callable[..., str]

TEXT = """
name: ads
examples: {{spans: {{pattern: "{pattern}", train: 7}}}}
label: {{column: click}}
features: {{age: {{kind: numeric}}}}
"""
DAYS = TEXT.format(pattern="{YYYY}-{MM}-{DD}.csv")
NUMBERS = TEXT.format(pattern="day-{SPAN:2}.csv")
NEWEST = "examples.spans.newest"


def test_the_last_span_is_for_evaluation_by_default(load: Load):
    spans = load(text=DAYS).examples.spans
    assert (spans.train, spans.eval, spans.newest) == (7, 1, "latest")


@pytest.mark.parametrize(
    ("text", "value", "newest"),
    [
        # YAML makes a date and a number of them.
        (DAYS, "2026-11-20", "2026-11-20"),
        (DAYS, "'2026-11-20'", "2026-11-20"),
        (NUMBERS, "8", "8"),
        (NUMBERS, "'08'", "08"),
        (NUMBERS, "latest", "latest"),
    ],
)
def test_newest_is_a_date_or_a_number(load: Load, text, value, newest):
    assert load(f"{NEWEST}={value}", text=text).examples.spans.newest == newest


@pytest.mark.parametrize(
    ("text", "value", "allowed"),
    [
        (DAYS, "8", "2026-11-20"),
        (DAYS, "20261120", "2026-11-20"),
        (DAYS, "'2026-02-30'", "2026-11-20"),
        (NUMBERS, "2026-11-20", "8"),
        (NUMBERS, "-1", "8"),
        (NUMBERS, "''", "8"),
    ],
)
def test_newest_is_latest_or_a_span(message: Message, text, value, allowed):
    line = message(f"{NEWEST}={value}", text=text)
    received = value.strip("'")
    assert line.startswith(f"examples.spans: newest: got {received!r}; allowed: latest")
    assert f" {allowed}," in line


@pytest.mark.parametrize(
    "pattern",
    [
        "clicks.csv",
        "{YYYY}-{MM}.csv",
        "{YYYY}{MM}{DD}{DD}.csv",
        "{SPAN:0}.csv",
        "{SPAN:x}.csv",
        "{SPAN}-{VERSION}.csv",
        "{SPAN}/{YYYY}{MM}{DD}.csv",
    ],
)
def test_a_pattern_names_a_date_or_one_number(message: Message, pattern):
    line = message(text=TEXT.format(pattern=pattern))
    assert line.startswith(f"examples.spans: pattern: got {pattern!r}; ")
    assert {"{YYYY},", "{MM}", "{DD}", "{SPAN}"} <= set(line.split())


@pytest.mark.parametrize("pattern", ["truth.csv", "{SPAN}.csv"])
def test_true_probability_is_in_the_same_spans(message: Message, pattern):
    line = message(f"evaluation.true_probability.pattern='{pattern}'", text=DAYS)
    assert line.startswith(f"evaluation.true_probability.pattern: got {pattern!r}; ")
    assert "{YYYY}" in line


def test_the_span_of_the_command_line_wins(tmp_path: Path):
    path = tmp_path / "pipeline.yaml"
    path.write_text(DAYS)
    config = load_config(path, [f"{NEWEST}='2026-11-19'"], span="2026-11-20")
    assert config.examples.spans.newest == "2026-11-20"
    # All days have the same report but for what the examples say.
    assert EvaluationReportPart.of(config) == EvaluationReportPart.of(load_config(path))


@pytest.mark.parametrize(
    ("span", "other", "expected"),
    [
        ("2025-12-31", "2026-01-01", True),
        ("2026-01-05", "2026-01-05", False),
        ("9", "10", True),
        ("10", "9", False),
        ("8", "2026-01-05", False),
        ("", "8", False),
    ],
)
def test_order_of_spans(span: str, other: str, expected: bool):
    assert is_earlier(span, other) == expected


def test_a_span_needs_examples_in_spans(tmp_path: Path):
    path = tmp_path / "pipeline.yaml"
    path.write_text("examples: {splits: {train: a.csv, eval: b.csv}}")
    with pytest.raises(ConfigError, match=r"--span 8: .*examples\.spans"):
        load_config(path, span="8")
