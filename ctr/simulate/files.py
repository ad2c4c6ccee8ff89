"""The files of the log: a day's clicks and their truth, complete or not there."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from config.errors import InputError
from ctr.simulate.sequences import Clicks
from ctr.simulate.world import (
    ADVERTISERS,
    CATEGORIES,
    CITIES,
    DEVICES,
    GENDERS,
    INTERESTS,
    WEEKDAYS,
    Ads,
    Bools,
    Floats,
    Impressions,
    Ints,
    Users,
    weekday,
)

FileFormat = Literal["csv", "parquet"]
CLICKS, TRUTH = "clicks", "truth"
LIST_SEPARATOR = "|"
# A Monday, as day 1 is.
_FIRST_MIDNIGHT = np.datetime64("2024-01-01", "s")


@contextmanager
def new_folders(out: Path) -> Iterator[Path]:
    """Makes `out/clicks` and `out/truth` appear only when they are complete.

    Other files in `out` are left alone.

    Yields:
      A hidden folder beside `out` with empty `clicks` and `truth` folders. At the
      end of the `with` block they move into `out`; if the block raises, nothing of
      them stays behind.

    Raises:
      InputError: `out` is no folder or already holds simulated clicks.
    """
    out = Path(os.path.abspath(out))
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; choose another --out")
    if any((out / name).exists() for name in (CLICKS, TRUTH)):
        raise InputError(
            f"{out} already holds simulated clicks; remove it or choose another --out"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
        partial = Path(folder)
        for name in (CLICKS, TRUTH):
            (partial / name).mkdir()
        yield partial
        out.mkdir(exist_ok=True)
        # The clicks last: whoever finds them finds their truth.
        for name in (TRUTH, CLICKS):
            (partial / name).rename(out / name)


def write_day(table: pa.Table, folder: Path, day: int, file_format: FileFormat) -> str:
    """Writes one day's table; returns the name of the file, such as `day-01.csv`.

    CSV has a header, text in quotes, and null as an empty field.
    """
    name = f"day-{day:02d}.{file_format}"
    if file_format == "parquet":
        pa.parquet.write_table(table, folder / name)
    else:
        pa.csv.write_csv(table, folder / name)
    return name


def user_columns(users: Users) -> dict[str, pa.Array]:
    """What the log knows of each user, a row each; null where a value is missing."""
    names = np.array(INTERESTS)
    interests = [LIST_SEPARATOR.join(names[row]) or None for row in users.interests]
    return {
        "user_id": _ids("u", len(users.age)),
        "age": pa.array(users.age, mask=users.age_missing),
        "gender": _names(GENDERS, users.gender, users.gender_missing),
        "city": _names(CITIES, users.city, users.city_missing),
        "interests": pa.array(interests, pa.string()),
    }


def ad_columns(ads: Ads) -> dict[str, pa.Array]:
    """What the log knows of each ad, a row each; null where a value is missing."""
    return {
        "ad_id": _ids("a", len(ads.price)),
        "category": _names(CATEGORIES, ads.category),
        "advertiser": _names(ADVERTISERS, ads.advertiser),
        "price": pa.array(ads.price, mask=ads.price_missing),
    }


def sequence_columns(
    day: int, clicks: Clicks, ads: dict[str, pa.Array]
) -> dict[str, pa.Array]:
    """The time of each impression of a day, and what its user clicked before.

    Args:
      day: The day, from 1.
      clicks: The clicks of the day.
      ads: From `ad_columns`.
    """
    midnight = _FIRST_MIDNIGHT + np.timedelta64(day - 1, "D")
    columns = {"timestamp": pa.array(midnight + clicks.second.astype("m8[s]"))}
    for name in ("ad_id", "category", "advertiser"):
        values = ads[name].to_pylist()
        lists = [
            LIST_SEPARATOR.join([values[ad] for ad in history]) or None
            for history in clicks.history
        ]
        columns[f"history_{name}"] = pa.array(lists, pa.string())
    return columns


def clicks_table(
    ids: Ints,
    day: int,
    impressions: Impressions,
    users: dict[str, pa.Array],
    ads: dict[str, pa.Array],
    click: Ints,
    further: Mapping[str, pa.Array],
) -> pa.Table:
    """Returns the log of a day, as a model's examples.

    Args:
      ids: The impression_id of each impression, which is no feature.
      users: From `user_columns`.
      ads: From `ad_columns`.
      click: The label: 0 or 1 for each impression.
      further: Further columns.
    """
    weekdays = pa.array([WEEKDAYS[weekday(day)]] * len(click), pa.string())
    return pa.table(
        {
            "impression_id": ids,
            **{name: each.take(impressions.user) for name, each in users.items()},
            **{name: each.take(impressions.ad) for name, each in ads.items()},
            "hour": impressions.hour,
            "weekday": weekdays,
            "device": _names(DEVICES, impressions.device),
            "position": impressions.position,
            **further,
            "click": click,
        }
    )


def truth_table(ids: Ints, click: Ints, probability: Floats) -> pa.Table:
    """Returns the true click probabilities of a day."""
    return pa.table({"impression_id": ids, "click": click, "probability": probability})


def _ids(prefix: str, count: int) -> pa.Array:
    return pa.array([f"{prefix}{number:06d}" for number in range(1, count + 1)])


def _names(
    vocabulary: tuple[str, ...], index: Ints, missing: Bools | None = None
) -> pa.Array:
    return pa.array(vocabulary, pa.string()).take(pa.array(index, mask=missing))
