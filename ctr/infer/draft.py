"""From files to the text of a first configuration, as a person would write it."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from config.errors import InputError
from config.examples import HashSplit, Splits, TimeSplit
from config.features import Categorical, Feature, ItemSequence, Numeric
from config.spans import Spans
from config.training import Training
from config.yaml_text import to_yaml
from ctr.infer.column import Column, Rows, listed, make_column, percent, shown
from ctr.infer.crosses import MOST_FEATURES, propose_crosses
from ctr.infer.kinds import Guess, guess
from ctr.infer.label import check_label
from ctr.infer.sample import Sample, data_files, read_sample
from ctr.infer.sequences import with_sequences
from ctr.infer.split import common_folder, folders_of, guess_split

# Names that say nothing; models of two folders would get the same one.
_NAMES_OF_ANY_FILE = {"train", "training", "data", "dataset", "input"}
_MOST_SLICINGS = 3
_MOST_SLICES = 10
_WIDEST_ALIGNED = 76

# From so many values on the tables of embeddings take longer to learn.
_MANY_VALUES = 1_000

_Split = Splits | HashSplit | TimeSplit | Spans
_SPLIT_KEYS = {
    Splits: "splits",
    HashSplit: "hash_split",
    TimeSplit: "time_split",
    Spans: "spans",
}

_TEXT = """\
{source}
# Comments give the figure behind each guess: read them, and change what you
# know better. `ctr config show` prints every setting with its default.

name: {name}  # of the pipeline and the served model

examples:
{examples}

{label}  # {clicked}

features:
{features}

{crosses}
model: {{kind: wide_deep}}  # or {other_kinds}

{training}{evaluation}gates:
  # {lowest_reason}
  - {{metric: auc, min: {lowest}}}
  # Not clearly worse than the last released model.
  - {{metric: auc, min_change: -0.005}}
  # Mean prediction / mean label; 1 is right.
  - {{metric: calibration, min: 0.8, max: 1.25}}

release: {{approval: manual}}  # a person approves each model; or automatic
"""


def infer_config(files: Sequence[Path], label: str, folder: Path = Path()) -> str:
    """Infers a first configuration from a bounded sample of the user's files.

    Args:
      files: CSV (also compressed), Parquet or TFRecord files of tf.Examples.
      label: Name of the label column or, for a label derived from a number, the label
        block in braces, such as `{column: tips, greater_than: 0}`.
      folder: The folder that the configuration is written to.

    Returns:
      YAML that `config.load.load_config` accepts, with a comment for each guess.

    Raises:
      InputError: The files or the label cannot be used.
    """
    files = data_files(files)
    sample = read_sample(files, label)
    columns = {name: make_column(name, v) for name, v in sample.columns.items()}
    block, labels = check_label(label, columns, sample.total_rows)
    taken = {*columns, block.name}
    columns = {k: c for k, c in columns.items() if k not in (block.column, block.name)}
    rows = Rows(labels, sample.total_rows)
    split, reason = guess_split(files, columns, rows)
    guesses = {name: guess(c, rows, taken) for name, c in columns.items()}
    guesses |= {name: Guess(None, f"not in {p}") for name, p in sample.absent.items()}
    guesses |= {
        name: Guess(None, "the files are split by it, so that later ones have others")
        for name in folders_of(split) & columns.keys()
    }
    guesses = with_sequences(guesses, columns)
    words = _words_of_all(guesses, columns) if sample.format == "csv" else []
    if words:
        guesses = {name: _without_words(each) for name, each in guesses.items()}
    features = {name: g.feature for name, g in guesses.items() if g.feature}
    if not features:
        reasons = listed((f"{k} ({g.comment})" for k, g in guesses.items()), limit=120)
        raise InputError(f"no column can be a feature: {reasons or 'there is none'}")
    aucs = {name: guesses[name].auc for name in features}
    best = _by_auc(aucs)[0]
    root = os.path.relpath(common_folder(files), folder.absolute())
    return _TEXT.format(
        source=_source(sample, rows),
        name=_pipeline_name(files),
        examples=_examples(sample, words, root, split, reason),
        label=_item("label", _settings(block)),
        clicked=_clicked(rows),
        features=_features(guesses),
        other_kinds=_other_kinds(features),
        crosses=_crosses(features, columns, aucs, rows),
        training=_training(guesses),
        evaluation=_evaluation(features, columns, aucs, rows),
        lowest_reason=_lowest_reason(best, aucs[best], rows),
        lowest=max(0.51, round(0.5 + (aucs[best] - 0.5) / 2, 2)),
    )


def _source(sample: Sample, rows: Rows) -> str:
    number = f"{len(rows.labels):,}"
    if not rows.are_all:
        number += f" of about {rows.total:,}"
    text = f"A first configuration, inferred from {number} rows of {sample.source}."
    return "\n".join(f"# {line}" for line in textwrap.wrap(text, 78))


def _clicked(rows: Rows) -> str:
    found = set(rows.labels.tolist())
    if len(found) == 2:
        share = percent(rows.labels.sum(), len(rows.labels))
        return f"1 in {share} of {len(rows.labels):,} rows sampled"
    (only,) = found
    return (
        f"{only} in all {len(rows.labels):,} rows sampled; {1 - only} is rare, or in "
        "rows that were not looked at: training needs both"
    )


def _lowest_reason(best: str, auc: float, rows: Rows) -> str:
    if not rows.have_both:
        return "Better than guessing (0.5); too few rows of one label to say more."
    return f"Halfway from guessing (0.5) to {best!r} alone ({auc:.3f})."


def _pipeline_name(files: Sequence[Path]) -> str:
    text = files[0].name.split(".")[0]
    if len(files) > 1 or text.lower() in _NAMES_OF_ANY_FILE:
        text = common_folder(files).name
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    return name if name[:1].isalpha() else "ctr"


def _words_of_all(
    guesses: Mapping[str, Guess], columns: Mapping[str, Column]
) -> list[str]:
    """The words for a missing value, where no column has one as a value."""
    words = {
        word
        for name, each in guesses.items()
        if each.feature
        for word in columns[name].missing_words
    }
    texts = [c.items for c in columns.values() if c.family == "text"]
    value_set = pa.array(sorted(words), pa.string())
    if any(pc.any(pc.is_in(each, value_set=value_set)).as_py() for each in texts):
        return []
    return sorted(words)


def _without_words(guessed: Guess) -> Guess:
    if guessed.feature is None:
        return guessed
    feature = guessed.feature.model_copy(update={"missing_values": ()})
    return guessed._replace(feature=feature)


def _examples(
    sample: Sample, words: Sequence[str], root: str, split: _Split, comment: str
) -> str:
    lines = [_item("root", root), f"format: {sample.format}"]
    if dialect := _settings(sample.csv):
        lines.append("# as the start of the first file is written")
        if sample.csv.columns:
            lines.append("# no header line: give the columns better names, also below")
        lines.append(_item("csv", dialect))
    if words:
        missing = _item("missing_values", ["", *words])
        lines.append(f"{missing}  # empty, or a word in a column of numbers")
    lines += [f"# {line}" for line in textwrap.wrap(shown(comment, 400), 84)]
    block = split.model_dump(mode="json", exclude_none=True)
    lines.append(_item(_SPLIT_KEYS[type(split)], block))
    return textwrap.indent("\n".join(lines), "  ")


def _features(guesses: Mapping[str, Guess]) -> str:
    kept, left_out = [], []
    for name, (feature, comment, *_) in guesses.items():
        if feature is None:
            left_out.append(
                f"  #   {shown(name, 60) or '(no name)'}: {shown(comment, 300)}"
            )
        else:
            settings = {"kind": feature.kind, **_settings(feature)}
            kept.append((_item(name, settings), comment))
    heading = ["  # Left out:"] if left_out else []
    return "\n".join([*_aligned("  ", kept), *heading, *left_out])


def _crosses(
    features: Mapping[str, Feature],
    columns: Mapping[str, Column],
    aucs: Mapping[str, float],
    rows: Rows,
) -> str:
    """The pairs that are worth a cross, or that there is none."""
    names = [name for name in _by_auc(aucs) if _can_cross(features[name])]
    names = names[:MOST_FEATURES]
    codes = {
        name: columns[name].codes(getattr(features[name], "buckets", None))
        for name in names
    }
    lines = []
    for proposal in propose_crosses(codes, rows.labels):
        settings = _settings(proposal.cross)
        # In its short form, where that says all.
        cross = settings if len(settings) > 1 else settings["features"]
        lines.append((f"- {_flow(cross)}", proposal.comment))
    if not lines:
        pairs = len(names) * (len(names) - 1) // 2
        return f"# No crosses: of {pairs} pairs of features none tells more together.\n"
    heading = "  # By how much a pair lowers the log loss of rows that are held out."
    return "\n".join(["crosses:", heading, *_aligned("  ", lines), ""])


def _other_kinds(features: Mapping[str, Feature]) -> str:
    if any(isinstance(each, ItemSequence) for each in features.values()):
        return "din, in which the target weighs the items of sequences"
    return "embedding_mlp"


def _by_auc(aucs: Mapping[str, float]) -> list[str]:
    """Features, those first that tell most of the label by themselves."""
    return sorted(aucs, key=lambda name: -aucs[name])


def _can_cross(feature: Feature) -> bool:
    if isinstance(feature, Numeric):
        return feature.is_bucketized
    return not feature.many


def _training(guesses: Mapping[str, Guess]) -> str:
    """More patience where there are many ids, whose vectors take longer to learn."""
    name = max(guesses, key=lambda name: guesses[name].values)
    most = guesses[name].values
    if most < _MANY_VALUES:
        return ""
    patience = Training().patience + 3
    return (
        f"training: {{patience: {patience}}}  # epochs; the {most:,} values of "
        f"{shown(name)!r} take longer to learn\n\n"
    )


def _evaluation(
    features: Mapping[str, Feature],
    columns: Mapping[str, Column],
    aucs: Mapping[str, float],
    rows: Rows,
) -> str:
    """The slicings by few values, those first that tell most of the label."""
    lines = []
    for name in _by_auc(aucs):
        feature, distinct = features[name], columns[name].distinct
        if not isinstance(feature, Categorical) or feature.many:
            continue
        if 2 <= distinct <= _MOST_SLICES:
            auc = f"; AUC {aucs[name]:.3f} alone" if rows.have_both else ""
            lines.append((f"- {_flow([name])}", f"{distinct} values{auc}"))
    if not lines:
        return ""
    lines = lines[:_MOST_SLICINGS]
    return "\n".join(["evaluation:", "  slices:", *_aligned("    ", lines), "", ""])


def _settings(block: BaseModel) -> dict[str, object]:
    return block.model_dump(mode="json", exclude_defaults=True)


def _item(key: str, value: Any) -> str:
    """A key and its value as YAML on one line."""
    # Each by itself: PyYAML would write a long key as `? key : value`.
    key, text = (_flow([each])[1:-1] for each in (key, value))
    return f"{key}: {text}"


def _flow(value: Any) -> str:
    return to_yaml(value, flow=True).strip()


def _aligned(indent: str, lines: Sequence[tuple[str, str]]) -> list[str]:
    """Puts comments below each other, as far as the longest line allows."""
    width = min(_WIDEST_ALIGNED, max((len(text) for text, _ in lines), default=0))
    return [f"{indent}{text:<{width}}  # {shown(why, 300)}" for text, why in lines]
