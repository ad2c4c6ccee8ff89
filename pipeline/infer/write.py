"""Writes a configuration as a person would, with a comment for each guess."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from pipeline.config.examples import FileFormat, HashSplit
from pipeline.config.features import Feature
from pipeline.config.model import Model
from pipeline.infer.guess import Guess
from pipeline.infer.label import CheckedLabel
from pipeline.infer.signal import PairGain
from pipeline.infer.split import SplitGuess
from pipeline.infer.text import flow, flow_item, percent, shown

_WIDEST_ALIGNED = 76


@dataclass(frozen=True)
class SliceGuess:
    """A slicing by one feature.

    Attributes:
      feature: The feature.
      slices: Number of its values.
      rates: Lowest and highest label rate among them.
    """

    feature: str
    slices: int
    rates: tuple[float, float]


@dataclass(frozen=True)
class Draft:
    """All that was guessed.

    Attributes:
      name: Name of the pipeline.
      files: Number of files given.
      rows: Number of rows sampled.
      format: What the files are.
      placeholders: Words that stand for a missing value.
      folder: The folder that the configuration is written to, where it is known.
      split: Which examples train and which evaluate.
      label: The label.
      guesses: What each other column was taken for.
      crosses: Crosses worth their columns.
      slices: Slicings to look at.
      best: The feature that tells most of the label by itself.
      best_auc: How much that is.
    """

    name: str
    files: int
    rows: int
    format: FileFormat
    placeholders: Sequence[str]
    folder: Path | None
    split: SplitGuess
    label: CheckedLabel
    guesses: Sequence[Guess]
    crosses: Sequence[PairGain]
    slices: Sequence[SliceGuess]
    best: str
    best_auc: float


def write(draft: Draft) -> str:
    """Writes the YAML text."""
    blocks = (
        _head(draft),
        _examples(draft),
        [_with_comment(flow_item("label", _settings(draft.label.block)), draft.label)],
        _features(draft.guesses),
        _crosses(draft.crosses),
        _model(),
        _evaluation(draft.slices),
        _gates(draft),
    )
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _with_comment(text: str, about: CheckedLabel) -> str:
    return f"{text}  # {about.comment}"


def _head(draft: Draft) -> list[str]:
    files = "1 file" if draft.files == 1 else f"{draft.files} files"
    return [
        f"# A first configuration, inferred from {draft.rows:,} rows of {files}.",
        "# Comments give the figure behind each guess: read them, and change what you",
        "# know better. `ctr config show` prints every setting with its default.",
        "",
        f"{flow_item('name', draft.name)}  # of the pipeline and the served model",
    ]


def _examples(draft: Draft) -> list[str]:
    kind = "hash_split" if isinstance(draft.split.block, HashSplit) else "splits"
    return [
        "examples:",
        f"  {flow_item('root', _root(draft))}",
        f"  format: {draft.format}",
        *_missing_values(draft.placeholders),
        *_wrapped("  # ", shown(draft.split.comment, 400)),
        f"  {flow_item(kind, draft.split.block.model_dump(mode='json'))}",
    ]


def _missing_values(placeholders: Sequence[str]) -> list[str]:
    if not placeholders:
        return []
    values = flow_item("missing_values", ["", *placeholders])
    return [f"  {values}  # empty, or a word that stands among the numbers of a column"]


def _wrapped(start: str, text: str) -> list[str]:
    return textwrap.wrap(text, 88, initial_indent=start, subsequent_indent=start)


def _root(draft: Draft) -> str:
    if draft.folder is None:
        return str(draft.split.root)
    return Path(os.path.relpath(draft.split.root, draft.folder.absolute())).as_posix()


def _features(guesses: Iterable[Guess]) -> list[str]:
    kept = [
        (flow_item(guess.name, _feature(guess.feature)), guess.comment)
        for guess in guesses
        if guess.feature is not None
    ]
    left_out = [
        f"  #   {shown(guess.name, 60)}: {shown(guess.comment, 300)}"
        for guess in guesses
        if guess.feature is None
    ]
    lines = ["features:", *_aligned("  ", kept)]
    return [*lines, "  # Left out:", *left_out] if left_out else lines


def _feature(feature: Feature) -> dict[str, object]:
    return {"kind": feature.kind, **_settings(feature)}


def _settings(block: BaseModel) -> dict[str, object]:
    return block.model_dump(mode="json", exclude_defaults=True)


def _crosses(crosses: Iterable[PairGain]) -> list[str]:
    lines = [
        (
            f"- {flow(list(pair.features))}",
            f"AUC {pair.together:.3f} together, {pair.added:.3f} added up",
        )
        for pair in crosses
    ]
    return ["crosses:", *_aligned("  ", lines)] if lines else []


def _model() -> list[str]:
    kinds = get_args(Model.model_fields["kind"].annotation)
    chosen = Model().kind
    others = ", ".join(kind for kind in kinds if kind != chosen)
    return [f"model: {{kind: {chosen}}}  # or {others}"]


def _evaluation(slices: Sequence[SliceGuess]) -> list[str]:
    lines = [
        (
            f"- {flow([guess.feature])}",
            f"{guess.slices} values, with the label 1 in {percent(guess.rates[0], 1)} "
            f"to {percent(guess.rates[1], 1)} of their rows",
        )
        for guess in slices
    ]
    return ["evaluation:", "  slices:", *_aligned("    ", lines)] if lines else []


def _gates(draft: Draft) -> list[str]:
    lowest = max(0.51, round(0.5 + (draft.best_auc - 0.5) / 2, 2))
    lines = [
        (
            f"- {{metric: auc, min: {lowest}}}",
            f"halfway from guessing (0.5) to {draft.best!r} alone "
            f"({draft.best_auc:.3f})",
        ),
        (
            "- {metric: auc, min_change: -0.005}",
            "not clearly worse than the last released model",
        ),
        (
            "- {metric: calibration, min: 0.8, max: 1.25}",
            "mean prediction / mean label; 1 is right",
        ),
    ]
    text = ["gates:", *_aligned("  ", lines)]
    if draft.slices:
        every = flow([draft.slices[0].feature])
        text.append(
            f"  # To hold each slice to it: - {{metric: auc, min: 0.5, every: {every}}}"
        )
    return text


def _aligned(indent: str, lines: Sequence[tuple[str, str]]) -> list[str]:
    """Puts comments below each other, as far as the longest line allows."""
    widths = [len(text) for text, _ in lines if len(text) <= _WIDEST_ALIGNED]
    width = max(widths, default=0)
    return [
        f"{indent}{text:<{width}}  # {shown(comment, 300)}" for text, comment in lines
    ]
