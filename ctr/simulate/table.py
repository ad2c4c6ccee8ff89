"""The columns of a day's clicks and of its truth."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ctr.simulate.impressions import DEVICES, WEEKDAYS, Impressions, weekday
from ctr.simulate.world import (
    ADVERTISERS,
    CATEGORIES,
    CITIES,
    GENDERS,
    INTERESTS,
    Ads,
    Bools,
    Floats,
    Ints,
    Users,
)

INTEREST_SEPARATOR = "|"


def user_columns(users: Users) -> pa.Table:
    """Returns what the log knows of each user; null where a value is missing.

    Args:
      users: All users.

    Returns:
      One row for each user: user_id (string), age (int64), gender, city (string)
      and interests (string, joined by `INTEREST_SEPARATOR`; null if none).
    """
    return pa.table(
        {
            "user_id": _ids("u", len(users.age)),
            "age": pa.array(users.age, mask=users.age_missing),
            "gender": _names(GENDERS, users.gender, users.gender_missing),
            "city": _names(CITIES, users.city, users.city_missing),
            "interests": _joined(users.interests),
        }
    )


def ad_columns(ads: Ads) -> pa.Table:
    """Returns what the log knows of each ad; null where a value is missing.

    Args:
      ads: All ads.

    Returns:
      One row for each ad: ad_id, category, advertiser (string) and price (float64,
      euros).
    """
    return pa.table(
        {
            "ad_id": _ids("a", len(ads.price)),
            "category": _names(CATEGORIES, ads.category),
            "advertiser": _names(ADVERTISERS, ads.advertiser),
            "price": pa.array(ads.price, mask=ads.price_missing),
        }
    )


def clicks_table(
    first_id: int,
    day: int,
    impressions: Impressions,
    user_columns: pa.Table,
    ad_columns: pa.Table,
    click: Ints,
) -> pa.Table:
    """Returns the log of a day, as a model's examples.

    Args:
      first_id: The impression_id of the first row; the others count on from it.
      day: The day, from 1.
      impressions: The impressions of the day.
      user_columns: From `user_columns`.
      ad_columns: From `ad_columns`.
      click: 0 or 1 for each impression, int64.

    Returns:
      One row for each impression: impression_id (int64, not a feature), the
      columns of its user and ad, hour (int64), weekday, device (string),
      position (int64) and the label click (int64).
    """
    count = len(click)
    columns = {"impression_id": _impression_ids(first_id, count)}
    columns |= _columns(user_columns.take(pa.array(impressions.user)))
    columns |= _columns(ad_columns.take(pa.array(impressions.ad)))
    columns |= {
        "hour": pa.array(impressions.hour),
        "weekday": pa.array([WEEKDAYS[weekday(day)]] * count, pa.string()),
        "device": _names(DEVICES, impressions.device),
        "position": pa.array(impressions.position),
        "click": pa.array(click),
    }
    return pa.table(columns)


def truth_table(first_id: int, click: Ints, probability: Floats) -> pa.Table:
    """Returns the true click probabilities of a day.

    Args:
      first_id: The impression_id of the first row; the others count on from it.
      click: 0 or 1 for each impression, int64.
      probability: The true click probability of each impression, float64.

    Returns:
      One row for each impression: impression_id, click (int64) and probability
      (float64).
    """
    return pa.table(
        {
            "impression_id": _impression_ids(first_id, len(click)),
            "click": pa.array(click),
            "probability": pa.array(probability),
        }
    )


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(table.column_names, table.columns, strict=True))


def _impression_ids(first_id: int, count: int) -> pa.Array:
    return pa.array(np.arange(first_id, first_id + count, dtype=np.int64))


def _ids(prefix: str, count: int) -> pa.Array:
    return pa.array([f"{prefix}{number:06d}" for number in range(1, count + 1)])


def _names(
    vocabulary: tuple[str, ...], index: Ints, missing: Bools | None = None
) -> pa.Array:
    return pa.array(vocabulary, pa.string()).take(pa.array(index, mask=missing))


def _joined(interests: npt.NDArray[np.bool_]) -> pa.Array:
    names = np.array(INTERESTS)
    return pa.array(
        [INTEREST_SEPARATOR.join(names[row]) or None for row in interests], pa.string()
    )
