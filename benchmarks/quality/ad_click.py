"""Models on simulated clicks, between a linear model and the best possible AUC.

    python -m benchmarks.quality.ad_click       1,000,000 rows, mean of 3 seeds

The models train on seven days and are measured on the eighth. The true probability of
each click is known, and its AUC is the best possible one. The floor is scikit-learn's
logistic regression on all columns, one-hot, its C chosen on the seventh day; the table
says how much of the gap between the two a model closes.
"""

from __future__ import annotations

import argparse
from statistics import mean

from benchmarks.quality import command
from benchmarks.quality.data import prepare
from benchmarks.quality.report import Results, report
from ctr.simulate import simulate
from pipeline.run.best_possible import best_possible_auc

_NAME = "ad_click"
_DAYS = 8
# The example is made for a log of a fifth of the size: more rows bear larger batches.
_SETTINGS = (
    "training.batch_size=2048",
    "model.deepfm.hidden_units=[128, 64]",
)


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = command.parser(__doc__, seeds=3)
    parser.add_argument("--rows", type=int, default=1_000_000, help="simulated rows")
    options = parser.parse_args(arguments)
    data = options.work / f"{_NAME}-data-{options.rows}"
    if not data.exists():
        simulate(data, options.rows, _DAYS, seed=1)
    task = command.Task(
        command.example(_NAME),
        data,
        range(1, options.seeds + 1),
        _SETTINGS,
        last_file_chooses=True,
    )
    results = {**command.run([task], options), **_without_crosses(task, options)}
    best = best_possible_auc(command.config_of(task, []))
    assert best is not None
    floor = results.get(command.LOGISTIC_REGRESSION)
    gap = (mean(run.auc for run in floor), best) if floor else None
    title = f"{options.rows:,} simulated clicks; best possible AUC {best:.4f}"
    report(title, results, floor_and_best=gap, out=options.out)


def _without_crosses(task: command.Task, options: argparse.Namespace) -> Results:
    """Wide&Deep without its crosses, to measure their value."""
    if "wide_deep" not in options.models:
        return {}
    overrides = [*options.overrides, "model.kind=wide_deep"]
    config = command.config_of(task, overrides)
    # Transformed with crosses, as for the other models: it need not look at them.
    prepared = prepare(config, options.work)
    bare = config.model_copy(update={"crosses": ()})
    name = "wide_deep without crosses"
    return {name: command.train_all(name, bare, prepared, task)}


if __name__ == "__main__":
    main()
