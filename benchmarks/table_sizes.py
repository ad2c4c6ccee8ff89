"""Does training slow down as the vocabularies grow?

Trains Embedding+MLP (AdaGrad) and Wide&Deep (FTRL and AdaGrad) on uniform ids from
tables of 10^3, 10^5 and 10^6 rows, beside the same Embedding+MLP of stock Keras layers
and its stock AdaGrad. All rates are measured in turn, round after round, so that what
else the machine does hits them alike; the figures are medians.

    python -m benchmarks.table_sizes

Batches have the size that a configuration has by default. A larger `--batch` looks up
fewer distinct rows for each example in a small table, but not in a large one.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from benchmarks import command_line
from config.model import EmbeddingMlp, WideDeep
from config.training import Training
from trainer.data.inputs import IdInput, ModelInputs
from trainer.fit.classifier import build_classifier
from trainer.fit.processes import run_in_processes

_FEATURES = 10
_SIZE = 16
_HIDDEN = (256, 128, 64)
_ROWS = (1_000, 100_000, 1_000_000)
_PLAIN = {"dropout": 0.0, "batch_norm": False, "embedding_l2": 0.0, "kernel_l2": 0.0}


def main() -> None:
    """Prints the rates and their ratios."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=200, help="steps in a round")
    parser.add_argument("--batch", type=int, default=Training().batch_size)
    # As the Trainer does.
    run_in_processes(_measure, [(parser.parse_args(),)])


def _measure(options: argparse.Namespace) -> None:
    rates = measure(options.rounds, options.steps, options.batch)
    columns = ("rows", *_BUILDERS, "mlp / stock")
    command_line.show("Examples per second", columns, _rows(rates))
    figures = [[kind, rows, rate] for (kind, rows), rate in rates.items()]
    command_line.write(options.out, figures)


def measure(rounds: int, steps: int, batch: int) -> dict[tuple[str, int], float]:
    """Rates in examples/s by kind of model and rows of a table: medians of rounds."""
    models = {
        (kind, rows): (build(rows), _examples(rows, steps, batch))
        for rows in _ROWS
        for kind, build in _BUILDERS.items()
    }
    for model, examples in models.values():
        model.fit(examples.take(2), verbose=0)
    seconds: dict[tuple[str, int], list[float]] = {key: [] for key in models}
    for _ in range(rounds):
        for key, (model, examples) in models.items():
            started = time.perf_counter()
            model.fit(examples, verbose=0)
            seconds[key].append(time.perf_counter() - started)
    return {
        key: steps * batch / statistics.median(times) for key, times in seconds.items()
    }


def _inputs(rows: int) -> ModelInputs:
    ids = [IdInput(f"id{number}", rows, _SIZE) for number in range(_FEATURES)]
    return ModelInputs(ids=tuple(ids), numbers=())


def _embedding_mlp(rows: int) -> keras.Model:
    settings = EmbeddingMlp(
        hidden_units=_HIDDEN, optimizer="adagrad", learning_rate=0.01, **_PLAIN
    )
    return build_classifier("embedding_mlp", settings, _inputs(rows), Training())


def _wide_deep(rows: int) -> keras.Model:
    settings = WideDeep(hidden_units=_HIDDEN, **_PLAIN)
    return build_classifier("wide_deep", settings, _inputs(rows), Training())


def _stock(rows: int) -> keras.Model:
    """The same network of Keras's own layers, loss and metrics, and its AdaGrad."""
    tensors = _inputs(rows).keras_inputs()
    embedded = [
        keras.layers.Embedding(rows, _SIZE)(tensor) for tensor in tensors.values()
    ]
    hidden = keras.layers.concatenate(embedded)
    for units in _HIDDEN:
        hidden = keras.layers.Dense(units, activation="relu")(hidden)
    model = keras.Model(tensors, keras.layers.Dense(1)(hidden))
    model.compile(
        optimizer=keras.optimizers.Adagrad(0.01),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[
            keras.metrics.AUC(name="auc", num_thresholds=1000, from_logits=True),
            keras.metrics.BinaryCrossentropy(name="log_loss", from_logits=True),
        ],
        jit_compile=False,
    )
    return model


_BUILDERS: dict[str, Callable[[int], keras.Model]] = {
    "embedding_mlp": _embedding_mlp,
    "wide_deep": _wide_deep,
    "stock Keras": _stock,
}


def _examples(rows: int, steps: int, batch: int) -> tf.data.Dataset:
    """Uniform ids and coin-toss labels, made beforehand and kept in memory."""
    generator = tf.random.Generator.from_seed(rows)
    batches = [
        {
            name: generator.uniform([batch], maxval=rows, dtype=tf.int64)
            for name in _inputs(rows).keras_inputs()
        }
        for _ in range(steps)
    ]
    columns = {name: tf.stack([b[name] for b in batches]) for name in batches[0]}
    labels = tf.floor(generator.uniform([steps, batch, 1], maxval=2))
    return tf.data.Dataset.from_tensor_slices((columns, labels)).prefetch(2)


def _rows(rates: dict[tuple[str, int], float]) -> Iterator[tuple[str, ...]]:
    for rows in _ROWS:
        values = [rates[kind, rows] for kind in _BUILDERS]
        ratio = rates["embedding_mlp", rows] / rates["stock Keras", rows]
        yield f"{rows:,}", *(f"{v:,.0f}" for v in values), f"{ratio:.2f}"
    largest = [rates[kind, _ROWS[-1]] / rates[kind, _ROWS[0]] for kind in _BUILDERS]
    yield "last / first", *(f"{share:.2f}" for share in largest), ""


if __name__ == "__main__":
    main()
