"""Attention to sequences beside their mean, by the function that the Trainer calls.

    python -m benchmarks.quality.sequences               80,000 simulated clicks
    python -m benchmarks.quality.sequences --movielens   what each user liked before

The simulated clicks are those of `ctr simulate --sequences`: they hang on how long ago
the user clicked such an ad last, and their true probability is known. The models train
on seven days and are measured on the eighth. The ratings of MovieLens-100K get
histories by what `ctr history` calls, and the last tenth by time is held out. Each
model is trained with each seed, so differences are between pairs.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from statistics import mean, stdev

from benchmarks import command_line
from benchmarks.quality import command, movielens
from benchmarks.quality.data import prepare
from benchmarks.quality.measure import Figures
from benchmarks.quality.report import Results, report
from ctr.simulate import simulate
from pipeline.run.best_possible import best_possible_auc

_DAYS = 8
_CONFIG = command.example("ad_click").with_name("sequences.yaml")
# The hidden layers of `din` in that file: models differ in nothing but the pooling, and
# `din` in Dice.
_LAYERS = ("model.embedding_mlp.hidden_units=[128, 64]",)
_MEAN = "embedding_mlp"
_MODELS = {
    _MEAN: ("model.kind=embedding_mlp",),
    "embedding_mlp-attention": (
        "model.kind=embedding_mlp",
        "model.embedding_mlp.sequence_pooling=attention",
    ),
    "din": ("model.kind=din",),
}


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    options = _parser().parse_args(arguments)
    seeds = range(1, options.seeds + 1)
    if options.movielens:
        task = movielens.with_histories(options.work, seeds)
        title = "MovieLens-100K with histories, the last tenth by time"
    else:
        task = _simulated(options.work, options.rows, seeds)
        best = best_possible_auc(command.config_of(task, []))
        title = f"{options.rows:,} simulated clicks; best possible AUC {best:.4f}"
    results: Results = {}
    for name in options.models:
        config = command.config_of(task, [*_MODELS[name], *options.overrides])
        prepared = prepare(config, options.work)
        results[name] = command.train_all(name, config, prepared, task)
    report(title, results, out=options.out)
    others = [name for name in results if name != _MEAN]
    if _MEAN in results and len(seeds) > 1:
        for name in others:
            print(f"{name} - {_MEAN}: {_difference(results[name], results[_MEAN])}")


def _parser() -> argparse.ArgumentParser:
    parser = command_line.parser(__doc__)
    command_line.add_work(parser)
    parser.add_argument("--seeds", type=int, default=5, help="number of seeds")
    parser.add_argument("--rows", type=int, default=80_000, help="simulated rows")
    parser.add_argument(
        "--models", nargs="*", choices=_MODELS, default=[*_MODELS],
        help="the models to train; by default all",
    )  # fmt: skip
    parser.add_argument(
        "--movielens", action="store_true", help="ratings instead of simulated clicks"
    )
    parser.add_argument(
        "--set", action="append", default=[], dest="overrides", metavar="KEY=VALUE",
        help="a further setting of all models, as in `ctr run`",
    )  # fmt: skip
    return parser


def _simulated(work: Path, rows: int, seeds: command.Seeds) -> command.Task:
    data = work / f"ad_sequences-data-{rows}"
    if not data.exists():
        simulate(data, rows, _DAYS, seed=1, sequences=True)
    return command.Task(_CONFIG, data, seeds, _LAYERS)


def _difference(runs: Sequence[Figures], others: Sequence[Figures]) -> str:
    """The mean difference in AUC of the same seeds, and its standard error."""
    pairs = zip(runs, others, strict=True)
    differences = [run.auc - other.auc for run, other in pairs]
    error = stdev(differences) / sqrt(len(differences))
    return f"AUC {mean(differences):+.4f}, standard error {error:.4f}"


if __name__ == "__main__":
    main()
