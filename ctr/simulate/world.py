"""Users, ads and impressions of the simulated log, and their vocabularies."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctr.simulate import calibration

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

GENDERS = ("female", "male", "other")
CITIES = (
    "Athens", "Berlin", "Dublin", "Lisbon", "London", "Madrid", "Paris", "Prague",
    "Rome", "Vienna",
)  # fmt: skip
INTERESTS = (
    "books", "cars", "cinema", "cooking", "fashion", "football", "gaming",
    "gardening", "music", "travel",
)  # fmt: skip
CATEGORIES = (
    "apparel", "automotive", "banking", "beauty", "electronics", "games", "home",
    "tourism",
)  # fmt: skip
ADVERTISERS = tuple(f"advertiser-{number:02d}" for number in range(1, 13))
DEVICES = ("desktop", "mobile", "tablet")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = 24
POSITIONS = 5
CATEGORIES_PER_ADVERTISER = 3
MOST_INTERESTS = 5

DEVICE_SHARES = np.array([0.32, 0.58, 0.10])
POSITION_SHARES = np.array([0.30, 0.24, 0.19, 0.15, 0.12])
_GENDER_SHARES = np.array([0.49, 0.48, 0.03])
_YOUNGEST, _OLDEST = 18, 75


@dataclass(frozen=True)
class Users:
    """Every user of the simulation; one element or row for each user.

    Attributes:
      popularity: Relative activity, float64, sums to 1.
      first_day: The day (from 1) on which the user joins, int64.
      age: Years, int64.
      gender: Index into `GENDERS`, int64.
      city: Index into `CITIES`, int64.
      interests: True for each of `INTERESTS` that the user has, bool, (users, 10).
      age_missing: True where the log lacks the age, bool.
      gender_missing: True where the log lacks the gender, bool.
      city_missing: True where the log lacks the city, bool.
    """

    popularity: Floats
    first_day: Ints
    age: Ints
    gender: Ints
    city: Ints
    interests: Bools
    age_missing: Bools
    gender_missing: Bools
    city_missing: Bools


@dataclass(frozen=True)
class Ads:
    """Every ad of the simulation; one element for each ad.

    Attributes:
      popularity: Relative number of impressions, float64, sums to 1.
      first_day: The day (from 1) on which the ad is first shown, int64.
      category: Index into `CATEGORIES`, int64.
      advertiser: Index into `ADVERTISERS`, int64.
      price: Price of what is advertised, in euros, float64.
      price_missing: True where the log lacks the price, bool.
    """

    popularity: Floats
    first_day: Ints
    category: Ints
    advertiser: Ints
    price: Floats
    price_missing: Bools


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


def draw_users(seed: np.random.SeedSequence, count: int, days: int) -> Users:
    """Draws users, of whom the late ones join evenly over the days."""
    rng = np.random.default_rng(seed)
    return Users(
        popularity=_zipf(
            rng, count, calibration.USER_EXPONENT, calibration.USER_OFFSET
        ),
        first_day=_first_days(rng, count, days, calibration.LATE_USER_SHARE),
        age=_draw_ages(rng, count),
        gender=rng.choice(len(GENDERS), count, p=_GENDER_SHARES),
        city=rng.choice(len(CITIES), count, p=_falling_shares(len(CITIES))),
        interests=_draw_interests(rng, count),
        age_missing=rng.random(count) < calibration.AGE_MISSING,
        gender_missing=rng.random(count) < calibration.GENDER_MISSING,
        city_missing=rng.random(count) < calibration.CITY_MISSING,
    )


def draw_ads(seed: np.random.SeedSequence, count: int, days: int) -> Ads:
    """Draws ads, of which the late ones appear evenly over the days."""
    rng = np.random.default_rng(seed)
    advertiser_categories = _draw_advertiser_categories(rng)
    usual_price = np.exp(rng.uniform(np.log(8), np.log(120), len(CATEGORIES)))
    advertiser = rng.choice(
        len(ADVERTISERS), count, p=_falling_shares(len(ADVERTISERS))
    )
    choice = rng.integers(CATEGORIES_PER_ADVERTISER, size=count)
    category = advertiser_categories[advertiser, choice]
    return Ads(
        popularity=_zipf(rng, count, calibration.AD_EXPONENT, calibration.AD_OFFSET),
        first_day=_first_days(rng, count, days, calibration.LATE_AD_SHARE),
        category=category,
        advertiser=advertiser,
        price=np.round(usual_price[category] * rng.lognormal(0, 0.6, count), 2),
        price_missing=rng.random(count) < calibration.PRICE_MISSING,
    )


def draw_impressions(
    rng: np.random.Generator, count: int, day: int, users: Users, ads: Ads
) -> Impressions:
    """Draws the impressions of one day, from 1, in the order of their hour.

    Users and ads that join later are left out.
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


def _zipf(
    rng: np.random.Generator, count: int, exponent: float, offset: float
) -> Floats:
    """Zipf-Mandelbrot shares in random order, so that an id says nothing."""
    shares = (np.arange(1, count + 1) + offset) ** -exponent
    return rng.permutation(shares / shares.sum())


def _first_days(
    rng: np.random.Generator, count: int, days: int, late_share: float
) -> Ints:
    """Sorted, so that ids are given out in the order of joining."""
    late = rng.random(count) < late_share
    return np.sort(np.where(late, rng.integers(2, days + 1, count), 1))


def _falling_shares(count: int) -> Floats:
    """Shares of a small vocabulary: uneven, but every value is well observed."""
    shares = 1 / np.sqrt(np.arange(1, count + 1))
    return shares / shares.sum()


def _draw_ages(rng: np.random.Generator, count: int) -> Ints:
    ages = _YOUNGEST + (_OLDEST - _YOUNGEST) * rng.beta(1.6, 2.4, count)
    return ages.astype(np.int64)


def _draw_interests(rng: np.random.Generator, count: int) -> Bools:
    """From none to `MOST_INTERESTS` interests a user, popular ones more often."""
    # Adding Gumbel noise to log shares and keeping the largest draws without
    # replacement, for all users at once.
    shares = rng.permutation(_falling_shares(len(INTERESTS)))
    keys = np.log(shares) + rng.gumbel(size=(count, len(INTERESTS)))
    ranks = np.argsort(np.argsort(-keys, axis=1), axis=1)
    wanted = rng.choice(
        MOST_INTERESTS + 1, count, p=[0.04, 0.24, 0.28, 0.22, 0.14, 0.08]
    )
    return ranks < wanted[:, np.newaxis]


def _draw_advertiser_categories(rng: np.random.Generator) -> Ints:
    """The categories each advertiser sells in, (advertisers, categories each)."""
    shuffled = rng.permuted(
        np.tile(np.arange(len(CATEGORIES)), (len(ADVERTISERS), 1)), axis=1
    )
    return shuffled[:, :CATEGORIES_PER_ADVERTISER]
