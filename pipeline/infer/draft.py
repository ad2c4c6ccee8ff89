"""From files to the text of a first configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.config.features import Categorical, Feature, Numeric
from pipeline.errors import InputError
from pipeline.infer.column import Column, Ints, make_column
from pipeline.infer.guess import Guess, guess, is_legal_name
from pipeline.infer.label import check_label
from pipeline.infer.sample import read_sample
from pipeline.infer.signal import PairGain, single_column_auc, worthwhile_crosses
from pipeline.infer.split import guess_split
from pipeline.infer.text import listed
from pipeline.infer.write import Draft, SliceGuess, write

_MOST_CROSSES = 2
_MOST_SLICINGS = 3
_MOST_SLICES = 10
_LEAST_SHARE_OF_SECOND_SLICE = 0.05


def infer_config(
    files: Sequence[Path],
    label: str,
    name: str | None = None,
    folder: Path | None = None,
) -> str:
    """Infers a first configuration from a bounded sample of the user's files.

    Args:
      files: CSV (also gzip-compressed), Parquet or TFRecord files of tf.Examples.
      label: Name of the label column or, for a label derived from a number, the label
        block in braces, such as `{column: tips, greater_than: 0}`.
      name: Name of the pipeline; by default the folder's or, of a single file, the
        file's.
      folder: The folder that the configuration is written to; `examples.root` is then
        relative to it, and else absolute.

    Returns:
      YAML that `pipeline.config.load_config` accepts, with a comment for each guess.

    Raises:
      InputError: The files, the label or the name cannot be used.
    """
    if name is not None and not is_legal_name(name):
        raise InputError(
            f"--name {name!r}: a name starts with a letter and has only A-Z, a-z, 0-9 "
            "and _"
        )
    sample = read_sample(files)
    all_columns = {key: make_column(key, v) for key, v in sample.columns.items()}
    checked = check_label(label, all_columns)
    columns = {k: c for k, c in all_columns.items() if k != checked.block.column}
    aucs = {k: single_column_auc(c, checked.values) for k, c in columns.items()}
    taken = {*all_columns, checked.block.name}
    guesses = [
        guess(c, aucs[c.name], taken)
        for c in columns.values()
        if c.name != checked.block.name  # what a derived label is called
    ]
    features = _features(guesses)
    return write(
        Draft(
            name=name or _default_name(files),
            files=len(files),
            rows=sample.rows,
            format=sample.format,
            placeholders=sample.placeholders,
            folder=folder,
            split=guess_split(files, columns),
            label=checked,
            guesses=guesses,
            crosses=_crosses(features, columns, aucs, checked.values),
            slices=_slices(features, columns, aucs, checked.values),
            best=max(features, key=lambda key: aucs[key]),
            best_auc=max(aucs[key] for key in features),
        )
    )


def _default_name(files: Sequence[Path]) -> str:
    path = files[0].absolute()
    text = path.name.split(".")[0] if len(files) == 1 else path.parent.name
    legal = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    return legal if is_legal_name(legal) else "ctr"


def _features(guesses: Sequence[Guess]) -> dict[str, Feature]:
    features = {g.name: g.feature for g in guesses if g.feature is not None}
    if not features:
        reasons = listed((f"{g.name} ({g.comment})" for g in guesses), limit=120)
        raise InputError(f"no column can be a feature: {reasons or 'there is none'}")
    return features


def _crosses(
    features: Mapping[str, Feature],
    columns: Mapping[str, Column],
    aucs: Mapping[str, float],
    labels: Ints,
) -> list[PairGain]:
    candidates = [columns[key] for key, f in features.items() if _can_be_crossed(f)]
    gains = worthwhile_crosses(candidates, aucs, labels, _MOST_CROSSES)
    return [gain for gain in gains if gain.name not in columns]


def _can_be_crossed(feature: Feature) -> bool:
    if isinstance(feature, Numeric):
        return feature.is_bucketized
    return isinstance(feature, Categorical) and not feature.many


def _slices(
    features: Mapping[str, Feature],
    columns: Mapping[str, Column],
    aucs: Mapping[str, float],
    labels: Ints,
) -> list[SliceGuess]:
    """The slicings by few values, those first whose label rates differ most."""
    names = [
        key
        for key, feature in features.items()
        if _can_be_crossed(feature) and _makes_slices(columns[key])
    ]
    names.sort(key=lambda key: -aucs[key])
    return [
        SliceGuess(key, columns[key].distinct, _label_rates(columns[key], labels))
        for key in names[:_MOST_SLICINGS]
    ]


def _makes_slices(column: Column) -> bool:
    few = 2 <= column.distinct <= _MOST_SLICES
    return few and bool(column.counts[1] >= _LEAST_SHARE_OF_SECOND_SLICE * column.rows)


def _label_rates(column: Column, labels: Ints) -> tuple[float, float]:
    """Lowest and highest label rate of the values in at least 1% of the rows."""
    rates = [
        float(labels[column.codes == code].mean())
        for code in set(column.codes[column.codes > 0].tolist())
        if (column.codes == code).mean() >= 0.01
    ]
    return min(rates), max(rates)
