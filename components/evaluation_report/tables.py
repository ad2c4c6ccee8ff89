"""Metrics on all examples and by slice, as rows of tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from components.evaluation_report import formats
from components.evaluator.record import Evaluation, Which
from components.evaluator.slices import OVERALL_NAME, slicing_name, slicing_of
from config.metrics import metric_of

# More rows make a page that browsers take long to open.
MOST_SLICES = 2_000

_METRICS = ("auc", "examples", "gauc", "log_loss", "calibration", "mean_label")
# Others would make the table too wide to read.
_WITH_INTERVALS = ("auc", "gauc")
_WORST_FIRST = ("failed", "not enough data", "passed", "not applied")


@dataclass(frozen=True)
class Cell:
    """A figure.

    Attributes:
      text: Text of the cell.
      value: Sort key; None for an undefined value.
      detail: Its 95% interval, if there is one.
    """

    text: str
    value: float | None
    detail: str = ""


@dataclass(frozen=True)
class MetricRow:
    """A metric on all examples.

    Attributes:
      metric: Its key.
      name: Its name.
      meaning: Explanation in a few words.
      candidate: The candidate's figure.
      baseline: The baseline's.
      change: The difference.
      judgement: `better` or `worse`, as far as the interval tells.
    """

    metric: str
    name: str
    meaning: str
    candidate: Cell
    baseline: Cell
    change: Cell
    judgement: str


@dataclass(frozen=True)
class SliceRow:
    """A slice.

    Attributes:
      name: Its name.
      features: Features of the slicing.
      examples: Number of its examples.
      cells: Its figures, as `SliceTable` has columns.
      status: The worst outcome of a gate on it; empty without one.
    """

    name: str
    features: str
    examples: int
    cells: tuple[Cell, ...]
    status: str


@dataclass(frozen=True)
class SliceTable:
    """All slices, the worst AUC first; those without an AUC last.

    Attributes:
      columns: Headings of the figures.
      rows: The slices.
      left_out: Number of slices beyond `MOST_SLICES`.
    """

    columns: tuple[str, ...]
    rows: tuple[SliceRow, ...]
    left_out: int

    @property
    def slicings(self) -> list[str]:
        """Names of the slicings."""
        return list(dict.fromkeys(sorted(row.features for row in self.rows)))


def overall_rows(evaluation: Evaluation) -> list[MetricRow]:
    """The metrics on all examples."""
    return [
        _metric_row(evaluation, metric) for metric in evaluation.candidate[OVERALL_NAME]
    ]


def _metric_row(evaluation: Evaluation, metric: str) -> MetricRow:
    candidate = _cell(evaluation, "candidate", OVERALL_NAME, metric)
    baseline = _cell(evaluation, "baseline", OVERALL_NAME, metric)
    interval = evaluation.interval("change", OVERALL_NAME, metric)
    return MetricRow(
        metric=metric,
        name=formats.metric_name(metric),
        meaning=metric_of(metric).meaning,
        candidate=candidate,
        baseline=baseline,
        change=_cell(evaluation, "change", OVERALL_NAME, metric),
        judgement=formats.judgement(metric, candidate.value, baseline.value, interval),
    )


def _cell(
    evaluation: Evaluation,
    which: Which,
    name: str,
    metric: str,
    with_interval: bool = True,
) -> Cell:
    value = evaluation.value(which, name, metric)
    form = formats.signed if which == "change" else formats.figure
    bounds = evaluation.interval(which, name, metric) if with_interval else None
    return Cell(form(metric, value), value, formats.interval(bounds))


def slice_table(evaluation: Evaluation) -> SliceTable:
    """The slices of an evaluation."""
    metrics = [
        metric
        for metric in _METRICS
        if any(metric in figures for figures in evaluation.candidate.values())
    ]
    columns = [formats.metric_name(metric) for metric in metrics]
    if evaluation.change:
        columns.insert(metrics.index("auc") + 1, "change of AUC")
    with_auc = evaluation.slice_aucs()
    others = evaluation.candidate.keys() - with_auc.keys() - {OVERALL_NAME}
    names = [*with_auc, *sorted(others)]
    statuses = _statuses(evaluation)
    rows = (
        SliceRow(
            name=name,
            features=slicing_of(name),
            examples=int(evaluation.candidate[name].get("examples") or 0),
            cells=tuple(_cells(evaluation, name, metrics)),
            status=statuses.get(name, ""),
        )
        for name in names[:MOST_SLICES]
    )
    left_out = max(0, len(names) - MOST_SLICES)
    return SliceTable(tuple(columns), tuple(rows), left_out)


def empty_slicings(
    evaluation: Evaluation, slicings: Iterable[Iterable[str]]
) -> list[str]:
    """The slicings that no example is in, for want of a value of their features."""
    seen = {slicing_of(name) for name in evaluation.candidate}
    return [name for name in map(slicing_name, slicings) if name not in seen]


def _cells(evaluation: Evaluation, name: str, metrics: Iterable[str]) -> Iterator[Cell]:
    for metric in metrics:
        with_interval = metric in _WITH_INTERVALS
        yield _cell(evaluation, "candidate", name, metric, with_interval)
        if metric == "auc" and evaluation.change:
            yield _cell(evaluation, "change", name, metric)


def _statuses(evaluation: Evaluation) -> dict[str, str]:
    """The worst outcome on each slice that a gate looks at."""
    statuses: dict[str, str] = {}
    for status in reversed(_WORST_FIRST):
        for gate in evaluation.gates:
            if gate.status == status:
                statuses[gate.slice] = status
    return statuses
