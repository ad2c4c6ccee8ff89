"""Reference models on the same split: scikit-learn's logistic regression, LightGBM.

They see the raw files, not what Transform makes of them, so that a fault of ours would
not make them look worse.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lightgbm
import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import MultiLabelBinarizer, OneHotEncoder

from benchmarks.quality.measure import Array, Figures, figures
from config.features import Feature, Numeric
from config.root import Config

_BINS = 20
_STRENGTHS = (0.03, 0.1, 0.3, 1.0)
_LEAVES = (7, 31)
_MOST_TREES = 1000


class Split(NamedTuple):
    """Rows, in three parts.

    Attributes:
      fit: To fit on while settings are chosen.
      choose: To choose settings on.
      test: To measure on, once fitted to all others.
    """

    fit: pd.DataFrame
    choose: pd.DataFrame
    test: pd.DataFrame

    @property
    def train(self) -> pd.DataFrame:
        """All rows but those to measure on."""
        return pd.concat([self.fit, self.choose], ignore_index=True)


def read_split(config: Config, last_file_chooses: bool) -> Split:
    """Reads the files of a configuration.

    Args:
      config: Has explicit splits of CSV files.
      last_file_chooses: Settings are chosen on the last training file, such as the
        day before the last; otherwise on a random fifth of the training rows.
    """
    assert config.examples.splits is not None
    root = Path(config.examples.root)
    train, test = (
        [_read(file, config) for file in sorted(root.glob(pattern))]
        for pattern in (config.examples.splits.train, config.examples.splits.eval)
    )
    if last_file_chooses:
        fit, choose = pd.concat(train[:-1], ignore_index=True), train[-1]
    else:
        rows = pd.concat(train, ignore_index=True)
        chosen = np.random.default_rng(0).random(len(rows)) < 0.2
        fit, choose = rows[~chosen], rows[chosen]
    return Split(fit, choose, pd.concat(test, ignore_index=True))


def logistic_regression(
    config: Config, split: Split, of_slice: Mapping[str, str]
) -> Figures:
    """One-hot of all features, numbers in quantile bins; C is chosen."""
    encoder = OneHot(config, split.fit)
    fit, choose = encoder.matrix(split.fit), encoder.matrix(split.choose)
    model = LogisticRegression(max_iter=200, warm_start=True)
    tried = {}
    for strength in _STRENGTHS:
        model.set_params(C=strength).fit(fit, label(config, split.fit))
        scores = model.decision_function(choose)
        tried[strength] = roc_auc_score(label(config, split.choose), scores)
    best = max(tried, key=lambda strength: tried[strength])
    began = time.monotonic()
    encoder = OneHot(config, split.train)
    model = LogisticRegression(C=best, max_iter=200)
    model.fit(encoder.matrix(split.train), label(config, split.train))
    seconds = time.monotonic() - began
    scores = model.decision_function(encoder.matrix(split.test))
    within = _within(split.test, of_slice)
    return figures(label(config, split.test), scores, within, seconds)


def gradient_boosting(
    config: Config, split: Split, of_slice: Mapping[str, str], seed: int
) -> Figures:
    """LightGBM; its number of leaves and of trees are chosen."""

    def data(rows: pd.DataFrame, levels: Levels) -> lightgbm.Dataset:
        return lightgbm.Dataset(
            levels.frame(rows), label(config, rows), free_raw_data=False
        )

    levels = Levels(config, split.fit)
    fit, choose = data(split.fit, levels), data(split.choose, levels)
    tried = {
        leaves: lightgbm.train(
            _parameters(leaves, seed),
            fit,
            _MOST_TREES,
            [choose],
            callbacks=[lightgbm.early_stopping(50, verbose=False)],
        )
        for leaves in _LEAVES
    }
    best = max(tried, key=lambda leaves: tried[leaves].best_score["valid_0"]["auc"])
    began = time.monotonic()
    levels = Levels(config, split.train)
    parameters, trees = _parameters(best, seed), tried[best].best_iteration
    model = lightgbm.train(parameters, data(split.train, levels), trees)
    seconds = time.monotonic() - began
    scores = model.predict(levels.frame(split.test), raw_score=True)
    within = _within(split.test, of_slice)
    return figures(label(config, split.test), np.asarray(scores), within, seconds)


def label(config: Config, rows: pd.DataFrame) -> Array:
    """The label of each row, as ExampleGen derives it."""
    column = rows[config.label.column].astype(float)
    if config.label.greater_than is None:
        return column.to_numpy()
    times = (
        1.0 if config.label.times is None else rows[config.label.times].astype(float)
    )
    return (column > config.label.greater_than * times).astype(float).to_numpy()


class OneHot:
    """Every feature as a logistic regression sees it best."""

    def __init__(self, config: Config, rows: pd.DataFrame):
        """Learns values and bins from the training rows."""
        self._features = config.features
        self._boundaries = {
            name: _boundaries(rows[name].dropna()) for name in _of_kind(config, Numeric)
        }
        self._values = {
            name: MultiLabelBinarizer(sparse_output=True).fit(_lists(rows, name, of))
            for name, of in self._features.items()
            if _delimiter(of)
        }
        self._encoder = OneHotEncoder(handle_unknown="ignore").fit(self._single(rows))

    def matrix(self, rows: pd.DataFrame) -> scipy.sparse.csr_matrix:
        """The rows, one-hot; lists also by the share of each value."""
        parts = [self._encoder.transform(self._single(rows))]
        for name, binarizer in self._values.items():
            lists = _lists(rows, name, self._features[name])
            known = set(binarizer.classes_)
            hot = binarizer.transform([known.intersection(values) for values in lists])
            length = np.maximum(hot.sum(axis=1), 1)
            parts += [hot, scipy.sparse.csr_matrix(2 * hot / length)]
        return scipy.sparse.hstack(parts).tocsr()

    def _single(self, rows: pd.DataFrame) -> pd.DataFrame:
        columns = {}
        for name in self._features:
            if name in self._boundaries:
                bins = np.searchsorted(self._boundaries[name], rows[name], "right")
                columns[name] = np.where(rows[name].isna(), -1, bins)
            elif name not in self._values:
                columns[name] = rows[name].astype(str)
        return pd.DataFrame(columns, index=rows.index)


def _boundaries(numbers: pd.Series) -> Array:
    """Quantiles; a value that would fill a bin gets one of its own."""
    shares = numbers.value_counts(normalize=True)
    dominant = shares.index[shares >= 1 / _BINS].to_numpy(float)
    others = numbers[~numbers.isin(dominant)]
    cuts = np.quantile(others, np.linspace(0, 1, _BINS + 1)) if len(others) else []
    return np.unique([*cuts, *dominant, *np.nextafter(dominant, np.inf)])


class Levels:
    """Every feature as LightGBM takes it: numbers, and categories of the training."""

    def __init__(self, config: Config, rows: pd.DataFrame):
        """Learns the categories from the training rows."""
        self._features = config.features
        self._levels = {
            name: sorted(rows[name].dropna().unique())
            for name, feature in config.features.items()
            if not isinstance(feature, Numeric) and not _delimiter(feature)
        }
        self._values = {
            name: sorted({v for values in _lists(rows, name, of) for v in values})
            for name, of in self._features.items()
            if _delimiter(of)
        }

    def frame(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows; a list becomes a column of 0 and 1 for each value."""
        columns: dict[str, Any] = {}
        for name, feature in self._features.items():
            if name in self._levels:
                columns[name] = pd.Categorical(rows[name], self._levels[name])
            elif name in self._values:
                lists = _lists(rows, name, feature)
                for index, value in enumerate(self._values[name]):
                    columns[f"{name}_{index}"] = [value in values for values in lists]
            else:
                columns[name] = rows[name].to_numpy()
        return pd.DataFrame(columns)


def _parameters(leaves: int, seed: int) -> dict[str, Any]:
    return {
        "objective": "binary",
        "metric": "auc",
        "learning_rate": 0.05,
        "num_leaves": leaves,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "cat_smooth": 20,
        "seed": seed,
        # More of them wait for one another where the machine has other work.
        "num_threads": 1,
        "verbose": -1,
    }


def _read(file: Path, config: Config) -> pd.DataFrame:
    numbers = _of_kind(config, Numeric)
    texts = {name: str for name in config.features if name not in numbers}
    return pd.read_csv(
        file,
        dtype=texts,
        na_values=list(config.examples.missing_values),
        keep_default_na=False,
    )


def _of_kind(config: Config, kind: type) -> list[str]:
    return [name for name, of in config.features.items() if isinstance(of, kind)]


def _delimiter(feature: Feature) -> str | None:
    return None if isinstance(feature, Numeric) else feature.delimiter


def _lists(rows: pd.DataFrame, name: str, feature: Feature) -> Sequence[list[str]]:
    texts = rows[name].fillna("")
    lists = texts.str.split(_delimiter(feature))
    return [[value for value in values if value] for values in lists]


def _within(rows: pd.DataFrame, of_slice: Mapping[str, str]) -> Array | None:
    if not of_slice:
        return None
    within = np.ones(len(rows), bool)
    for name, value in of_slice.items():
        within &= (rows[name] == value).to_numpy()
    return within
