"""Impressions: an ad shown to a user, at a place and a time."""

from dataclasses import dataclass

import numpy as np

from ctr.simulate.world import Ads, Bools, Floats, Ints, Users

DEVICES = ("desktop", "mobile", "tablet")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = 24
POSITIONS = 5

DEVICE_SHARES = np.array([0.32, 0.58, 0.10])
POSITION_SHARES = np.array([0.30, 0.24, 0.19, 0.15, 0.12])


@dataclass(frozen=True)
class Impressions:
    """The impressions of one day; one element for each impression, all int64.

    Attributes:
      user: Index of the user.
      ad: Index of the ad.
      hour: Hour of the day, 0 to 23.
      device: Index into `DEVICES`.
      position: Place on the page, 1 (top) to `POSITIONS`.
    """

    user: Ints
    ad: Ints
    hour: Ints
    device: Ints
    position: Ints


def draw_impressions(
    rng: np.random.Generator, count: int, day: int, users: Users, ads: Ads
) -> Impressions:
    """Draws the impressions of one day, in the order of their hour.

    Args:
      rng: Source of randomness.
      count: Number of impressions.
      day: The day, from 1. Users and ads that join later are left out.
      users: All users.
      ads: All ads.

    Returns:
      `count` impressions.
    """
    return Impressions(
        user=_draw_present(rng, count, users.popularity, users.first_day <= day),
        ad=_draw_present(rng, count, ads.popularity, ads.first_day <= day),
        hour=np.sort(rng.choice(HOURS, count, p=hour_shares())),
        device=rng.choice(len(DEVICES), count, p=DEVICE_SHARES),
        position=1 + rng.choice(POSITIONS, count, p=POSITION_SHARES),
    )


def hour_shares() -> Floats:
    """Share of a day's impressions in each hour: quiet nights, an evening peak."""
    hours = np.arange(HOURS)
    activity = 1.15 - np.cos(2 * np.pi * (hours - 3) / HOURS)
    activity += 0.8 * np.exp(-(((hours - 20) / 2.5) ** 2))
    return activity / activity.sum()


def weekday(day: int) -> int:
    """Index into `WEEKDAYS` of a day of the log; day 1 is a Monday."""
    return (day - 1) % len(WEEKDAYS)


def _draw_present(
    rng: np.random.Generator, count: int, popularity: Floats, present: Bools
) -> Ints:
    weights = np.where(present, popularity, 0.0)
    return rng.choice(len(weights), count, p=weights / weights.sum())
