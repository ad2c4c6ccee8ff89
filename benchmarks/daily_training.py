"""A further day of daily training, beside the whole window of days.

    python -m benchmarks.daily_training
    python -m benchmarks.daily_training --rows 200000

Runs the components from ExampleGen to Transform on simulated clicks, each time in a
process of its own: on days 1 to 8 in an empty work directory, then on days 2 to 9 in
the same one, and on days 2 to 9 in an empty one. Prints the seconds of each component,
the ratio of the further day to the whole window, and whether the last two runs have
left the same bytes.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import multiprocessing
import shutil
import statistics
import time
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.places import CHECKOUT
from ctr.simulate import simulate

_WINDOW = 8
_SETTINGS = (
    'examples.spans={pattern: "clicks/day-{SPAN}.csv", train: 7}',
    "examples.splits=null",
    "evaluation.true_probability=null",
)
_DATA_PATH = (
    "ExampleGen",
    "StatisticsGen",
    "SchemaGen",
    "ExampleValidator",
    "Transform",
)
# Of the same examples the same bytes. An example holds its features, and a SavedModel
# its nodes, in any order.
_COMPARED = ("FeatureStats.pb", "schema.pbtxt", "assets/*")
_NAMES = ("whole window", "further day", "the same from scratch")


class Run(NamedTuple):
    """One run of the components.

    Attributes:
      seconds: By component.
      files: Files to compare, by path below the artifact.
    """

    seconds: dict[str, float]
    files: dict[str, Path]


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the window")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--work", type=Path, default=CHECKOUT / "runs" / "benchmarks" / "daily_training"
    )
    parser.add_argument("--out", type=Path, help="a JSON file to write")
    options = parser.parse_args(arguments)
    data = options.work / f"data-{options.rows}"
    if not data.exists():
        days = _WINDOW + 1
        simulate(data, options.rows * days // _WINDOW, days, seed=1)
    rounds = [_round(data, options.work) for _ in range(options.rounds)]
    console = Console(width=100)
    console.print(_table(options.rows, rounds))
    if options.out is not None:
        plain = [[run.seconds for run in runs] for runs in rounds]
        options.out.write_text(json.dumps(plain, indent=2))
    different = [name for runs in rounds for name in _different(*runs[1:])]
    console.print("The further day and from scratch left", end=" ")
    console.print(f"different files: {different}" if different else "the same bytes.")


def _round(data: Path, work: Path) -> tuple[Run, Run, Run]:
    daily, scratch = work / "daily", work / "scratch"
    for folder in (daily, scratch):
        shutil.rmtree(folder, ignore_errors=True)
    return (
        _run(data, daily, _WINDOW),
        _run(data, daily, _WINDOW + 1),
        _run(data, scratch, _WINDOW + 1),
    )


def _run(data: Path, folder: Path, newest: int) -> Run:
    """Runs the components in a process of its own, as a day does."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run_here, (data, folder, newest))


def _run_here(data: Path, folder: Path, newest: int) -> Run:
    from config.load import load_config
    from pipeline.run.local import local_dag
    from pipeline.run.nodes import NodeRunner
    from pipeline.workdir import WorkDir

    config = load_config(
        CHECKOUT / "examples" / "ad_click" / "pipeline.yaml",
        _SETTINGS,
        data=str(data),
        span=str(newest),
    )
    folder.mkdir(parents=True, exist_ok=True)
    work_dir = WorkDir(folder)
    runner = NodeRunner(local_dag(config, work_dir), str(newest))
    seconds, files = {}, {}
    for node in runner.nodes:
        name = node.node_info.id
        if name not in _DATA_PATH:
            continue
        began = time.monotonic()
        outputs, _ = runner.run(node)
        seconds[name] = time.monotonic() - began
        for key, artifacts in outputs.items():
            root = Path(artifacts[0].uri)
            for pattern in _COMPARED:
                for path in root.rglob(pattern):
                    files[f"{key}/{path.relative_to(root)}"] = path
    return Run(seconds, files)


def _different(run: Run, other: Run) -> list[str]:
    return [
        name
        for name in sorted(run.files | other.files)
        if not (
            name in run.files
            and name in other.files
            and filecmp.cmp(run.files[name], other.files[name], shallow=False)
        )
    ]


def _table(rows: int, rounds: list[tuple[Run, Run, Run]]) -> Table:
    """The medians, and the ratio of the further day to the whole window."""
    title = f"{rows:,} rows in {_WINDOW} days, medians of {len(rounds)}"
    table = Table("seconds", title=title)
    for column in (*_NAMES, "ratio"):
        table.add_column(column, justify="right")
    for name in (*_DATA_PATH, "all"):
        medians = [
            statistics.median(_seconds(runs[place], name) for runs in rounds)
            for place in range(len(_NAMES))
        ]
        ratio = f"{medians[1] / medians[0]:.2f}"
        table.add_row(name, *(f"{each:.1f}" for each in medians), ratio)
    return table


def _seconds(run: Run, name: str) -> float:
    return sum(run.seconds.values()) if name == "all" else run.seconds[name]


if __name__ == "__main__":
    main()
