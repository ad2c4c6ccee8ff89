"""Summary of a run: summary.json, and its table."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import pydantic
from rich.console import Console
from rich.table import Table

from components.evaluation_report.formats import figure
from components.evaluator.slices import FEWEST_EXAMPLES, OVERALL_NAME
from components.example_validator.record import Anomaly
from config.console import add_row, new_table, say
from config.errors import InputError
from config.spans import RunSpans
from pipeline.run.trials import Trial, best_in_words
from trainer.export.record import TrainingRecord

# In the folder of each run that came to an end.
SUMMARY_FILE = "summary.json"
TEXT_FILE = "report.txt"

_WORST_SLICES = 5
# Number of runs that an error names.
_LATEST_RUNS = 5
_WIDE = 160
_COLUMNS = ("auc", "log_loss", "calibration", "examples")

Verdict = Literal["released", "awaiting_approval", "blocked"]
SliceMetrics = dict[str, float | None]


class ComponentTime(pydantic.BaseModel):
    """Duration of a component, and whether it came from the cache."""

    id: str
    seconds: float
    cached: bool


class Summary(pydantic.BaseModel):
    """The content of summary.json.

    Attributes:
      run_id: Names the run, and its folder.
      verdict: Verdict on the candidate.
      reasons: Why, in words.
      takes_rollback: True if approving it takes `--rollback`, since the released model
        is of newer examples.
      is_released_already: True if an earlier run released this very model, which is
        blocked now.
      model_version: The version that was released, if any.
      spans: Spans that it trained and evaluated on, if any.
      anomalies: Anomalies of the examples, of both severities.
      metrics: Metrics by slice; `overall` is all examples.
      best_possible_auc: AUC of the true probability, where it is known.
      training: Record of the training.
      trials: Trials of the Tuner, the best first.
      components: Times, in the order of the run.
      wall_seconds: Time of the whole run.
      model_dir: The version directory of the released model.
      report: The evaluation report.
    """

    run_id: str
    verdict: Verdict
    reasons: list[str]
    takes_rollback: bool = False
    is_released_already: bool = False
    model_version: int | None = None
    spans: RunSpans | None = None
    anomalies: list[Anomaly] = []
    metrics: dict[str, SliceMetrics] = {}
    best_possible_auc: float | None = None
    training: TrainingRecord | None = None
    trials: list[Trial] = []
    components: list[ComponentTime] = []
    wall_seconds: float = 0.0
    model_dir: str | None = None
    report: str | None = None

    model_config = pydantic.ConfigDict(protected_namespaces=())


def read_summary(folder: Path) -> Summary:
    """Reads the summary of a run.

    Args:
      folder: The folder of the run.

    Raises:
      InputError: There is no such run, or it did not come to an end.
    """
    path = folder / SUMMARY_FILE
    if not path.exists():
        raise InputError(f"{folder}: no complete run; {_latest_runs(folder.parent)}")
    return Summary.model_validate_json(path.read_text())


def write_summary(summary: Summary, folder: Path) -> None:
    """Writes the summary of a run as a whole: no reader finds half of it."""
    aside = folder / f".{SUMMARY_FILE}"
    aside.write_text(summary.model_dump_json(indent=2))
    aside.replace(folder / SUMMARY_FILE)


def _latest_runs(work_dir: Path) -> str:
    found = (path.parent for path in work_dir.glob(f"*/{SUMMARY_FILE}"))
    runs = sorted((run.name for run in found if not run.is_symlink()), reverse=True)
    if not runs:
        return "run `ctr run` first"
    return f"the latest are: {', '.join(runs[:_LATEST_RUNS])}"


def render(summary: Summary, console: Console, *, all_slices: bool = False) -> None:
    """Prints a run: verdict, metrics, times and what to do next.

    Args:
      summary: The run.
      console: Output.
      all_slices: All slices instead of the worst ones.
    """
    render_headline(summary, console)
    for reason in summary.reasons:
        say(console, f"  - {reason}")
    for anomaly in summary.anomalies:
        # An error is the reason.
        if not anomaly.is_error:
            say(console, f"  - warning: {anomaly.in_words()}")
    if summary.metrics:
        # All metrics need a wide screen, or a file.
        every = all_slices and console.width >= _WIDE
        console.print(_metrics_table(summary, all_slices, every))
    render_run(summary, console)


def render_headline(summary: Summary, console: Console) -> None:
    """Prints what became of the candidate."""
    say(console, f"\n{_headline(summary)}")


def render_run(summary: Summary, console: Console) -> None:
    """Prints how a run went, and where to find what it made."""
    if summary.spans is not None:
        say(console, f"Spans: {summary.spans.in_words()}")
    if summary.metrics and summary.best_possible_auc is not None:
        auc = summary.metrics[OVERALL_NAME]["auc"]
        say(console, _best_possible(auc, summary.best_possible_auc))
    if summary.trials:
        say(console, best_in_words(summary.trials))
    if summary.training is not None:
        say(console, f"Training: {summary.training.in_words()}")
    console.print(_times_table(summary))
    for line in _next_steps(summary):
        say(console, line)


def as_text(summary: Summary) -> str:
    """A run with all its slices, as plain text."""
    buffer = io.StringIO()
    render(summary, Console(file=buffer, width=_WIDE), all_slices=True)
    return buffer.getvalue()


def _headline(summary: Summary) -> str:
    if summary.verdict == "released":
        return f"Run {summary.run_id}: released as version {summary.model_version}"
    return f"Run {summary.run_id}: {summary.verdict.replace('_', ' ')}"


def _metrics_table(summary: Summary, all_slices: bool, all_metrics: bool) -> Table:
    title = "All slices" if all_slices else "Overall and the worst slices by AUC"
    columns = _all_columns(summary) if all_metrics else _COLUMNS
    headings = [name.replace("_", " ") for name in columns]
    table = new_table(title, ("slice",), headings)
    for name in _slices_to_show(summary, all_slices):
        metrics = summary.metrics[name]
        figures = (figure(key, metrics.get(key)) for key in columns)
        add_row(table, (name, *figures))
    return table


def _all_columns(summary: Summary) -> tuple[str, ...]:
    others = (name for name in summary.metrics[OVERALL_NAME] if name not in _COLUMNS)
    return (*_COLUMNS, *others)


def _slices_to_show(summary: Summary, all_slices: bool) -> list[str]:
    def auc(name: str) -> float:
        value = summary.metrics[name].get("auc")
        return 1.0 if value is None else value

    def is_shown(name: str) -> bool:
        examples = summary.metrics[name].get("examples") or 0
        return all_slices or examples >= FEWEST_EXAMPLES

    slices = [name for name in summary.metrics if name != OVERALL_NAME]
    worst = sorted(filter(is_shown, slices), key=auc)
    return [OVERALL_NAME, *(worst if all_slices else worst[:_WORST_SLICES])]


def _best_possible(auc: float | None, best: float) -> str:
    words = f"Best possible AUC {best:.4f}"
    if auc is None or best <= 0.5:
        return words
    share = (auc - 0.5) / (best - 0.5)
    return f"{words}: the model reaches {share:.1%} of the best possible lift over 0.5"


def _times_table(summary: Summary) -> Table:
    table = new_table("Time", ("component",), ("seconds",))
    for component in summary.components:
        time = "cached" if component.cached else f"{component.seconds:.1f}"
        table.add_row(component.id, time)
    table.add_section()
    table.add_row("whole run", f"{summary.wall_seconds:.1f}")
    return table


def _next_steps(summary: Summary) -> list[str]:
    lines = []
    if summary.model_dir is not None:
        lines.append(f"Model:  {summary.model_dir}")
    if summary.report is not None:
        lines.append(f"Report: {summary.report}")
    return lines
