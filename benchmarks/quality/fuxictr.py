"""FuxiCTR's models on the same split, in an environment of their own."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import peers
from benchmarks.quality.measure import Figures
from benchmarks.quality.reference import Split, label
from config.features import Numeric
from config.root import Config


def fuxictr_models(
    config: Config, split: Split, seeds: Sequence[int], repository: Path
) -> dict[str, list[Figures]]:
    """Trains and measures DNN, WideDeep, DeepFM, DCNv2 and DeepCrossing.

    Args:
      config: Its features are the columns.
      split: The rows. Regularisation and epochs are chosen on half of `split.choose`:
        a tenth of the rows, as many as the Trainer holds out by default.
      seeds: Seeds of the training runs.
      repository: A checkout of FuxiCTR's repository.

    Returns:
      The figures of each seed by model.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        validation, others = split.choose.iloc[::2], split.choose.iloc[1::2]
        train = pd.concat([split.fit, others])
        parts = {"train": train, "validation": validation, "test": split.test}
        request = _columns(config) | {"seeds": list(seeds)}
        request["model_zoo"] = str(repository / "model_zoo")
        for name, rows in parts.items():
            request[name] = _write(config, rows, Path(folder) / f"{name}.csv")
        file = Path(folder) / "request.json"
        file.write_text(json.dumps(request))
        results = json.loads(peers.run("fuxictr_models", [str(file)]))
    seconds = (time.monotonic() - began) / sum(map(len, results.values()))
    return {
        f"FuxiCTR {name}": [
            Figures(run["auc"], run["log_loss"], None, seconds) for run in runs
        ]
        for name, runs in results.items()
    }


def _columns(config: Config) -> dict[str, Any]:
    """The columns of the request by their kind."""
    numbers: list[str] = []
    categories: list[str] = []
    lists: dict[str, str] = {}
    for name, feature in config.features.items():
        if isinstance(feature, Numeric):
            numbers.append(name)
        elif feature.delimiter:
            lists[name] = feature.delimiter
        else:
            categories.append(name)
    return {"numbers": numbers, "categories": categories, "lists": lists}


def _write(config: Config, rows: pd.DataFrame, path: Path) -> str:
    """Writes the features and the label, named `label`."""
    columns = rows[list(config.features)].assign(label=label(config, rows))
    columns.to_csv(path, index=False)
    return str(path)
