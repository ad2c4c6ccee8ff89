"""Two runs side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydantic
from rich.console import Console
from rich.table import Table

from components.evaluation_report.changes import Change, changes
from components.evaluation_report.files import CONTENT_FILE
from components.evaluator.slices import OVERALL_NAME
from config.console import add_row, new_table, say
from pipeline.run.summary import Summary, Verdict, read_summary

_METRICS = ("auc", "log_loss", "calibration")
# Less has room for the first of them only.
_WIDE = 120


class Side(pydantic.BaseModel):
    """A run that is compared.

    Attributes:
      run_id: Names it.
      verdict: Verdict on its candidate.
      reasons: Why.
      model_version: The version that was released, if any.
    """

    run_id: str
    verdict: Verdict
    reasons: list[str]
    model_version: int | None

    model_config = pydantic.ConfigDict(protected_namespaces=())


class Pair(pydantic.BaseModel):
    """A metric of a slice in both runs; None where it is undefined, or not there."""

    before: float | None
    now: float | None
    change: float | None


class Comparison(pydantic.BaseModel):
    """Two runs.

    Attributes:
      before: The first.
      now: The second.
      metrics: By slice, all that either run has; by metric.
      config: The keys of the configuration that differ; None where a run has left no
        report to read them from.
    """

    before: Side
    now: Side
    metrics: dict[str, dict[str, Pair]]
    config: list[Change] | None


def compare_runs(before: Path, now: Path) -> Comparison:
    """Compares two runs.

    Args:
      before: The folder of the first.
      now: The folder of the second.

    Raises:
      InputError: One of them is no complete run.
    """
    one, other = read_summary(before), read_summary(now)
    slices = {**one.metrics, **other.metrics}
    configs = _config(before), _config(now)
    return Comparison(
        before=_side(one),
        now=_side(other),
        metrics={name: _pairs(one, other, name) for name in slices},
        config=None if None in configs else [*changes(*configs)],  # type: ignore[arg-type]
    )


def _side(summary: Summary) -> Side:
    return Side.model_validate(summary.model_dump(include=set(Side.model_fields)))


def _pairs(one: Summary, other: Summary, name: str) -> dict[str, Pair]:
    figures = one.metrics.get(name, {}), other.metrics.get(name, {})
    return {
        metric: _pair(figures[0].get(metric), figures[1].get(metric))
        for metric in {**figures[0], **figures[1]}
    }


def _pair(before: float | None, now: float | None) -> Pair:
    change = None if before is None or now is None else now - before
    return Pair(before=before, now=now, change=change)


def _config(folder: Path) -> dict[str, Any] | None:
    path = folder / CONTENT_FILE
    if not path.exists():
        return None
    config: dict[str, Any] = json.loads(path.read_text())["lineage"]["config"]
    return config


def render_comparison(comparison: Comparison, console: Console) -> None:
    """Prints verdicts, metrics by slice and what was configured otherwise."""
    for side, name in ((comparison.before, "Before"), (comparison.now, "Now")):
        version = f" as version {side.model_version}" if side.model_version else ""
        verdict = side.verdict.replace("_", " ")
        lines = [f"{name + ':':8}{side.run_id}: {verdict}{version}"]
        failed = (each for each in side.reasons if each.startswith("failed"))
        lines += [f"  - {reason}" for reason in failed]
        for line in lines:
            say(console, line)
    if comparison.metrics:
        metrics = _METRICS if console.width >= _WIDE else _METRICS[:1]
        console.print(_metrics_table(comparison, metrics))
    if comparison.config is None:
        console.print("Config: not known, since one of the runs has left no report")
    elif not comparison.config:
        console.print("Config: the same")
    else:
        console.print(_config_table(comparison.config))


def _metrics_table(comparison: Comparison, metrics: Sequence[str]) -> Table:
    headings = [
        heading
        for metric in metrics
        for heading in (f"{metric.replace('_', ' ')} before", "now", "change")
    ]
    table = new_table("The largest loss of AUC first", ("slice",), headings)
    for name in sorted(comparison.metrics, key=lambda name: _loss(comparison, name)):
        pairs = comparison.metrics[name]
        figures = (
            figure
            for metric in metrics
            for figure in _figures(pairs.get(metric, _pair(None, None)))
        )
        add_row(table, (name, *figures))
    return table


def _loss(comparison: Comparison, name: str) -> tuple[bool, bool, float]:
    """All examples first, then slices by their change of AUC, then those without."""
    pair = comparison.metrics[name].get("auc", _pair(None, None))
    return name != OVERALL_NAME, pair.change is None, pair.change or 0.0


def _figures(pair: Pair) -> list[str]:
    forms = ((pair.before, "{:.4f}"), (pair.now, "{:.4f}"), (pair.change, "{:+.4f}"))
    return ["-" if value is None else form.format(value) for value, form in forms]


def _config_table(config: list[Change]) -> Table:
    table = new_table("Config", ("key", "before", "now"))
    for change in config:
        add_row(table, (change.key, change.before or "-", change.now or "-"))
    return table
