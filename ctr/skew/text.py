"""Skew in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from config.console import aligned
from ctr.skew.compare import FeatureSkew, Moved, Skew
from serving.releases.records import one_line

_HEADINGS = ("feature", "measure", "distance", "allowed", "missing", "in training")
# Below so many examples chance is worth a word.
_FEW = 2_000
# Of a value, which may be as long as someone likes.
_LONGEST = 40


def as_text(skew: Skew) -> str:
    """Formats the comparison, with a line for each feature that is too far apart."""
    table = aligned([_HEADINGS, *map(_cells, skew.features)])
    return "\n".join([*_head(skew), "", *table, "", *_findings(skew), _verdict(skew)])


def _head(skew: Skew) -> Iterator[str]:
    logs = "1 log" if skew.logs == 1 else f"{skew.logs} logs"
    yield f"Serving:  {skew.serving_examples:,} examples in {logs}"
    yield (
        f"Training: {skew.training_examples:,} examples, of version {skew.version} "
        f"(run {skew.run})"
    )
    if skew.serving_examples < _FEW:
        chance = 1 / math.sqrt(skew.serving_examples)
        yield (
            f"With so few examples, shares differ by up to {chance:.0%} by chance alone"
        )


def _cells(feature: FeatureSkew) -> tuple[str, ...]:
    distance = "" if feature.distance is None else f"{feature.distance:.4f}"
    return (
        one_line(feature.feature),
        feature.measure,
        f"{distance}{' !' if feature.too_far else ''}",
        f"{feature.allowed:g}",
        f"{feature.serving_missing:.1%}{' !' if feature.is_missing else ''}",
        f"{feature.training_missing:.1%}",
    )


def _findings(skew: Skew) -> Iterator[str]:
    for feature in skew.features:
        name = one_line(feature.feature)
        if feature.too_far:
            moved = "; ".join(map(_in_words, feature.moved))
            yield (
                f"{name}: {feature.measure} {feature.distance:.4f}, more than "
                f"{feature.allowed:g}: {moved}"
            )
        if feature.is_missing:
            yield (
                f"{name}: missing in {feature.serving_missing:.1%} of the examples in "
                f"serving, in {feature.training_missing:.1%} in training"
            )
    for name, count in skew.unknown.items():
        yield (
            f"{one_line(name)}: in {count:,} examples in serving; the model was never "
            "shown it, and does not look at it"
        )


def _in_words(moved: Moved) -> str:
    value = one_line(moved.value)
    if len(value) > _LONGEST:
        value = f"{value[:_LONGEST]}..."
    return f"{value} {moved.training:.1%} in training, {moved.serving:.1%} in serving"


def _verdict(skew: Skew) -> str:
    skewed = sum(feature.is_skewed for feature in skew.features)
    if skewed:
        return f"skew: {skewed} of {len(skew.features)} features differ from training"
    return "no skew: serving is like training"
