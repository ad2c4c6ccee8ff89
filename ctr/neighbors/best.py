"""User to item: the values of a feature that the model scores highest for someone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from config.errors import InputError, close_to
from config.features import Categorical, Feature, Numeric, raw_columns
from config.root import Config
from config.values.canonical_text import canonical_text, text_of_term
from config.values.text_values import typed
from ctr.neighbors.answers import Best, Scored, Value
from ctr.neighbors.columns import (
    Column,
    describes,
    last_by_key,
    last_example,
    read_columns,
)
from serving.scorer import Scorer


def find_best(
    config: Config, model: Path, feature: str, given: Sequence[str], top: int
) -> Best:
    """Scores every value of a feature by the model itself.

    Args:
      feature: A feature with one value in each example, and no number.
      given: `name=value` each, of other features; the first must be in an example.
      top: Maximum number of values.

    Raises:
      InputError: A feature or a value is unknown, or cannot be scored.
    """
    _check_feature(config, feature)
    values = dict(_parsed(config, feature, option) for option in given)
    columns = read_columns(config)
    asked = next(iter(values))
    context = _context(columns, asked, values)
    own = _own_features(columns, feature, asked, values)
    candidates = columns[feature].values
    raw: dict[str, Sequence[Value | None]] = {
        name: [value] * len(candidates) for name, value in {**context, **values}.items()
    }
    raw |= {name: last_by_key(columns[name], columns[feature]) for name in own}
    raw[feature] = candidates
    scores = _scores(config, model, raw)
    order = np.argsort(-scores, kind="stable")[:top]
    known = _vocabulary(model, config, feature)
    told = {feature, *values, *own}
    return Best(
        feature=feature,
        given=values,
        model=str(model),
        candidates=len(candidates),
        described_by=own,
        context={name: context[name] for name in context if name not in told},
        best=[
            Scored(
                candidates[row],
                float(scores[row]),
                known is None or candidates[row] in known,
            )
            for row in order
        ],
    )


def _own_features(
    columns: Mapping[str, Column],
    feature: str,
    asked: str,
    values: Mapping[str, Value | None],
) -> list[str]:
    """Features that describe a value of the feature, and not who is asked for."""
    return [
        name
        for name, column in columns.items()
        if name != feature
        and name not in values
        and describes(column, columns[feature])
        and not describes(column, columns[asked])
    ]


def _scores(
    config: Config, model: Path, raw: Mapping[str, Sequence[Value | None]]
) -> npt.NDArray[np.float32]:
    scorer = Scorer(str(model))
    unknown = sorted(scorer.features - set(raw))
    if unknown:
        raise InputError(
            f"{model}: this model takes {', '.join(unknown)}, which the configuration "
            "does not have; release a model by this configuration"
        )
    return scorer.probabilities(
        {name: _as_array(raw[name], config.features[name]) for name in scorer.features}
    )


def _check_feature(config: Config, feature: str) -> None:
    where = f"--feature {feature}"
    if feature not in config.features:
        close = close_to(feature, config.features)
        raise InputError(f"{where}: there is no such feature{close}")
    settings = config.features[feature]
    if isinstance(settings, Numeric) or settings.many:
        kind = "a number" if isinstance(settings, Numeric) else "multi-valued"
        raise InputError(
            f"{where}: it is {kind}; name a categorical or hashed feature with one "
            "value in each example"
        )


def _parsed(config: Config, feature: str, option: str) -> tuple[str, Value | None]:
    """A feature and its value; an empty one is a missing value."""
    where = f"--for {option}"
    if "=" not in option:
        raise InputError(f"{where}: expected FEATURE=VALUE, such as user_id=u17")
    named = [name for name in config.features if option.startswith(f"{name}=")]
    if not named:
        close = close_to(option.partition("=")[0], config.features)
        raise InputError(f"{where}: there is no such feature{close}")
    # A name may have an equals sign in it.
    name = max(named, key=len)
    text = option.removeprefix(f"{name}=")
    if name == feature:
        raise InputError(f"{where}: its values are what --feature asks for")
    try:
        return name, _value(config, name, text)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _value(config: Config, name: str, text: str) -> Value | None:
    """The value that a text in a file of examples would be."""
    settings = config.features[name]
    column = raw_columns({name: settings})[name]
    value = typed(pa.array([text or None], pa.string()), column)[0].as_py()
    if value is None or isinstance(settings, Numeric):
        return None if value is None else float(np.float32(value))
    if not settings.many:
        return canonical_text(value)
    pieces = value if isinstance(value, list) else [value]
    return tuple(canonical_text(piece) or "" for piece in pieces if piece)


def _context(
    columns: Mapping[str, Column], asked: str, values: Mapping[str, Value | None]
) -> dict[str, Value | None]:
    """The last example with what was asked for first; checks all that was."""
    for name, value in values.items():
        known = {text: None for value in columns[name].values for text in _texts(value)}
        for text in _texts(value):
            if text not in known:
                raise InputError(
                    f"--for {name}: no example has {text!r}{close_to(text, known)}"
                )
    example = last_example(columns, asked, values[asked])
    if example is None:
        raise InputError(
            f"--for {asked}: no example has just this value; the first --for must be "
            "in an example, whose other features are the context"
        )
    return example


def _texts(value: Value | None) -> tuple[str, ...]:
    """The texts in a value; a number has none, so any is accepted."""
    if isinstance(value, str):
        return (value,)
    return value if isinstance(value, tuple) else ()


def _as_array(
    values: Sequence[Value | None], feature: Feature
) -> npt.NDArray[np.generic]:
    """Raw values as the model takes them."""
    if isinstance(feature, Numeric):
        numbers = [np.nan if value is None else value for value in values]
        return np.array(numbers, np.float32)
    lists = [[text.encode() for text in _texts(value)] for value in values]
    width = max(map(len, lists)) if feature.many else 1
    padded = [texts + [b""] * (width - len(texts)) for texts in lists]
    table = np.array(padded, object).reshape(len(values), width)
    return table if feature.many else table[:, 0]


def _vocabulary(model: Path, config: Config, feature: str) -> set[Value] | None:
    """The terms of a feature; None where it has no vocabulary."""
    if not isinstance(config.features[feature], Categorical):
        return None
    lines = (model / "assets" / feature).read_bytes().splitlines()
    return set(map(text_of_term, lines))
