"""Whole runs of the demo's pipeline, beside those of another commit.

    python -m benchmarks.whole_run --against COMMIT
    python -m benchmarks.whole_run --against COMMIT --rows 20000 --rounds 1

Checks COMMIT out beside this tree, with an environment of its own, and runs both in
alternation on the same simulated clicks: once from scratch, and again with nothing
changed. Prints seconds by component, peak memory and metrics, and ratios of this tree
to the other.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.places import CHECKOUT
from ctr.simulate import simulate

_DAYS = 8
_DATA_PATH = ("StatisticsGen", "SchemaGen", "ExampleValidator", "Transform")
# Seconds; what takes less is left out of the table.
_SHORTEST = 0.5


class Run(NamedTuple):
    """One run from scratch, and the same again.

    Attributes:
      components: Seconds of each component.
      whole: Seconds of the command.
      cached: Seconds of the command when nothing has changed.
      peak: Peak memory of its processes, the largest of them, in MiB.
      auc: AUC of the eval split.
      log_loss: Log loss of the eval split.
    """

    components: dict[str, float]
    whole: float
    cached: float
    peak: float
    auc: float
    log_loss: float

    @property
    def figures(self) -> dict[str, float]:
        """The rows of the table."""
        data_path = sum(self.components.get(name, 0.0) for name in _DATA_PATH)
        return {
            **self.components,
            "+".join(_DATA_PATH): data_path,
            "whole run": self.whole,
            "cached rerun": self.cached,
            "peak memory, MiB": self.peak,
            "AUC": self.auc,
            "log loss": self.log_loss,
        }


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", required=True, metavar="COMMIT")
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[20_000, 200_000, 1_000_000]
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--work", type=Path, default=CHECKOUT / "runs" / "benchmarks" / "whole_run"
    )
    parser.add_argument("--out", type=Path, help="a JSON file to write")
    options = parser.parse_args(arguments)
    trees = {
        "this tree": CHECKOUT,
        options.against: _checkout(options.against, options.work),
    }
    measured: dict[int, dict[str, list[Run]]] = {}
    for rows in options.rows:
        data = options.work / f"data-{rows}"
        if not data.exists():
            simulate(data, rows, _DAYS, seed=1)
        runs: dict[str, list[Run]] = {name: [] for name in trees}
        for _ in range(options.rounds):
            for name, tree in trees.items():
                runs[name].append(_run(tree, data, options.work / "runs"))
        measured[rows] = runs
        Console(width=100).print(_table(rows, runs))
    if options.out is not None:
        options.out.write_text(json.dumps(_plain(measured), indent=2))


def _checkout(commit: str, work: Path) -> Path:
    """The tree of a commit with its environment, made where it is missing."""
    tree = work / commit
    if not tree.exists():
        subprocess.run(["git", "clone", "-q", CHECKOUT, tree], check=True)
        subprocess.run(["git", "checkout", "-q", commit], cwd=tree, check=True)
    subprocess.run(["make", "-s", "setup"], cwd=tree, check=True)
    return tree


def _run(tree: Path, data: Path, work_dir: Path) -> Run:
    """Runs a tree's pipeline twice in an empty work directory."""
    shutil.rmtree(work_dir, ignore_errors=True)
    command = [
        str(tree / ".venv" / "bin" / "ctr"),
        *("run", "-c", "examples/ad_click/pipeline.yaml"),
        *("--data", str(data), "--work-dir", str(work_dir)),
    ]
    whole, peak = _timed(command, tree)
    summary: dict[str, Any] = json.loads(
        (work_dir / "latest" / "summary.json").read_text()
    )
    cached, _ = _timed(command, tree)
    overall = summary["metrics"]["overall"]
    return Run(
        {each["id"]: each["seconds"] for each in summary["components"]},
        whole,
        cached,
        peak,
        overall["auc"],
        overall["log_loss"],
    )


def _timed(command: list[str], tree: Path) -> tuple[float, float]:
    """Seconds of a command, and the peak memory of its largest process in MiB."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=tree, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return seconds, usage.ru_maxrss / 1024


def _table(rows: int, runs: dict[str, list[Run]]) -> Table:
    """The medians of both trees, and their ratio."""
    table = Table(title=f"{rows:,} rows, medians of {len(next(iter(runs.values())))}")
    table.add_column("seconds")
    for name in (*runs, "ratio"):
        table.add_column(name, justify="right")
    ours, theirs = (_medians(each) for each in runs.values())
    for figure in ours | theirs:
        pair = ours.get(figure, 0.0), theirs.get(figure, 0.0)
        if max(pair) >= _SHORTEST or figure == "log loss":
            ratio = f"{pair[0] / pair[1]:.2f}" if pair[1] else ""
            table.add_row(figure, *(f"{value:.4g}" for value in pair), ratio)
    return table


def _medians(runs: list[Run]) -> dict[str, float]:
    return {
        name: statistics.median(run.figures[name] for run in runs)
        for name in runs[0].figures
    }


def _plain(measured: dict[int, dict[str, list[Run]]]) -> dict[str, object]:
    return {
        str(rows): {name: [run.figures for run in each] for name, each in runs.items()}
        for rows, runs in measured.items()
    }


if __name__ == "__main__":
    main()
