"""Attention weights of a few examples: the past items that counted for a prediction."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from components.evaluation_report.collect.sample import Column, Sample, present_items
from components.evaluation_report.content import (
    AttendedExample,
    AttendedItem,
    Attention,
)
from config.features import Features, ItemSequence
from config.names import tensor_name
from serving.scorer import Scorer

_EXAMPLES = 6
_ITEMS = 5
# With a single item there is nothing to choose from.
_FEWEST_ITEMS = 2


def attended_examples(
    scorer: Scorer, features: Features, sample: Sample
) -> tuple[Attention, ...]:
    """Examples from the lowest to the highest prediction, at even distances.

    Args:
      scorer: The model.
      features: The settings of the features.
      sample: The examples to choose from.

    Returns:
      For each sequence that the model has attention to, where examples have items.
    """
    one = {name: column[:1] for name, column in sample.columns.items()}
    attended = scorer.attention(one)
    found = []
    for name, feature in features.items():
        if isinstance(feature, ItemSequence) and tensor_name(name) in attended:
            examples = _examples(scorer, name, feature, sample)
            if examples:
                found.append(
                    Attention(feature=name, like=feature.like, examples=examples)
                )
    return tuple(found)


def _examples(
    scorer: Scorer, name: str, feature: ItemSequence, sample: Sample
) -> tuple[AttendedExample, ...]:
    lengths = (sample.columns[name] != b"").sum(axis=1)
    (rows,) = np.nonzero(lengths >= _FEWEST_ITEMS)
    if not len(rows):
        return ()
    probabilities = scorer.probabilities(_rows(sample, rows))
    order = np.argsort(probabilities, kind="stable")
    places = np.linspace(0, len(rows) - 1, min(_EXAMPLES, len(rows))).astype(int)
    chosen = order[places]
    columns = _rows(sample, rows[chosen])
    weights = scorer.attention(columns)[tensor_name(name)]
    return tuple(
        AttendedExample(
            prediction=float(probabilities[place]),
            clicked=bool(sample.labels[rows[place]]),
            target=_text(columns[feature.like][number]),
            length=int(lengths[rows[place]]),
            items=_items(columns[name][number], feature, weights[number]),
        )
        for number, place in enumerate(chosen)
    )


def _rows(sample: Sample, rows: npt.NDArray[np.int64]) -> dict[str, Column]:
    return {name: column[rows] for name, column in sample.columns.items()}


def _items(
    row: npt.NDArray[np.generic],
    feature: ItemSequence,
    weights: npt.NDArray[np.float32],
) -> tuple[AttendedItem, ...]:
    """The items with the largest weights, which may be below 0."""
    kept = present_items(row.tolist(), feature)
    places: dict[bytes, list[int]] = {}
    for place, text in enumerate(kept):
        places.setdefault(text, []).append(place)
    items = [
        AttendedItem(
            item=_text(text),
            times=len(found),
            age=len(kept) - found[-1],
            weight=float(weights[found].sum()),
        )
        for text, found in places.items()
    ]
    return tuple(sorted(items, key=lambda item: -abs(item.weight))[:_ITEMS])


def _text(value: bytes | npt.NDArray[np.generic]) -> str:
    texts = [value] if isinstance(value, bytes) else value.tolist()
    decoded = [text.decode("utf-8", "backslashreplace") for text in texts if text]
    return ", ".join(decoded) or "(missing)"
