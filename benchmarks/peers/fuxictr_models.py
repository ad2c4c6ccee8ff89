"""Trains five models of FuxiCTR on CSV files, and prints their metrics as JSON.

    python fuxictr_models.py REQUEST.json

The models are in FuxiCTR's repository (`model_zoo`), not in its package. For each one
the regularisation is chosen on a validation part, with the first seed: L2 of the
embeddings, and dropout with batch norm or neither. FuxiCTR's own settings are kept
where they are not about size: Adam at 1e-3, a lower rate on a plateau of AUC minus log
loss, patience 2. Numbers become ids of quantile bins, as FuxiCTR's `quantile_bucket`
has them.
"""

from __future__ import annotations

import itertools
import json
import runpy
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from fuxictr.features import FeatureMap
from fuxictr.pytorch.torch_utils import seed_everything
from sklearn.metrics import log_loss, roc_auc_score

_FOLDERS = {
    "DNN": "DNN/DNN_torch",
    "WideDeep": "WideDeep/WideDeep_torch",
    "DeepFM": "DeepFM/DeepFM_torch",
    "DCNv2": "DCNv2",
    "DeepCrossing": "DeepCrossing",
}
_UNITS = [256, 128, 64]
_SEARCHED = {
    "embedding_regularizer": (1e-6, 1e-5, 1e-4),
    "net_dropout": (0.0, 0.2),
}
_SIZE = 16
_BINS = 20
_BATCH = 512
_EPOCHS = 50

_LABEL = "label"

Columns = dict[str, torch.Tensor]


class Batches:
    """Rows as FuxiCTR's models take them, in batches."""

    def __init__(self, columns: Columns, shuffle: bool):
        """Takes all rows."""
        self._columns = columns
        self._shuffle = shuffle
        self._rows = len(columns[_LABEL])

    def __len__(self) -> int:
        """Number of batches."""
        return -(-self._rows // _BATCH)

    def __iter__(self) -> Iterator[Columns]:
        """Yields one epoch."""
        order = (
            torch.randperm(self._rows) if self._shuffle else torch.arange(self._rows)
        )
        for rows in order.split(_BATCH):
            yield {name: values[rows] for name, values in self._columns.items()}


class Encoder:
    """Texts and numbers as ids: 0 is padding or a missing value, 1 one not seen.

    Attributes:
      feature_map: FuxiCTR's description of the columns.
    """

    def __init__(self, rows: pd.DataFrame, request: dict[str, Any]):
        """Learns vocabularies and bins."""
        self._lists: dict[str, str] = request["lists"]
        self._ids: dict[str, dict[str, int]] = {}
        self._cuts: dict[str, Any] = {}
        self.feature_map = FeatureMap("rows", "")
        self.feature_map.default_emb_dim = _SIZE
        self.feature_map.labels = [_LABEL]
        for name in request["numbers"]:
            cuts = np.quantile(rows[name].dropna(), np.linspace(0, 1, _BINS + 1))
            self._cuts[name] = np.unique(cuts[1:-1])
            self._add(name, len(self._cuts[name]) + 1)
        for name in (*request["categories"], *self._lists):
            values = sorted(self._values(rows, name).explode().dropna().unique())
            self._ids[name] = {value: 2 + n for n, value in enumerate(values)}
            self._add(name, len(values))
        self.feature_map.num_fields = self.feature_map.get_num_fields()

    def _add(self, name: str, values: int) -> None:
        spec = {"type": "categorical", "source": "", "padding_idx": 0}
        spec["vocab_size"] = values + 2
        if name in self._lists:
            spec["type"] = "sequence"
            spec["feature_encoder"] = "layers.MaskedAveragePooling()"
        self.feature_map.features[name] = spec

    def columns(self, rows: pd.DataFrame) -> Columns:
        """Encodes rows, lists padded to the longest."""
        columns = {_LABEL: torch.tensor(rows[_LABEL].to_numpy(np.float32))}
        for name, cuts in self._cuts.items():
            ids = np.searchsorted(cuts, rows[name], "right") + 2
            columns[name] = torch.tensor(np.where(rows[name].isna(), 0, ids))
        for name, known in self._ids.items():
            values = self._values(rows, name)
            if name in self._lists:
                lists = [torch.tensor([known.get(v, 1) for v in x]) for x in values]
                ids = torch.nn.utils.rnn.pad_sequence(lists, batch_first=True).long()
            else:
                ids = values.map(known).fillna(1).where(values.notna(), 0)
                ids = torch.tensor(ids.to_numpy(np.int64))
            columns[name] = ids
        return columns

    def _values(self, rows: pd.DataFrame, name: str) -> pd.Series:
        if name not in self._lists:
            return rows[name]
        lists = rows[name].fillna("").str.split(self._lists[name])
        return lists.map(lambda values: [value for value in values if value])


def main(file: str) -> None:
    """Trains and measures."""
    request = json.loads(Path(file).read_text())
    texts = dict.fromkeys([*request["categories"], *request["lists"]], str)
    rows = {
        part: pd.read_csv(
            request[part], dtype=texts, keep_default_na=False, na_values=[""]
        )
        for part in ("train", "validation", "test")
    }
    encoder = Encoder(rows["train"], request)
    parts = {name: encoder.columns(part) for name, part in rows.items()}
    results = {}
    for name in _FOLDERS:
        settings = _choose(name, request, encoder.feature_map, parts)
        results[name] = [
            _train(name, request, encoder.feature_map, parts, settings, seed)[1]
            for seed in request["seeds"]
        ]
        print(f"FuxiCTR {name}: {settings}", file=sys.stderr, flush=True)
    print(json.dumps(results))


def _choose(
    name: str, request: dict[str, Any], feature_map: FeatureMap, parts: dict[str, Any]
) -> dict[str, float]:
    """The settings of the highest validation AUC with the first seed."""
    tried = []
    for values in itertools.product(*_SEARCHED.values()):
        settings = dict(zip(_SEARCHED, values, strict=True))
        seed = request["seeds"][0]
        validation, _ = _train(name, request, feature_map, parts, settings, seed)
        tried.append((validation["auc"], values))
    return dict(zip(_SEARCHED, max(tried)[1], strict=True))


def _train(
    name: str,
    request: dict[str, Any],
    feature_map: FeatureMap,
    parts: dict[str, Any],
    settings: dict[str, float],
    seed: int,
) -> tuple[dict[str, float], dict[str, float]]:
    """Metrics on the validation part and on the test rows."""
    seed_everything(seed)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rows").mkdir()
        model = _model_class(name, Path(request["model_zoo"]))(
            feature_map,
            model_id=name,
            model_root=folder,
            verbose=0,
            optimizer="adam",
            loss="binary_crossentropy",
            metrics=["AUC", "logloss"],
            monitor={"AUC": 1, "logloss": -1},
            learning_rate=1e-3,
            embedding_dim=_SIZE,
            hidden_units=_UNITS,
            parallel_dnn_hidden_units=_UNITS,
            residual_blocks=_UNITS,
            batch_norm=settings["net_dropout"] > 0,
            **settings,
        )
        validation = Batches(parts["validation"], shuffle=False)
        model.fit(Batches(parts["train"], shuffle=True), _EPOCHS, validation)
        return _metrics(model, parts["validation"]), _metrics(model, parts["test"])


def _metrics(model: Any, columns: Columns) -> dict[str, float]:
    predicted = model.predict(Batches(columns, shuffle=False))
    labels = columns[_LABEL].numpy()
    return {
        "auc": roc_auc_score(labels, predicted),
        "log_loss": log_loss(labels, predicted),
    }


def _model_class(name: str, model_zoo: Path) -> type:
    path = model_zoo / _FOLDERS[name] / "src" / f"{name}.py"
    model: type = runpy.run_path(str(path))[name]
    return model


if __name__ == "__main__":
    main(sys.argv[1])
