"""Simulates a log of ad clicks and writes it, one file a day."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from config.errors import InputError
from ctr.simulate.calibration import Calibration
from ctr.simulate.clicks import click_probability, draw_click_model
from ctr.simulate.impressions import Impressions, draw_impressions
from ctr.simulate.table import ad_columns, clicks_table, truth_table, user_columns
from ctr.simulate.world import Bools, Floats, Ints, draw_ads, draw_users
from ctr.simulate.writer import CLICKS, TRUTH, FileFormat, new_folders, write_day

FEWEST_DAYS, MOST_DAYS = 2, 99


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
) -> Summary:
    """Simulates ad clicks and writes `out/clicks/day-01.csv`, `out/truth/day-01.csv`.

    The same arguments give the same bytes.

    Args:
      out: The folder to make; it must not hold simulated clicks yet.
      rows: Number of impressions, spread evenly over the days.
      days: Number of days.
      seed: Seed of all randomness, not negative.
      file_format: `csv` or `parquet`.

    Returns:
      What was simulated.

    Raises:
      InputError: An argument is out of its range, or `out` cannot be used.
      OSError: The disk refused; nothing is left behind.
    """
    _check(rows, days, seed, file_format)
    calibration = Calibration()
    # One stream for each component and for each day, so that none depends on how
    # many numbers another one draws.
    user_seed, ad_seed, effect_seed, day_seed = np.random.SeedSequence(seed).spawn(4)
    users = draw_users(user_seed, calibration.user_count(rows), days, calibration)
    ads = draw_ads(ad_seed, calibration.ad_count(rows), days, calibration)
    model = draw_click_model(effect_seed, days, users, ads, calibration)
    known_users, known_ads = user_columns(users), ad_columns(ads)

    tally = _Tally(len(users.age), len(ads.price))
    names: list[str] = []
    with new_folders(out) as folder:
        for day, seed_of_day in enumerate(day_seed.spawn(days), start=1):
            count = rows // days + (day <= rows % days)
            rng = np.random.default_rng(seed_of_day)
            impressions = draw_impressions(rng, count, day, users, ads)
            probability = click_probability(model, impressions, day, users, ads)
            click = (rng.random(count) < probability).astype(np.int64)
            examples = clicks_table(
                tally.rows + 1, day, impressions, known_users, known_ads, click
            )
            truth = truth_table(tally.rows + 1, click, probability)
            names.append(write_day(examples, folder / CLICKS, day, file_format))
            write_day(truth, folder / TRUTH, day, file_format)
            tally.add(impressions, click)
    return Summary(
        rows=rows,
        days=days,
        users=int(tally.users.sum()),
        ads=int(tally.ads.sum()),
        click_rate=tally.clicks / rows,
        best_possible_auc=auc(click, probability),
        files=tuple(out / part / name for part in (CLICKS, TRUTH) for name in names),
    )


class _Tally:
    """Running counts: rows and clicks so far, and which users and ads were seen."""

    def __init__(self, user_count: int, ad_count: int) -> None:
        self.rows = 0
        self.clicks = 0
        self.users = np.zeros(user_count, dtype=np.bool_)
        self.ads = np.zeros(ad_count, dtype=np.bool_)

    def add(self, impressions: Impressions, click: Ints) -> None:
        self.rows += len(click)
        self.clicks += int(click.sum())
        self.users[impressions.user] = True
        self.ads[impressions.ad] = True


def auc(label: Ints, score: Floats) -> float | None:
    """Area under the ROC curve; a tie of a positive and a negative counts half.

    Args:
      label: 0 or 1, int64.
      score: One for each label, float64.

    Returns:
      The area, or None if the labels are all equal.
    """
    is_positive: Bools = label == 1
    positives, negatives = score[is_positive], np.sort(score[~is_positive])
    if not len(positives) or not len(negatives):
        return None
    below = np.searchsorted(negatives, positives, side="left")
    not_above = np.searchsorted(negatives, positives, side="right")
    return float((below + not_above).mean() / 2 / len(negatives))


def _check(rows: int, days: int, seed: int, file_format: str) -> None:
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise InputError(f"--days is {days}; allowed: {FEWEST_DAYS} to {MOST_DAYS}")
    if rows < days:
        raise InputError(
            f"--rows is {rows}; allowed: at least one a day, {days} for --days {days}"
        )
    if seed < 0:
        raise InputError(f"--seed is {seed}; allowed: 0 or more")
    if file_format not in get_args(FileFormat):
        allowed = " or ".join(get_args(FileFormat))
        raise InputError(f"--format is {file_format}; allowed: {allowed}")
