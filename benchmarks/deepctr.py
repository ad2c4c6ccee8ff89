"""Does Wide&Deep train faster than that of DeepCTR?

Trains both on the same simulated examples with the same features, hidden layers and
batch size: ours from files as Transform leaves them, DeepCTR's from arrays in memory,
in an environment of its own. They train in turn, round after round, so that what else
the machine does hits them alike; the figures are medians. `plain` is without dropout,
batch norm and L2 on both sides; `defaults` has those of each project.

    python -m benchmarks.deepctr
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import keras
import numpy as np

from benchmarks import command_line, peers
from benchmarks.input_pipeline import train_from_files
from benchmarks.transformed_examples import (
    INPUTS,
    Array,
    read_examples,
    write_examples,
)
from config.model import WideDeep
from config.training import Training
from trainer.fit.classifier import build_classifier

_EPOCHS = 4
_PLAIN = WideDeep(dropout=0.0, batch_norm=False, embedding_l2=0.0)
_SETTINGS = {"plain": _PLAIN, "defaults": WideDeep()}


class Rates(NamedTuple):
    """Examples trained on in a second.

    Attributes:
      ours: In later epochs; the first one parses files.
      deepctr: In later epochs; the first one traces.
    """

    ours: float
    deepctr: float


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="examples")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch-size", type=int, nargs="+", default=[512, 2048])
    options = parser.parse_args(arguments)
    rounds: dict[str, list[Rates]] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "examples"
        write_examples(files, options.rows)
        for size in options.batch_size:
            arrays = Path(folder) / f"{size}.npz"
            examples = _write_arrays(files, size, arrays)
            for settings in _SETTINGS:
                seconds = [
                    _measure(files, arrays, size, settings)
                    for _ in range(options.rounds)
                ]
                rounds[f"{settings}, batch {size:,}"] = [
                    Rates(examples / ours, examples / theirs)
                    for ours, theirs in seconds
                ]
    columns = ("Wide&Deep", "this project", "DeepCTR", "ratio")
    command_line.show("Examples trained on in a second", columns, _rows(rounds))
    command_line.write(options.out, rounds)


def _write_arrays(files: Path, batch_size: int, out: Path) -> int:
    """Writes one epoch's examples in the form that DeepCTR takes, and counts them."""
    with read_examples(files, batch_size) as data:
        batches = [*data.train().take(data.steps(0)).as_numpy_iterator()]
    longest = {
        column.name: max(features[column.name].shape[1] for features, _ in batches)
        for column in INPUTS.ids
        if column.multivalued
    }
    arrays = {
        name: np.concatenate([_padded(f[name], longest.get(name)) for f, _ in batches])
        for name in batches[0][0]
    }
    label = np.concatenate([labels for _, labels in batches])
    table = INPUTS.ids[0]
    sizes = {"num_ids": table.num_ids, "embedding_size": table.embedding_size}
    np.savez(out, label=label, **arrays, **sizes)
    return len(label)


def _padded(values: Array, width: int | None) -> Array:
    if width is None:
        return values
    return np.pad(values, ((0, 0), (0, width - values.shape[1])))


def _measure(
    files: Path, arrays: Path, batch_size: int, settings: str
) -> tuple[float, float]:
    """Seconds of a later epoch, of ours and of DeepCTR's."""
    keras.utils.set_random_seed(1)
    model = build_classifier("wide_deep", _SETTINGS[settings], INPUTS, Training())
    _, ours = train_from_files(model, files, batch_size)
    command = [str(arrays), str(batch_size), str(_EPOCHS), settings]
    _, *theirs = json.loads(peers.run("deepctr_wide_deep", command))
    return median(ours), median(theirs)


def _rows(rounds: dict[str, list[Rates]]) -> Iterator[tuple[str, ...]]:
    for name, rates in rounds.items():
        ratios = sorted(rate.ours / rate.deepctr for rate in rates)
        yield (
            name,
            f"{median(rate.ours for rate in rates):,.0f}",
            f"{median(rate.deepctr for rate in rates):,.0f}",
            f"{median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})",
        )


if __name__ == "__main__":
    main()
