"""Simulates a log of ad clicks and writes it, one file a day."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from sklearn.metrics import roc_auc_score

from config.errors import InputError
from ctr.simulate import calibration
from ctr.simulate.clicks import click_logit, click_probability, draw_click_model
from ctr.simulate.files import (
    CLICKS,
    TRUTH,
    FileFormat,
    ad_columns,
    clicks_table,
    new_folders,
    sequence_columns,
    truth_table,
    user_columns,
    write_day,
)
from ctr.simulate.sequences import Sequences
from ctr.simulate.world import draw_ads, draw_impressions, draw_users

_FEWEST_DAYS, _MOST_DAYS = 2, 99


@dataclass(frozen=True)
class Summary:
    """Simulated clicks.

    Attributes:
      rows: Number of impressions.
      days: Number of days, one file each.
      users: Number of users seen.
      ads: Number of ads seen.
      click_rate: Clicks per impression.
      best_possible_auc: AUC of the true probability on the last day, which no
        model can be expected to exceed; None if all its impressions have the
        same label.
      files: The files written, first all of the clicks, then all of the truth.
    """

    rows: int
    days: int
    users: int
    ads: int
    click_rate: float
    best_possible_auc: float | None
    files: tuple[Path, ...]


def simulate(
    out: Path,
    rows: int,
    days: int,
    seed: int,
    file_format: FileFormat = "csv",
    *,
    sequences: bool = False,
) -> Summary:
    """Simulates ad clicks and writes `out/clicks/day-01.csv`, `out/truth/day-01.csv`.

    The same arguments give the same bytes.

    Args:
      out: The folder to make; it must not hold simulated clicks yet.
      rows: Number of impressions, spread evenly over the days.
      seed: Seed of all randomness, not negative.
      file_format: `csv` or `parquet`.
      sequences: Adds the time and the clicks of the user before, on which the click
        probability then depends, too.

    Raises:
      InputError: An argument is out of its range, or `out` cannot be used.
      OSError: The disk refused; nothing is left behind.
    """
    _check(rows, days, seed, file_format)
    # One stream for each component and for each day, so that none depends on how
    # many numbers another one draws.
    seeds = np.random.SeedSequence(seed).spawn(5)
    user_seed, ad_seed, effect_seed, day_seed, sequence_seed = seeds
    users = draw_users(user_seed, calibration.user_count(rows), days)
    ads = draw_ads(ad_seed, calibration.ad_count(rows), days)
    model = draw_click_model(effect_seed, days, users, ads)
    of_users, of_ads = user_columns(users), ad_columns(ads)
    histories = Sequences(sequence_seed, len(users.age), ads) if sequences else None

    users_seen = np.zeros(len(users.age), np.bool_)
    ads_seen = np.zeros(len(ads.price), np.bool_)
    clicks, names = 0, []
    days_of_rows = np.array_split(np.arange(1, rows + 1), days)
    with new_folders(out) as folder:
        for day, (ids, seed_of_day) in enumerate(
            zip(days_of_rows, day_seed.spawn(days), strict=True), start=1
        ):
            rng = np.random.default_rng(seed_of_day)
            impressions = draw_impressions(rng, len(ids), day, users, ads)
            if histories is not None:
                impressions = histories.begin_day(impressions, day)
            logit = click_logit(model, impressions, day, users, ads)
            chance = rng.random(len(ids))
            if histories is None:
                probability = click_probability(logit)
                click = (chance < probability).astype(np.int64)
                further = {}
            else:
                drawn = histories.draw_clicks(impressions, logit, chance)
                probability, click = drawn.probability, drawn.click
                further = sequence_columns(day, drawn, of_ads)
            examples = clicks_table(
                ids, day, impressions, of_users, of_ads, click, further
            )
            names.append(write_day(examples, folder / CLICKS, day, file_format))
            truth = truth_table(ids, click, probability)
            write_day(truth, folder / TRUTH, day, file_format)
            users_seen[impressions.user] = True
            ads_seen[impressions.ad] = True
            clicks += int(click.sum())
    both = 0 < click.sum() < len(click)
    return Summary(
        rows=rows,
        days=days,
        users=int(users_seen.sum()),
        ads=int(ads_seen.sum()),
        click_rate=clicks / rows,
        best_possible_auc=float(roc_auc_score(click, probability)) if both else None,
        files=tuple(out / part / name for part in (CLICKS, TRUTH) for name in names),
    )


def _check(rows: int, days: int, seed: int, file_format: str) -> None:
    if not _FEWEST_DAYS <= days <= _MOST_DAYS:
        raise InputError(f"--days is {days}; allowed: {_FEWEST_DAYS} to {_MOST_DAYS}")
    if rows < days:
        raise InputError(
            f"--rows is {rows}; allowed: at least one a day, {days} for --days {days}"
        )
    if seed < 0:
        raise InputError(f"--seed is {seed}; allowed: 0 or more")
    if file_format not in get_args(FileFormat):
        allowed = " or ".join(get_args(FileFormat))
        raise InputError(f"--format is {file_format}; allowed: {allowed}")
