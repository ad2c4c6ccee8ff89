"""The columns that Transform gives and the Trainer takes.

Both read them off the same configuration, so neither needs to know the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from config.features import Categorical, Cross, Feature, Hashed, ItemSequence, Numeric
from config.names import tensor_name

# Every column of ids keeps this one for "no value here": a missing value, or the
# padding of a multi-valued column.
MISSING_ID = 0

# Meaning of the ids of a column with a vocabulary.
TERMS = "terms"


@dataclass(frozen=True)
class IdColumn:
    """Integers in [0, number of ids), int64; 0 is a missing value.

    Attributes:
      title: Name for people.
      sources: Names of the features that it is made of.
      multivalued: True for a list of ids in each example.
      crossed: True for a cross, which only a wide part uses.
      size: Number of ids, where the configuration tells it; with a vocabulary, the
        number of ids besides the vocabulary's.
      meaning: Meaning of an id. Where it or the number of ids differs between
        two columns of one name, the same id stands for something else.
      vocabulary: Name of the vocabulary that the remaining ids come from.
      like: Name of the column that has the same ids and embedding vectors, of a
        sequence.
    """

    title: str
    sources: tuple[str, ...]
    size: int
    meaning: str
    multivalued: bool = False
    crossed: bool = False
    vocabulary: str | None = None
    like: str | None = None

    @property
    def name(self) -> str:
        """Name after Transform."""
        return tensor_name(self.title)


@dataclass(frozen=True)
class NumericColumn:
    """One finite float32 for each example.

    Attributes:
      title: Name for people.
    """

    title: str

    @property
    def name(self) -> str:
        """Name after Transform."""
        return tensor_name(self.title)


def bucket_name(feature: str) -> str:
    """Title of the column with a numeric feature's bucket."""
    return f"{feature}_bucket"


def missing_name(feature: str) -> str:
    """Title of the 0/1 column that says where a numeric feature is missing."""
    return f"{feature}_missing"


def most_buckets(feature: Numeric) -> int:
    """Upper bound on the number of buckets of a numeric feature.

    n quantile buckets have n - 1 boundaries; each of the at most n values that would
    fill a whole bucket adds two.
    """
    if feature.boundaries is not None:
        return len(feature.boundaries) + 1
    assert feature.buckets is not None
    return 3 * feature.buckets


def id_columns(
    features: Mapping[str, Feature], crosses: Iterable[Cross]
) -> list[IdColumn]:
    """All columns of ids: of the features that have one, and of the crosses."""
    columns = [
        column for name in features if (column := id_column(name, features)) is not None
    ]
    return columns + [_crossed_column(cross, features) for cross in crosses]


def numeric_columns(features: Mapping[str, Feature]) -> list[NumericColumn]:
    """All columns of numbers: scaled values and missing indicators."""
    columns = []
    for name, feature in features.items():
        if isinstance(feature, Numeric):
            columns.append(NumericColumn(name))
            if feature.missing_indicator:
                columns.append(NumericColumn(missing_name(name)))
    return columns


def id_column(name: str, features: Mapping[str, Feature]) -> IdColumn | None:
    """The column of ids of a feature; None for a number without buckets."""
    match feature := features[name]:
        case Categorical():
            size, vocabulary = 1 + feature.oov_buckets, tensor_name(name)
            return IdColumn(
                name, (name,), size, TERMS, feature.many, vocabulary=vocabulary
            )
        case Hashed():
            return IdColumn(name, (name,), 1 + feature.buckets, "hashes", feature.many)
        case Numeric() if feature.is_bucketized:
            size = 1 + most_buckets(feature)
            return IdColumn(bucket_name(name), (name,), size, "buckets")
        case ItemSequence():
            like = id_column(feature.like, features)
            assert like is not None  # the configuration was checked
            return replace(
                like, title=name, sources=(name,), multivalued=True, like=like.name
            )
    return None


def _crossed_column(cross: Cross, features: Mapping[str, Feature]) -> IdColumn:
    many = any(getattr(features[name], "many", False) for name in cross.features)
    parts = [_part(name, features[name]) for name in cross.features]
    meaning = f"hashes of {', '.join(parts)}"
    return IdColumn(
        cross.name, cross.features, 1 + cross.buckets, meaning, many, crossed=True
    )


def _part(name: str, feature: Feature) -> str:
    """A feature as it enters a cross: its text, or its bucket."""
    if isinstance(feature, Numeric):
        return f"{name} in {most_buckets(feature)} buckets"
    return name
