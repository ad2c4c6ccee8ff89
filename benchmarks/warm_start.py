"""Training steps that a warm start saves.

Nine days of simulated clicks. Yesterday's model trains on days 1 to 7, as the pipeline
does; today's on days 2 to 8, whose vocabularies have other terms in another order:
once from random weights and once from yesterday's model. Both are measured on day 9,
which none of them has seen, every so many steps. The table says after how many steps
each has the best AUC of training from scratch, less a small tolerance.

    python -m benchmarks.warm_start
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks import command_line
from benchmarks.places import CHECKOUT
from benchmarks.quality.data import Prepared, prepare
from config.load import load_config
from config.parts import TrainerPart
from config.training import LAST_RELEASE, WarmStart
from ctr.simulate import simulate
from trainer.data.dataset import training_data
from trainer.data.examples import transformed_examples
from trainer.export.signatures import export
from trainer.fit.classifier import build_classifier
from trainer.fit.run import train
from trainer.warm_start.start import warm_start

_DAYS = 9
_EVAL_BATCH = 8192
# AUC that is given away, so that the noise of the last steps does not decide.
_TOLERANCE = 0.001


class Curve(NamedTuple):
    """AUC on the eval split while a model trains.

    Attributes:
      steps: Training steps done; 0 at first.
      auc: The AUC after so many.
    """

    steps: list[int]
    auc: list[float]

    def steps_to(self, auc: float) -> int | None:
        """Steps after which the model first has an AUC; None if it never has."""
        reached = (s for s, a in zip(self.steps, self.auc, strict=True) if a >= auc)
        return next(reached, None)


class Pair(NamedTuple):
    """Training with one seed, from scratch and from yesterday's model."""

    scratch: Curve
    warm: Curve

    @property
    def target(self) -> float:
        """The AUC that both are to reach."""
        return max(self.scratch.auc) - _TOLERANCE


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the benchmark."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(message)s")
    logging.getLogger("trainer.warm_start").setLevel(logging.INFO)
    data = options.work / f"warm_start-data-{options.rows}"
    if not data.exists():
        simulate(data, options.rows, _DAYS, seed=1)
    results = {kind: _pairs(kind, data, options) for kind in options.models}
    command_line.show(
        "Steps to the best AUC from scratch - 0.001, on the next day",
        ("model", "start", "AUC at first", "best AUC", "steps to target"),
        _rows(results),
    )
    command_line.write(options.out, _plain(results))


def _parser() -> argparse.ArgumentParser:
    parser = command_line.parser(__doc__)
    command_line.add_work(parser)
    parser.add_argument("--rows", type=int, default=225_000, help="simulated rows")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument(
        "--models", nargs="*", default=["wide_deep", "embedding_mlp"], metavar="KIND"
    )
    parser.add_argument("--epochs", type=int, default=10, help="of today's model")
    parser.add_argument("--every", type=int, default=50, help="steps between measures")
    return parser


def _pairs(kind: str, data: Path, options: argparse.Namespace) -> list[Pair]:
    yesterday = _prepared(kind, data, options.work, train="1-7", evaluate=8)
    today = _prepared(kind, data, options.work, train="2-8", evaluate=9)
    pairs = []
    for seed in range(1, options.seeds + 1):
        with tempfile.TemporaryDirectory() as base:
            _train_and_export(yesterday, seed, base)
            curves = (_curve(today, seed, start, options) for start in (None, base))
            pairs.append(Pair(*curves))
        print(f"{kind}, seed {seed}: {_in_words(pairs[-1])}", flush=True)
    return pairs


def _prepared(
    kind: str, data: Path, work: Path, *, train: str, evaluate: int
) -> Prepared:
    overrides = [
        f"model.kind={kind}",
        f"examples.splits.train=clicks/day-0[{train}].csv",
        f"examples.splits.eval=clicks/day-0{evaluate}.csv",
    ]
    example = CHECKOUT / "examples" / "ad_click" / "pipeline.yaml"
    return prepare(load_config(example, overrides, str(data)), work)


def _part(prepared: Prepared, seed: int) -> TrainerPart:
    training = prepared.config.training.model_copy(update={"seed": seed})
    return TrainerPart.of(prepared.config.model_copy(update={"training": training}))


def _train_and_export(prepared: Prepared, seed: int, path: str) -> None:
    part = _part(prepared, seed)
    inputs = prepared.inputs(part)
    with tempfile.TemporaryDirectory() as logs:
        model = train(part, inputs, prepared.transform, [prepared.files("train")], logs)
    export(model, inputs, part.features, prepared.transform, path)


def _curve(
    prepared: Prepared, seed: int, base: str | None, options: argparse.Namespace
) -> Curve:
    part = _part(prepared, seed)
    inputs = prepared.inputs(part)
    keras.utils.set_random_seed(seed)
    model = build_classifier(part.model, part.model_settings, inputs, part.training)
    start = WarmStart(model=LAST_RELEASE) if base else None
    warm_start(model, start, inputs, prepared.transform, base)
    held_out = [
        (inputs.dense(columns), columns[part.label].numpy())
        for columns in transformed_examples(
            [prepared.files("eval")], prepared.transform, _EVAL_BATCH
        )
    ]
    labels = np.concatenate([label for _, label in held_out])

    def auc() -> float:
        logits = [model(columns, training=False).numpy() for columns, _ in held_out]
        return roc_auc_score(labels, np.concatenate(logits))

    with training_data(
        [prepared.files("train")], inputs, part.label, prepared.transform, part.training
    ) as data:
        steps = options.epochs * data.steps(0)
        curve = Curve(list(range(0, steps + 1, options.every)), [auc()])
        measure = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: curve.auc.append(auc())
        )
        model.fit(
            data.train(),
            steps_per_epoch=options.every,
            epochs=steps // options.every,
            callbacks=[measure],
            verbose=0,
        )
    keras.backend.clear_session()
    return curve


def _in_words(pair: Pair) -> str:
    return (
        f"AUC {pair.target:.4f} after {pair.scratch.steps_to(pair.target)} steps from "
        f"scratch, {pair.warm.steps_to(pair.target)} warm; best "
        f"{max(pair.scratch.auc):.4f}, {max(pair.warm.auc):.4f}"
    )


def _rows(results: dict[str, list[Pair]]) -> Iterator[tuple[str, ...]]:
    for kind, pairs in results.items():
        for start in Pair._fields:
            curves = [getattr(pair, start) for pair in pairs]
            steps = [
                curve.steps_to(pair.target)
                for curve, pair in zip(curves, pairs, strict=True)
            ]
            yield (
                kind,
                start,
                command_line.spread([curve.auc[0] for curve in curves]),
                command_line.spread([max(curve.auc) for curve in curves]),
                ", ".join("never" if s is None else str(s) for s in steps),
            )


def _plain(results: dict[str, list[Pair]]) -> dict[str, object]:
    return {
        kind: [
            {
                "target": pair.target,
                "scratch": pair.scratch._asdict(),
                "warm": pair.warm._asdict(),
            }
            for pair in pairs
        ]
        for kind, pairs in results.items()
    }


if __name__ == "__main__":
    main()
