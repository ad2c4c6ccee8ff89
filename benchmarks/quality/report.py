"""A table of what was measured, and the same as JSON."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

from benchmarks import command_line
from benchmarks.quality.measure import Figures

Results = dict[str, list[Figures]]


def report(
    title: str,
    results: Results,
    slice_name: str | None = None,
    floor_and_best: tuple[float, float] | None = None,
    out: Path | None = None,
) -> None:
    """Prints the results, and writes them where that is wanted.

    Args:
      title: Name of the benchmark.
      results: By model, the figures of each seed.
      slice_name: Name of the slice, where there is one.
      floor_and_best: Two AUCs; of the gap between them, the table says how much a
        model closes.
      out: The JSON file.
    """
    columns = ["model", "runs", "AUC", "log loss"]
    columns += [f"AUC of {slice_name}"] if slice_name else []
    columns += ["of the gap"] if floor_and_best else []
    rows = [(name, *_cells(runs, floor_and_best)) for name, runs in results.items()]
    command_line.show(title, [*columns, "seconds"], rows)
    command_line.write(out, _plain(title, results, floor_and_best))


def _cells(
    runs: list[Figures], floor_and_best: tuple[float, float] | None
) -> list[str]:
    cells = [
        str(len(runs)),
        command_line.spread([run.auc for run in runs]),
        command_line.spread([run.log_loss for run in runs]),
    ]
    slices = [run.slice_auc for run in runs if run.slice_auc is not None]
    cells += [command_line.spread(slices)] if slices else []
    if floor_and_best:
        cells.append(f"{gap_closed(runs, floor_and_best):.0%}")
    return [*cells, f"{mean(run.seconds for run in runs):.0f}"]


def gap_closed(runs: list[Figures], floor_and_best: tuple[float, float]) -> float:
    """Share of the gap between two AUCs that the mean AUC closes."""
    floor, best = floor_and_best
    return (mean(run.auc for run in runs) - floor) / (best - floor)


def _plain(
    title: str, results: Results, floor_and_best: tuple[float, float] | None
) -> dict[str, object]:
    plain: dict[str, object] = {
        "title": title,
        "results": {
            name: [run._asdict() for run in runs] for name, runs in results.items()
        },
    }
    if floor_and_best:
        plain["best_possible_auc"] = floor_and_best[1]
        plain["gap_closed"] = {
            name: gap_closed(runs, floor_and_best) for name, runs in results.items()
        }
    return plain
