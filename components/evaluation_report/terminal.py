"""The report of a run as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from components.evaluation_report import formats, verdict
from components.evaluation_report.content import (
    Data,
    Importances,
    Lineage,
    Report,
    WideWeights,
)
from components.evaluation_report.tables import (
    MetricRow,
    SliceTable,
    overall_rows,
    slice_table,
)
from components.evaluator.record import Evaluation, Outcome
from components.infra_validator.record import InfraRecord
from config.console import add_row, new_table, say

# Rich puts a space on both sides of a cell, and a line between cells.
_BESIDE_A_CELL = 3
# A slice's name gets as much at least, in as many lines as it needs.
_NAME = 24
# Of the weights that the page has.
_WEIGHTS = 10

# A heading, and a cell for each row.
_Column = tuple[str, list[str]]


def render_report(report: Report, console: Console) -> None:
    """Prints a report.

    Args:
      report: The report.
      console: Output; its width decides on the columns of the slices.
    """
    say(console, f"\n{report.name}, {report.model}: {verdict.headline(report)}")
    for sentence in verdict.findings(report):
        say(console, f"  - {sentence}")
    for table in _tables(report, console.width):
        console.print()
        console.print(table)
    if report.importances_problem is not None:
        say(console, f"\nImportance is not known: {report.importances_problem}.")
    say(console, "")
    for line in _lineage(report.lineage):
        say(console, line)


def _tables(report: Report, width: int) -> Iterator[Table]:
    evaluation = report.evaluation
    if evaluation is not None:
        if evaluation.gates:
            yield _gates(evaluation)
        yield _overall(overall_rows(evaluation), bool(evaluation.baseline))
        slices = slice_table(evaluation)
        if slices.rows:
            yield _slices(slices, width)
    if report.infra is not None and report.infra.answers:
        yield _infra(report.infra)
    if report.importances is not None:
        yield _importances(report.importances)
    if report.wide_weights is not None:
        yield _weights(report.wide_weights)
    if report.data.anomalies:
        yield _anomalies(report.data)
    if report.data.distances:
        yield _distances(report.data)


def _gates(evaluation: Evaluation) -> Table:
    shown, folded = verdict.gates_to_show(evaluation)
    table = new_table("Gates", ("condition", "outcome", "slice", "figures"))
    for gate in shown:
        add_row(table, (gate.condition, gate.status, gate.slice, _figures(gate)))
    if folded:
        table.caption = f"and {len(folded):,} conditions without enough data"
        table.caption_justify = "left"
    return table


def _figures(gate: Outcome) -> str:
    return gate.reason if gate.note is None else f"{gate.reason}; {gate.note}"


def _overall(rows: Sequence[MetricRow], compared: bool) -> Table:
    title = "Metrics on all examples, with 95% intervals"
    headings = ("candidate", "baseline", "change") if compared else ("candidate",)
    table = new_table(title, ("metric",))
    for heading in headings:
        table.add_column(heading, justify="right", overflow="fold")
    if compared:
        table.add_column("is it better?")
    for row in rows:
        figures = [row.candidate, row.baseline, row.change][: len(headings)]
        cells = ["\n".join(filter(None, (f.text, f.detail))) for f in figures]
        add_row(table, (row.name, *cells, *([row.judgement] if compared else [])))
    return table


def _slices(found: SliceTable, width: int) -> Table:
    """The slices, with intervals if there is room, or the columns there is room for."""
    longest = max((len(row.name) for row in found.rows), default=0)
    room = width - min(longest, _NAME) - 2 * _BESIDE_A_CELL
    columns = _slice_columns(found, with_intervals=True)
    if sum(map(_width, columns)) > room:
        columns = _slice_columns(found, with_intervals=False)
    fitting = []
    for column in columns:
        if _width(column) <= room:
            fitting.append(column)
            room -= _width(column)
    title = "Slices, the lowest AUC first"
    table = new_table(title, ("slice",), [heading for heading, _ in fitting])
    for number, row in enumerate(found.rows):
        add_row(table, (row.name, *(cells[number] for _, cells in fitting)))
    if found.left_out:
        table.caption = f"and {found.left_out:,} more, of higher AUC"
        table.caption_justify = "left"
    return table


def _slice_columns(found: SliceTable, with_intervals: bool) -> list[_Column]:
    columns = [("gates", [row.status for row in found.rows])]
    for number, heading in enumerate(found.columns):
        cells = [row.cells[number] for row in found.rows]
        texts = [
            f"{cell.text} ({cell.detail})"
            if cell.detail and with_intervals
            else cell.text
            for cell in cells
        ]
        columns.append((heading, texts))
    # The AUC is what the rows are sorted by.
    return [columns[1], columns[0], *columns[2:]]


def _width(column: _Column) -> int:
    heading, cells = column
    return max(map(len, (heading, *cells))) + _BESIDE_A_CELL


def _infra(infra: InfraRecord) -> Table:
    title = f"Serving: {infra.rows:,} rows asked of {infra.server}"
    numbers = ("differing", "largest difference", "p50 ms", "p99 ms")
    table = new_table(title, ("signature",), numbers)
    for signature, each in infra.answers.items():
        largest = formats.difference(each.largest_difference)
        times = (f"{each.p50_ms:.2f}", f"{each.p99_ms:.2f}")
        add_row(table, (signature, f"{each.differing:,}", largest, *times))
    return table


def _importances(found: Importances) -> Table:
    title = f"Importance: what {found.examples:,} examples lose by shuffling a feature"
    table = new_table(title, ("feature",), ("AUC lost", "least to most", "log loss"))
    for each in found.features:
        figures = (
            f"{each.auc_loss:.4f}",
            f"{each.lowest:.4f} to {each.highest:.4f}",
            f"{each.log_loss_rise:+.4f}",
        )
        add_row(table, (each.feature, *figures))
    return table


def _weights(found: WideWeights) -> Table:
    title = f"Heaviest of {found.ids:,} weights of the wide part"
    table = new_table(title, ("value", "of"), ("weight", "odds", "examples"))
    for each in found.heaviest[:_WEIGHTS]:
        odds = f"x {formats.odds(each.weight)}"
        figures = (f"{each.weight:+.4f}", odds, f"{each.share:.1%}")
        add_row(table, (each.term, each.column, *figures))
    return table


def _anomalies(data: Data) -> Table:
    table = new_table("Anomalies", ("feature", "split", "severity", "what"))
    for each in sorted(data.anomalies, key=lambda each: not each.is_error):
        severity = "error" if each.is_error else "warning"
        add_row(table, (each.feature or "(all)", each.split, severity, each.words))
    return table


def _distances(data: Data) -> Table:
    title = "Drift from earlier examples, skew from what was served"
    table = new_table(title, ("feature", "kind", "in words"), ("divergence", "allowed"))
    for each in data.distances:
        allowed = "-" if each.allowed is None else f"{each.allowed:g}"
        said = formats.divergence(each.value)
        if each.allowed is not None and each.value > each.allowed:
            said += ", more than allowed"
        add_row(table, (each.feature, each.kind, said, f"{each.value:.4f}", allowed))
    return table


def _lineage(lineage: Lineage) -> Iterator[str]:
    if lineage.baseline is not None:
        changes = lineage.baseline.changes
        many = "not known" if changes is None else f"{len(changes)}"
        yield f"Baseline: version {lineage.baseline.version}; changes since: {many}"
        for each in changes or ():
            before, now = each.before or "not there", each.now or "not there"
            yield f"  {each.key}: {before} -> {now}"
    if lineage.spans is not None:
        yield f"Spans:    {lineage.spans.in_words()}"
    for source in lineage.sources:
        size = f"{source.files:,} files, {source.bytes:,} bytes"
        yield f"Examples: {source.split}: {size}, checksum {source.checksum}"
    yield f"Schema:   {lineage.schema_origin}"
    yield f"Packages: {_pairs(lineage.packages)}"
    yield f"Seeds:    {_pairs(lineage.seeds)}"


def _pairs(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
