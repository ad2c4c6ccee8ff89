"""Answers of `ctr neighbors`, printed as a table or as JSON."""

from __future__ import annotations

from dataclasses import dataclass

# Several texts are the value of a multi-valued feature.
Value = float | str | tuple[str, ...]


@dataclass(frozen=True)
class Neighbor:
    """A term near another.

    Attributes:
      value: The term.
      similarity: The cosine of the angle between their vectors.
    """

    value: str
    similarity: float


@dataclass(frozen=True)
class Similar:
    """The terms that are nearest to one.

    Attributes:
      feature: The feature whose terms they are.
      value: The term asked for.
      model: The SavedModel that the vectors are from.
      terms: Number of terms that were searched.
      neighbors: The nearest terms, the nearest first.
      by_chance: The similarity that the nearest would have on average, were the vectors
        random.
    """

    feature: str
    value: str
    model: str
    terms: int
    neighbors: list[Neighbor]
    by_chance: float


@dataclass(frozen=True)
class Scored:
    """A value and how the model scores it.

    Attributes:
      value: The value.
      probability: The probability of a click.
      known: True if it is in the vocabulary; all others of a feature look alike to
        the model. Always so where the feature has no vocabulary.
    """

    value: Value
    probability: float
    known: bool


@dataclass(frozen=True)
class Best:
    """The values of a feature that the model scores highest.

    Attributes:
      feature: The feature.
      given: Values of the question.
      model: The SavedModel that was asked.
      candidates: Number of values that were scored: all in the examples.
      described_by: Features that describe a value of the feature, such as the category
        of an ad: each value has its own.
      context: The other features, the same for all values: those of the last example
        with what was given first.
      best: The values with the highest scores, the highest first.
    """

    feature: str
    given: dict[str, Value | None]
    model: str
    candidates: int
    described_by: list[str]
    context: dict[str, Value | None]
    best: list[Scored]
