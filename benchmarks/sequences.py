"""How does the cost of training grow with the length of a sequence?

Trains Embedding+MLP, which pools a sequence by its mean, and DIN, which attends to it,
on sequences of 10, 50 and 200 items each, the settings as by default. All rates are
measured in turn, round after round; the figures are medians.

    python -m benchmarks.sequences
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import keras
import tensorflow as tf

from benchmarks import command_line
from config.model import Model
from config.training import Training
from trainer.data.inputs import IdInput, ModelInputs
from trainer.fit.classifier import build_classifier

_FEATURES = 10
_NUM_IDS = 100_000
_SIZE = 16
_LENGTHS = (10, 50, 200)
_KINDS = ("embedding_mlp", "din")
_BATCH = 512

_Case = tuple[str, int]


def main() -> None:
    """Prints the rates, and the time that an item takes."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=50, help="steps in a round")
    options = parser.parse_args()
    rates = _measure(options.rounds, options.steps)
    columns = ("items", *_KINDS, "microseconds an item of din")
    command_line.show("Examples per second", columns, _rows(rates))
    figures = [[kind, length, rate] for (kind, length), rate in rates.items()]
    command_line.write(options.out, figures)


def _measure(rounds: int, steps: int) -> dict[_Case, float]:
    """Rates in examples/s by kind of model and length: medians of rounds."""
    examples = {length: _examples(length, steps) for length in _LENGTHS}
    models = {(kind, length): _build(kind) for length in _LENGTHS for kind in _KINDS}
    seconds: dict[_Case, list[float]] = {case: [] for case in models}
    for (_, length), model in models.items():
        model.fit(examples[length].take(2), verbose=0)
    for _ in range(rounds):
        for case, model in models.items():
            started = time.perf_counter()
            model.fit(examples[case[1]], verbose=0)
            seconds[case].append(time.perf_counter() - started)
    return {
        case: steps * _BATCH / statistics.median(times)
        for case, times in seconds.items()
    }


def _inputs() -> ModelInputs:
    ids = [IdInput(f"id{number}", _NUM_IDS, _SIZE) for number in range(_FEATURES)]
    past = IdInput("past", _NUM_IDS, _SIZE, multivalued=True, like=ids[0].name)
    return ModelInputs(ids=(*ids, past), numbers=())


def _build(kind: str) -> keras.Model:
    return build_classifier(kind, Model(kind=kind).settings, _inputs(), Training())


def _examples(length: int, steps: int) -> tf.data.Dataset:
    """Uniform ids and coin-toss labels, made beforehand and kept in memory."""
    generator = tf.random.Generator.from_seed(length)
    columns = {
        column.name: generator.uniform(
            [steps, _BATCH, *([length] if column.multivalued else [])],
            minval=1,
            maxval=_NUM_IDS,
            dtype=tf.int64,
        )
        for column in _inputs().ids
    }
    labels = tf.floor(generator.uniform([steps, _BATCH, 1], maxval=2))
    return tf.data.Dataset.from_tensor_slices((columns, labels)).prefetch(2)


def _rows(rates: dict[_Case, float]) -> Iterator[tuple[str, ...]]:
    shortest = 1 / rates["din", _LENGTHS[0]]
    for length in _LENGTHS:
        values = [rates[kind, length] for kind in _KINDS]
        more = length - _LENGTHS[0]
        slope = 1e6 * (1 / rates["din", length] - shortest) / more if more else None
        item = "" if slope is None else f"{slope:.2f}"
        yield str(length), *(f"{value:,.0f}" for value in values), item


if __name__ == "__main__":
    main()
