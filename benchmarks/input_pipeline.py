"""Does the input pipeline keep the training step fed?

Trains Embedding+MLP on simulated examples, from files as Transform leaves them and from
batches that are in memory. The first epoch from files begins with parsing all of them.
Rates are measured in turn, round after round, so that what else the machine does hits
them alike; the figures are medians, those of ratios over the ratios of a round.

Then the peak memory of training from files, in a process of its own for each of two
numbers of examples.

    python -m benchmarks.input_pipeline
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from benchmarks import command_line
from benchmarks.transformed_examples import INPUTS, read_examples, write_examples
from config.model import EmbeddingMlp
from config.training import Training
from trainer.fit.classifier import build_classifier

# Of which the first begins with parsing.
_EPOCHS = 4
_MEMORY_BATCH = 2048
# ru_maxrss is in kilobytes, but on macOS in bytes.
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Rates(NamedTuple):
    """Examples trained on in a second.

    Attributes:
      memory: From batches in memory.
      first: From files, in the first epoch, parsing included.
      later: From files, in later epochs.
    """

    memory: float
    first: float
    later: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the benchmark."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        peaks = {}
        # Before this process grows: a process begins with the peak of its parent.
        for rows in options.memory_rows:
            files = Path(folder) / f"memory-{rows}"
            write_examples(files, rows)
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                peaks[rows] = process.submit(peak_memory, files).result()
        files = Path(folder) / "rates"
        write_examples(files, options.rows)
        rounds = {
            size: measure(files, size, options.rounds) for size in options.batch_size
        }
    rates = "Examples trained on in a second"
    ratios = ("from memory", "first epoch", "ratio", "later epochs", "ratio")
    command_line.show(rates, ("batch size", *ratios), _rates_rows(rounds))
    if peaks:
        rows = [(f"{rows:,}", f"{peak / 1e6:,.0f}") for rows, peak in peaks.items()]
        columns = ("examples", "peak memory, MB")
        command_line.show("Training from files", columns, rows)
    command_line.write(options.out, {"rounds": rounds, "peak_memory_bytes": peaks})


def _parser() -> argparse.ArgumentParser:
    parser = command_line.parser(__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="examples")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-size", type=int, nargs="+", default=[512, 2048])
    parser.add_argument(
        "--memory-rows",
        type=int,
        nargs="*",
        default=[200_000, 1_000_000],
        help="numbers of examples to measure the peak memory with",
    )
    return parser


def measure(files: Path, batch_size: int, rounds: int) -> list[Rates]:
    """Measures the rates in turn.

    Args:
      files: Folder of the examples.
      batch_size: Examples in a step.
      rounds: Number of repetitions.
    """
    model = _model()
    with read_examples(files, batch_size) as data:
        steps = data.steps(0)
        in_memory = data.train().take(steps).cache()
        examples = sum(len(labels) for _, labels in in_memory)
        _train(model, in_memory.repeat(), steps, epochs=1)
        results = []
        for _ in range(rounds):
            memory = _train(model, in_memory.repeat(), steps)
            first, later = train_from_files(model, files, batch_size)
            seconds = (median(memory[1:]), first, median(later))
            results.append(Rates(*(examples / s for s in seconds)))
    return results


def train_from_files(
    model: keras.Model, files: Path, batch_size: int
) -> tuple[float, list[float]]:
    """Seconds of the first epoch, parsing included, and of the later ones."""
    started = time.perf_counter()
    with read_examples(files, batch_size) as data:
        parsing = time.perf_counter() - started
        first, *later = _train(model, data.train(), data.steps(0))
    return parsing + first, later


def _train(
    model: keras.Model, batches: tf.data.Dataset, steps: int, epochs: int = _EPOCHS
) -> list[float]:
    """Seconds of each epoch; the first has what begins before it."""
    times = [time.perf_counter()]
    clock = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: times.append(time.perf_counter())
    )
    model.fit(
        batches,
        steps_per_epoch=steps,
        epochs=epochs,
        shuffle=False,
        callbacks=[clock],
        verbose=0,
    )
    return np.diff(times).tolist()


def peak_memory(files: Path) -> int:
    """Trains from files.

    Returns:
      The most memory that this process has had, in bytes.
    """
    train_from_files(_model(), files, _MEMORY_BATCH)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT


def _model() -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_classifier("embedding_mlp", EmbeddingMlp(), INPUTS, Training())


def _rates_rows(rounds: dict[int, list[Rates]]) -> Iterator[tuple[str, ...]]:
    for size, rates in rounds.items():
        yield (
            f"{size:,}",
            f"{median(r.memory for r in rates):,.0f}",
            f"{median(r.first for r in rates):,.0f}",
            f"{median(r.first / r.memory for r in rates):.2f}",
            f"{median(r.later for r in rates):,.0f}",
            f"{median(r.later / r.memory for r in rates):.2f}",
        )


if __name__ == "__main__":
    main()
