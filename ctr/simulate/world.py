"""The users and the ads of the simulated log, and their vocabularies."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctr.simulate.calibration import Calibration

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
CATEGORIES_PER_ADVERTISER = 3
MOST_INTERESTS = 5

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


def draw_users(
    seed: np.random.SeedSequence, count: int, days: int, calibration: Calibration
) -> Users:
    """Draws the users.

    Args:
      seed: Source of randomness.
      count: Number of users.
      days: Number of days over which late users join.
      calibration: Tails, shares of late users and missing rates.

    Returns:
      `count` users.
    """
    rng = np.random.default_rng(seed)
    return Users(
        popularity=_zipf(
            rng, count, calibration.user_exponent, calibration.user_offset
        ),
        first_day=_first_days(rng, count, days, calibration.late_user_share),
        age=_draw_ages(rng, count),
        gender=rng.choice(len(GENDERS), count, p=_GENDER_SHARES),
        city=rng.choice(len(CITIES), count, p=_falling_shares(len(CITIES))),
        interests=_draw_interests(rng, count),
        age_missing=rng.random(count) < calibration.age_missing,
        gender_missing=rng.random(count) < calibration.gender_missing,
        city_missing=rng.random(count) < calibration.city_missing,
    )


def draw_ads(
    seed: np.random.SeedSequence, count: int, days: int, calibration: Calibration
) -> Ads:
    """Draws the ads.

    Args:
      seed: Source of randomness.
      count: Number of ads.
      days: Number of days over which late ads appear.
      calibration: Tails, shares of late ads and missing rates.

    Returns:
      `count` ads.
    """
    rng = np.random.default_rng(seed)
    advertiser_categories = _draw_advertiser_categories(rng)
    usual_price = np.exp(rng.uniform(np.log(8), np.log(120), len(CATEGORIES)))
    advertiser = rng.choice(
        len(ADVERTISERS), count, p=_falling_shares(len(ADVERTISERS))
    )
    choice = rng.integers(CATEGORIES_PER_ADVERTISER, size=count)
    category = advertiser_categories[advertiser, choice]
    return Ads(
        popularity=_zipf(rng, count, calibration.ad_exponent, calibration.ad_offset),
        first_day=_first_days(rng, count, days, calibration.late_ad_share),
        category=category,
        advertiser=advertiser,
        price=np.round(usual_price[category] * rng.lognormal(0, 0.6, count), 2),
        price_missing=rng.random(count) < calibration.price_missing,
    )


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
