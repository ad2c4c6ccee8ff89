"""Recognises lists of the values of another column, such as the ads clicked before."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow.compute as pc

from config.features import Categorical, ItemSequence
from ctr.infer.column import Column, count, percent, shown
from ctr.infer.ids_or_quantities import words_of
from ctr.infer.kinds import Guess

_LEAST_SHARE = 0.9  # of the items, those that are values of the other column
# Few values, such as small numbers, may be those of another column by chance.
_FEWEST_VALUES = 100


def with_sequences(
    guesses: Mapping[str, Guess], columns: Mapping[str, Column]
) -> dict[str, Guess]:
    """Makes sequences of the lists whose items are values of a column of ids.

    The column has many values, or the words of its name are in that of the list, as
    those of `ad_id` are in `history_ad_id`.
    """
    singles = {
        name: frozenset(map(str, columns[name].counts))
        for name, each in guesses.items()
        if isinstance(each.feature, Categorical) and not each.feature.many
    }
    return {
        name: _sequence(each, each.feature, columns[name], singles)
        if isinstance(each.feature, Categorical) and each.feature.many
        else each
        for name, each in guesses.items()
    }


def _sequence(
    guess: Guess,
    feature: Categorical,
    column: Column,
    singles: Mapping[str, frozenset[str]],
) -> Guess:
    """The guess of a list as a sequence, or as it was."""
    counts = column.counts
    if feature.delimiter is not None:
        items = pc.list_flatten(pc.split_pattern(column.items, feature.delimiter))
        counts = count(items)
    total = sum(counts.values())
    found = {
        name: sum(times for item, times in counts.items() if str(item) in values)
        for name, values in singles.items()
        if len(values) >= _FEWEST_VALUES
        or set(words_of(name)) <= set(words_of(column.name))
    }
    like = max(found, key=lambda name: (found[name], len(name)), default=None)
    if like is None or found[like] < _LEAST_SHARE * total:
        return guess
    sequence = ItemSequence(
        like=like, delimiter=feature.delimiter, missing_values=feature.missing_values
    )
    comment = (
        f"lists of {total / column.present:.1f} on average, of whose items "
        f"{percent(found[like], total)} are values of {shown(like)!r}; the last ones "
        "should be the most recent"
    )
    if column.missing:
        comment += f"; empty in {percent(column.missing, column.rows)}"
    return guess._replace(feature=sequence, comment=comment)
