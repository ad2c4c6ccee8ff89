"""Whole runs of the demo's pipeline, beside those of another commit.

    python -m benchmarks.whole_run --against COMMIT
    python -m benchmarks.whole_run --against COMMIT --rows 20000 --rounds 1

Checks COMMIT out beside this tree, with an environment of its own, and runs both in
alternation on the same simulated clicks: once from scratch, and again with nothing
changed. Prints seconds by component, peak memory and metrics, and ratios of this tree
to the other; between two numbers of rows, what a further row costs from StatisticsGen
to Transform.
"""

from __future__ import annotations

import itertools
import json
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks import command_line
from benchmarks.places import CHECKOUT
from benchmarks.timed import timed
from ctr.simulate import simulate

_DAYS = 8
_DATA_COMPONENTS = ("StatisticsGen", "SchemaGen", "ExampleValidator", "Transform")
_DATA_PATH = "+".join(_DATA_COMPONENTS)
# Seconds; what takes less is left out of the table.
_SHORTEST = 0.5


# Figures by name, in the order of the table.
Figures: TypeAlias = dict[str, float]


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--against", required=True, metavar="COMMIT")
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[20_000, 200_000, 1_000_000]
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--work", type=Path, default=CHECKOUT / "runs" / "benchmarks" / "whole_run"
    )
    options = parser.parse_args(arguments)
    trees = {
        "this tree": CHECKOUT,
        options.against: _checkout(options.against, options.work),
    }
    measured: dict[int, dict[str, list[Figures]]] = {}
    for rows in options.rows:
        data = options.work / f"data-{rows}"
        if not data.exists():
            simulate(data, rows, _DAYS, seed=1)
        runs: dict[str, list[Figures]] = {name: [] for name in trees}
        for _ in range(options.rounds):
            for name, tree in trees.items():
                runs[name].append(_run(tree, data, options.work / "runs"))
        measured[rows] = runs
        title = f"{rows:,} rows, medians of {options.rounds}"
        command_line.show(title, ("seconds", *trees, "ratio"), _rows(runs))
    command_line.show(
        f"Microseconds for a further row, {_DATA_PATH}",
        ("rows", *trees),
        _marginal_costs(measured),
    )
    command_line.write(options.out, measured)


def _checkout(commit: str, work: Path) -> Path:
    """The tree of a commit with its environment, made where it is missing."""
    tree = work / commit
    if not tree.exists():
        subprocess.run(["git", "clone", "-q", CHECKOUT, tree], check=True)
        subprocess.run(["git", "checkout", "-q", commit], cwd=tree, check=True)
    subprocess.run(["make", "-s", "setup"], cwd=tree, check=True)
    return tree


def _run(tree: Path, data: Path, work_dir: Path) -> Figures:
    """Runs a tree's pipeline twice in an empty work directory.

    Returns:
      Seconds of each component, of the first run and of the second, in which nothing
      has changed, CPU time of the first, peak memory of its largest process, and
      metrics of the eval split.
    """
    shutil.rmtree(work_dir, ignore_errors=True)
    command = [
        str(tree / ".venv" / "bin" / "ctr"),
        *("run", "-c", "examples/ad_click/pipeline.yaml"),
        *("--data", str(data), "--work-dir", str(work_dir)),
    ]
    whole = timed(command, tree)
    summary: dict[str, Any] = json.loads(
        (work_dir / "latest" / "summary.json").read_text()
    )
    cached = timed(command, tree)
    components = {each["id"]: each["seconds"] for each in summary["components"]}
    overall = summary["metrics"]["overall"]
    return {
        **components,
        _DATA_PATH: sum(components.get(name, 0.0) for name in _DATA_COMPONENTS),
        "whole run": whole.seconds,
        "CPU of the whole run": whole.cpu,
        "cached rerun": cached.seconds,
        "peak memory, MiB": whole.peak,
        "AUC": overall["auc"],
        "log loss": overall["log_loss"],
    }


def _rows(runs: dict[str, list[Figures]]) -> Iterator[tuple[str, ...]]:
    """The medians of both trees, and their ratio."""
    ours, theirs = (_medians(each) for each in runs.values())
    for figure in ours | theirs:
        pair = ours.get(figure, 0.0), theirs.get(figure, 0.0)
        if max(pair) >= _SHORTEST or figure == "log loss":
            ratio = f"{pair[0] / pair[1]:.2f}" if pair[1] else ""
            yield figure, *(f"{value:.4g}" for value in pair), ratio


def _marginal_costs(
    measured: dict[int, dict[str, list[Figures]]],
) -> Iterator[tuple[str, ...]]:
    """What a row costs each tree between one number of rows and the next."""
    for (less, before), (more, after) in itertools.pairwise(sorted(measured.items())):
        seconds = [
            _medians(after[tree])[_DATA_PATH] - _medians(before[tree])[_DATA_PATH]
            for tree in after
        ]
        costs = (f"{1e6 * each / (more - less):.1f}" for each in seconds)
        yield f"{less:,} to {more:,}", *costs


def _medians(runs: list[Figures]) -> Figures:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


if __name__ == "__main__":
    main()
