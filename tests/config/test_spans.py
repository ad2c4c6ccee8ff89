"""Examples in spans: what may be said of them."""

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


def test_defaults(load: Load):
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
def test_newest(load: Load, text, value, newest):
    assert load(f"{NEWEST}={value}", text=text).examples.spans.newest == newest


@pytest.mark.parametrize(
    ("text", "value", "allowed"),
    [
        (DAYS, "8", "latest, or a date such as 2026-11-20, as '{YYYY}-{MM}-{DD}.csv'"),
        (DAYS, "20261120", "latest, or a date such as 2026-11-20, as"),
        (DAYS, "2026-W47-5", "latest, or a date such as 2026-11-20, as"),
        (DAYS, "'2026-02-30'", "latest, or a date such as 2026-11-20, as"),
        (NUMBERS, "2026-11-20", "latest, or a number such as 8, as 'day-{SPAN:2}.csv'"),
        (NUMBERS, "-1", "latest, or a number such as 8, as"),
        (NUMBERS, "\u00b2", "latest, or a number such as 8, as"),
        (NUMBERS, "''", "latest, or a number such as 8, as"),
    ],
)
def test_newest_that_is_no_span(message: Message, text, value, allowed):
    line = message(f"{NEWEST}={value}", text=text)
    received = value.strip("'")
    assert line.startswith(
        f"examples.spans: newest: got {received!r}; allowed: {allowed}"
    )


@pytest.mark.parametrize(
    "pattern",
    [
        "clicks.csv",
        "{YYYY}-{MM}.csv",
        "{YYYY}{MM}{DD}{HH}.csv",
        "{YYYY}{MM}{DD}{DD}.csv",
        "{SPAN}-{SPAN}.csv",
        "{SPAN:0}.csv",
        "{SPAN:19}.csv",
        "{SPAN:x}.csv",
        "{span}.csv",
        "{SPAN}-{VERSION}.csv",
        "{SPAN}/{YYYY}{MM}{DD}.csv",
    ],
)
def test_pattern_that_names_no_span(message: Message, pattern):
    line = message(text=TEXT.format(pattern=pattern))
    assert line == (
        f"examples.spans: pattern: got {pattern!r}; expected {{YYYY}}, {{MM}} and "
        "{DD} once each, or one {SPAN} or {SPAN:2} (of 2 digits)"
    )


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("truth.csv", "{YYYY}, {MM} and {DD} once each, or one {SPAN}"),
        ("{SPAN}.csv", "placeholders as in examples.spans.pattern, '{YYYY}-{MM}"),
    ],
)
def test_true_probability_is_in_the_same_spans(message: Message, pattern, expected):
    line = message(f"evaluation.true_probability.pattern='{pattern}'", text=DAYS)
    where = "evaluation.true_probability.pattern"
    assert line.startswith(f"{where}: got {pattern!r}; expected {expected}")


def test_named_on_the_command_line(tmp_path: Path):
    path = tmp_path / "pipeline.yaml"
    path.write_text(DAYS)
    config = load_config(path, [f"{NEWEST}='2026-11-19'"], span="2026-11-20")
    assert config.examples.spans.newest == "2026-11-20"
    # All days have the same report but for what the examples say.
    assert EvaluationReportPart.of(config) == EvaluationReportPart.of(load_config(path))


@pytest.mark.parametrize(
    ("span", "other", "expected"),
    [
        ("2026-01-05", "2026-01-07", True),
        ("2025-12-31", "2026-01-01", True),
        ("2026-01-07", "2026-01-05", False),
        ("2026-01-05", "2026-01-05", False),
        ("9", "10", True),
        ("10", "9", False),
        ("0", "1", True),
        ("8", "2026-01-05", False),
        ("2026-01-05", "99999", False),
        ("", "8", False),
        ("8", "", False),
    ],
)
def test_order_of_spans(span: str, other: str, expected: bool):
    assert is_earlier(span, other) == expected


def test_named_where_there_are_no_spans(tmp_path: Path):
    path = tmp_path / "pipeline.yaml"
    path.write_text("examples: {splits: {train: a.csv, eval: b.csv}}")
    with pytest.raises(ConfigError) as caught:
        load_config(path, span="8")
    assert str(caught.value) == (
        "--span 8: the configuration has no examples.spans; add it, or leave --span out"
    )
