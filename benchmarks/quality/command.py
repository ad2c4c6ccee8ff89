"""Options and runs of the benchmarks of quality."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from benchmarks.places import CHECKOUT
from benchmarks.quality.data import Prepared, prepare
from benchmarks.quality.measure import Figures, train_and_measure
from benchmarks.quality.reference import (
    Split,
    gradient_boosting,
    logistic_regression,
    read_split,
)
from benchmarks.quality.report import Results
from config.load import load_config
from config.model import Model
from config.root import Config

LOGISTIC_REGRESSION = "logistic regression"

Seeds: TypeAlias = Sequence[int]


class Task(NamedTuple):
    """One split of the examples, and the runs on it.

    Attributes:
      config: The configuration file.
      data: The folder of the files.
      seeds: Seeds of the training runs.
      overrides: Settings other than those of the file.
    """

    config: Path
    data: Path
    seeds: Seeds
    overrides: tuple[str, ...] = ()


def parser(module_doc: str | None, seeds: int) -> argparse.ArgumentParser:
    """The options of all benchmarks of quality."""
    options = argparse.ArgumentParser(
        description=module_doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "--work", type=Path, default=CHECKOUT / "runs" / "benchmarks",
        help="folder of transformed examples",
    )  # fmt: skip
    options.add_argument("--seeds", type=int, default=seeds, help="number of seeds")
    options.add_argument(
        "--models", nargs="*", default=Model.kinds(), metavar="KIND",
        help="the models to train; by default all",
    )  # fmt: skip
    options.add_argument(
        "--set", action="append", default=[], dest="overrides", metavar="KEY=VALUE",
        help="a setting other than the example's, as in `ctr run`",
    )  # fmt: skip
    options.add_argument(
        "--no-reference", action="store_true",
        help="without logistic regression and LightGBM",
    )  # fmt: skip
    options.add_argument("--out", type=Path, help="a JSON file to write")
    return options


def require(path: Path) -> None:
    """Ends the program in good order where the data is missing."""
    if not path.exists():
        print(f"skipped: {path} is missing; name its folder with --data")
        sys.exit(0)


def example(name: str) -> Path:
    """The configuration file of an example."""
    return CHECKOUT / "examples" / name / "pipeline.yaml"


def config_of(task: Task, overrides: Sequence[str]) -> Config:
    """The configuration of a task."""
    return load_config(task.config, [*task.overrides, *overrides], str(task.data))


def run_models(
    tasks: Sequence[Task],
    options: argparse.Namespace,
    of_slice: Mapping[str, str],
) -> Results:
    """Trains and measures each model on each task with each seed.

    Args:
      tasks: The splits.
      options: Parsed options of `parser`.
      of_slice: A categorical feature and its value, or nothing.

    Returns:
      The figures of each model.
    """
    results: Results = {}
    for kind in options.models:
        runs: list[Figures] = []
        for task in tasks:
            overrides = [*options.overrides, f"model.kind={kind}"]
            config = config_of(task, overrides)
            prepared = prepare(config, options.work)
            runs += train_all(kind, config, prepared, task.seeds, of_slice)
        results[kind] = runs
    return results


def train_all(
    name: str,
    config: Config,
    prepared: Prepared,
    seeds: Sequence[int],
    of_slice: Mapping[str, str],
) -> list[Figures]:
    """Trains and measures a model with each seed, and tells of each as it ends."""
    runs = []
    for seed in seeds:
        runs.append(train_and_measure(config, prepared, seed, of_slice))
        _tell(name, seed, runs[-1])
    return runs


def run_references(
    tasks: Sequence[Task],
    options: argparse.Namespace,
    of_slice: Mapping[str, str],
    last_file_chooses: bool = False,
) -> Results:
    """The references on each task: once, for they vary less than the splits do."""
    if options.no_reference:
        return {}
    results: Results = {LOGISTIC_REGRESSION: [], "LightGBM": []}
    for task in tasks:
        config = config_of(task, options.overrides)
        split = read_split(config, last_file_chooses)
        for reference, figures in _references(config, split, of_slice, task.seeds[0]):
            results[reference].append(figures)
            _tell(reference, task.seeds[0], figures)
    return results


def _references(
    config: Config, split: Split, of_slice: Mapping[str, str], seed: int
) -> Iterator[tuple[str, Figures]]:
    yield LOGISTIC_REGRESSION, logistic_regression(config, split, of_slice)
    yield "LightGBM", gradient_boosting(config, split, of_slice, seed)


def _tell(name: str, seed: int, figures: Figures) -> None:
    slice_auc = "" if figures.slice_auc is None else f", slice {figures.slice_auc:.4f}"
    print(
        f"{name}, seed {seed}: AUC {figures.auc:.4f}, log loss "
        f"{figures.log_loss:.4f}{slice_auc} ({figures.seconds:.0f} s)",
        flush=True,
    )
