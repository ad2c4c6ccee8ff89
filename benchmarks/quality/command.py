"""Options and runs of the benchmarks of quality."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from benchmarks import command_line
from benchmarks.places import CHECKOUT, REAL_DATA
from benchmarks.quality.data import Prepared, prepare
from benchmarks.quality.fuxictr import fuxictr_models
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
_WITHOUT_SEQUENCES = [kind for kind in Model.kinds() if kind != "din"]

Seeds: TypeAlias = Sequence[int]


class Task(NamedTuple):
    """One split of the examples, and the runs on it.

    Attributes:
      config: The configuration file.
      data: The folder of the files.
      seeds: Seeds of the training runs.
      overrides: Settings other than those of the file.
      of_slice: A categorical feature and its value, or nothing.
      last_file_chooses: The settings of references are chosen on the last training
        file, such as the day before the last; otherwise on a random fifth of the
        training rows.
    """

    config: Path
    data: Path
    seeds: Seeds
    overrides: tuple[str, ...] = ()
    of_slice: Mapping[str, str] = {}
    last_file_chooses: bool = False


def parser(module_doc: str | None, seeds: int) -> argparse.ArgumentParser:
    """The options of all benchmarks of quality."""
    options = command_line.parser(module_doc)
    command_line.add_work(options)
    options.add_argument("--seeds", type=int, default=seeds, help="number of seeds")
    options.add_argument(
        "--models", nargs="*", default=_WITHOUT_SEQUENCES, metavar="KIND",
        help="the models to train; by default all that need no sequence",
    )  # fmt: skip
    options.add_argument(
        "--set", action="append", default=[], dest="overrides", metavar="KEY=VALUE",
        help="a setting other than the example's, as in `ctr run`",
    )  # fmt: skip
    options.add_argument(
        "--no-reference", action="store_true",
        help="without logistic regression and LightGBM",
    )  # fmt: skip
    options.add_argument(
        "--fuxictr", type=Path, metavar="FOLDER",
        help="also train models of FuxiCTR: a checkout of its repository, whose "
        "package lacks them",
    )  # fmt: skip
    return options


def parse_real(
    module_doc: str | None, name: str, file: str, arguments: list[str] | None
) -> argparse.Namespace:
    """Parses the options of a benchmark on real data; ends it where they are missing.

    Args:
      module_doc: Docstring of the benchmark.
      name: Name of the data set.
      file: One of its files.
      arguments: Arguments of the command line.
    """
    parsing = parser(module_doc, seeds=5)
    parsing.add_argument(
        "--data", type=Path, default=REAL_DATA / name, help=f"the folder of {file}"
    )
    parsing.add_argument(
        "--choose",
        action="store_true",
        help="measure on rows held out of the training rows, anew for each seed",
    )
    options = parsing.parse_args(arguments)
    if not (options.data / file).exists():
        path = options.data / file
        print(f"skipped: {path} is missing; name its folder with --data")
        sys.exit(0)
    return options


def example(name: str) -> Path:
    """The configuration file of an example."""
    return CHECKOUT / "examples" / name / "pipeline.yaml"


def config_of(task: Task, overrides: Sequence[str]) -> Config:
    """The configuration of a task."""
    return load_config(task.config, [*task.overrides, *overrides], str(task.data))


def run(tasks: Sequence[Task], options: argparse.Namespace) -> Results:
    """Trains and measures the references and the models on each task.

    Args:
      tasks: The splits.
      options: Parsed options of `parser`.

    Returns:
      The figures by model.
    """
    results: Results = {} if options.no_reference else _run_references(tasks, options)
    if options.fuxictr:
        results |= _run_fuxictr(tasks, options)
    for kind in options.models:
        results[kind] = []
        for task in tasks:
            config = config_of(task, [*options.overrides, f"model.kind={kind}"])
            prepared = prepare(config, options.work)
            results[kind] += train_all(kind, config, prepared, task)
    return results


def train_all(
    name: str, config: Config, prepared: Prepared, task: Task
) -> list[Figures]:
    """Trains and measures a model with each seed, and tells of each as it ends."""
    runs = []
    for seed in task.seeds:
        runs.append(train_and_measure(config, prepared, seed, task.of_slice))
        _tell(name, seed, runs[-1])
    return runs


def _run_references(tasks: Sequence[Task], options: argparse.Namespace) -> Results:
    """The references on each task: once, for they vary less than the splits do."""
    results: Results = {LOGISTIC_REGRESSION: [], "LightGBM": []}
    for task in tasks:
        config = config_of(task, options.overrides)
        split = read_split(config, task.last_file_chooses)
        seed = task.seeds[0]
        for reference, figures in _references(config, split, task.of_slice, seed):
            results[reference].append(figures)
            _tell(reference, seed, figures)
    return results


def _run_fuxictr(tasks: Sequence[Task], options: argparse.Namespace) -> Results:
    """The models of FuxiCTR on each task."""
    results: Results = {}
    for task in tasks:
        config = config_of(task, options.overrides)
        split = read_split(config, task.last_file_chooses)
        models = fuxictr_models(config, split, task.seeds, options.fuxictr)
        for name, runs in models.items():
            results.setdefault(name, []).extend(runs)
            for seed, figures in zip(task.seeds, runs, strict=True):
                _tell(name, seed, figures)
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
