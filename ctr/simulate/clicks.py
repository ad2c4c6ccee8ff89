"""The true click probability of an impression.

The logit is a sum of centred terms: main effects of the columns, small effects of
single users and ads, three crosses, and a taste term, which is the inner product of
a user's vector (interests, age, gender, a personal part) and an ad's vector
(category, advertiser, price, a part of its own), and a daily drift.
"""

import math
from dataclasses import dataclass

import numpy as np

from ctr.simulate import calibration as sizes
from ctr.simulate.world import (
    ADVERTISERS,
    CATEGORIES,
    CITIES,
    DEVICE_SHARES,
    DEVICES,
    GENDERS,
    HOURS,
    INTERESTS,
    POSITION_SHARES,
    POSITIONS,
    WEEKDAYS,
    Ads,
    Floats,
    Impressions,
    Ints,
    Users,
    hour_shares,
    weekday,
)

DAYPARTS = 4
HOURS_PER_DAYPART = HOURS // DAYPARTS


@dataclass(frozen=True)
class ClickModel:
    """All terms of the click probability, in logits, ready to be looked up.

    Attributes:
      user: Main effects of a user's attributes and of the user, (users,).
      ad: Main effects of an ad's attributes and of the ad, (ads,).
      device: (devices,).
      hour: (24,).
      position: (positions,), element 0 for position 1.
      day: Level of each day, (days,).
      day_category: Drift, (days, categories).
      gender_category: Cross, (genders, categories).
      device_daypart: Cross, (devices, dayparts).
      city_advertiser: Cross, (cities, advertisers).
      taste: Vector of each user, (users, taste dimensions).
      appeal: Vector of each ad, (ads, taste dimensions).
    """

    user: Floats
    ad: Floats
    device: Floats
    hour: Floats
    position: Floats
    day: Floats
    day_category: Floats
    gender_category: Floats
    device_daypart: Floats
    city_advertiser: Floats
    taste: Floats
    appeal: Floats


def click_logit(
    model: ClickModel, impressions: Impressions, day: int, users: Users, ads: Ads
) -> Floats:
    """Returns the logit of the click probability of each impression of a day."""
    user, ad = impressions.user, impressions.ad
    category, daypart = ads.category[ad], impressions.hour // HOURS_PER_DAYPART
    return (
        model.user[user]
        + model.ad[ad]
        + model.device[impressions.device]
        + model.hour[impressions.hour]
        + model.position[impressions.position - 1]
        + model.day[day - 1]
        + model.day_category[day - 1, category]
        + model.gender_category[users.gender[user], category]
        + model.device_daypart[impressions.device, daypart]
        + model.city_advertiser[users.city[user], ads.advertiser[ad]]
        + np.einsum("ij,ij->i", model.taste[user], model.appeal[ad])
    )


def click_probability(logit: Floats) -> Floats:
    """Returns the probability of a logit.

    Rounded, since the last bits of a sum of products depend on the machine.
    """
    return np.round(1 / (1 + np.exp(-logit)), 6)


def draw_click_model(
    seed: np.random.SeedSequence, days: int, users: Users, ads: Ads
) -> ClickModel:
    """Draws the terms of the click probability.

    They are centred and scaled to their sizes under the popularity of users and ads and
    the shares of devices, hours and positions.
    """
    effects, vectors, personal = map(np.random.default_rng, seed.spawn(3))
    gender_shares = _shares(users.gender, users.popularity, len(GENDERS))
    city_shares = _shares(users.city, users.popularity, len(CITIES))
    category_shares = _shares(ads.category, ads.popularity, len(CATEGORIES))
    advertiser_shares = _shares(ads.advertiser, ads.popularity, len(ADVERTISERS))
    daypart_shares = hour_shares().reshape(DAYPARTS, -1).sum(axis=1)
    weekdays = [weekday(day) for day in range(1, days + 1)]
    taste, appeal = _draw_vectors(vectors, personal, users, ads)
    return ClickModel(
        user=sizes.INTERCEPT + _draw_user_effects(effects, personal, users),
        ad=_draw_ad_effects(effects, personal, ads),
        device=_scaled(
            effects.normal(size=len(DEVICES)), DEVICE_SHARES, sizes.DEVICE_SD
        ),
        hour=_scaled(
            np.cos(2 * np.pi * (np.arange(HOURS) - 21) / HOURS),
            hour_shares(),
            sizes.HOUR_SD,
        ),
        position=_scaled(
            -np.log(np.arange(1, POSITIONS + 1)), POSITION_SHARES, sizes.POSITION_SD
        ),
        gender_category=_draw_cross(
            effects, gender_shares, category_shares, sizes.GENDER_CATEGORY_SD
        ),
        device_daypart=_draw_cross(
            effects, DEVICE_SHARES, daypart_shares, sizes.DEVICE_DAYPART_SD
        ),
        city_advertiser=_draw_cross(
            effects, city_shares, advertiser_shares, sizes.CITY_ADVERTISER_SD
        ),
        day=_scaled(
            effects.normal(size=len(WEEKDAYS))[weekdays],
            np.full(days, 1 / days),
            sizes.WEEKDAY_SD,
        ),
        day_category=np.cumsum(
            effects.normal(0, sizes.DRIFT_STEP_SD, (days, len(CATEGORIES))), axis=0
        ),
        taste=taste,
        appeal=appeal,
    )


def _draw_user_effects(
    effects: np.random.Generator, personal: np.random.Generator, users: Users
) -> Floats:
    share = users.popularity
    terms = (
        (np.sin(users.age / 9.0), sizes.AGE_SD),
        (effects.normal(size=len(GENDERS))[users.gender], sizes.GENDER_SD),
        (effects.normal(size=len(CITIES))[users.city], sizes.CITY_SD),
        (
            _mean_of_interests(users, effects.normal(size=len(INTERESTS))),
            sizes.INTERESTS_SD,
        ),
        (personal.normal(size=len(share)), sizes.USER_SD),
    )
    return _weighted_sum(share, *terms)


def _draw_ad_effects(
    effects: np.random.Generator, personal: np.random.Generator, ads: Ads
) -> Floats:
    share = ads.popularity
    terms = (
        (effects.normal(size=len(CATEGORIES))[ads.category], sizes.CATEGORY_SD),
        (effects.normal(size=len(ADVERTISERS))[ads.advertiser], sizes.ADVERTISER_SD),
        (-np.log(ads.price), sizes.PRICE_SD),
        (personal.normal(size=len(share)), sizes.AD_SD),
    )
    return _weighted_sum(share, *terms)


def _draw_vectors(
    effects: np.random.Generator, personal: np.random.Generator, users: Users, ads: Ads
) -> tuple[Floats, Floats]:
    """Vectors of users and ads whose inner product is scaled to `taste_sd`."""

    def table(count: int) -> Floats:
        return effects.normal(size=(count, sizes.TASTE_DIMENSIONS))

    def wave(values: Floats) -> Floats:
        return np.sin(1.2 * values[:, np.newaxis] + 3 * table(1))

    def noise(count: int) -> Floats:
        return personal.normal(size=(count, sizes.TASTE_DIMENSIONS))

    taste = _weighted_sum(
        users.popularity,
        (_mean_of_interests(users, table(len(INTERESTS))), sizes.TASTE_OF_INTERESTS),
        (table(len(GENDERS))[users.gender], sizes.TASTE_OF_GENDER),
        (wave((users.age - 40) / 14), sizes.TASTE_OF_AGE),
        (noise(len(users.age)), sizes.TASTE_OF_USER),
    )
    appeal = _weighted_sum(
        ads.popularity,
        (table(len(CATEGORIES))[ads.category], sizes.APPEAL_OF_CATEGORY),
        (table(len(ADVERTISERS))[ads.advertiser], sizes.APPEAL_OF_ADVERTISER),
        (wave(_scaled(np.log(ads.price), ads.popularity, 1.0)), sizes.APPEAL_OF_PRICE),
        (noise(len(ads.price)), sizes.APPEAL_OF_AD),
    )
    # The variance of an inner product of independent centred vectors.
    variance = np.trace(
        _covariance(taste, users.popularity) @ _covariance(appeal, ads.popularity)
    )
    return taste * sizes.TASTE_SD / np.sqrt(variance), appeal


def _mean_of_interests(users: Users, effect_of_each: Floats) -> Floats:
    """The mean effect of each user's interests; 0 for a user without any."""
    count = np.maximum(users.interests.sum(axis=1), 1)
    return ((users.interests @ effect_of_each).T / count).T


def _weighted_sum(shares: Floats, *terms: tuple[Floats, float]) -> Floats:
    """The sum of terms, each centred and scaled to its standard deviation.

    The sum is scaled once more, to what it would be if its terms were independent:
    in a small vocabulary they are correlated by chance.
    """
    total = np.sum([_scaled(values, shares, sd) for values, sd in terms], axis=0)
    return _scaled(total, shares, math.hypot(*(sd for _, sd in terms)))


def _covariance(centred: Floats, shares: Floats) -> Floats:
    return (centred * shares[:, np.newaxis]).T @ centred


def _draw_cross(
    rng: np.random.Generator, rows: Floats, columns: Floats, sd: float
) -> Floats:
    """A random effect for each pair, without main effects of either side."""
    table = rng.normal(size=(len(rows), len(columns)))
    table = table - (table @ columns)[:, np.newaxis]
    table = table - rows @ table
    return table * sd / np.sqrt(rows @ table**2 @ columns)


def _scaled(values: Floats, shares: Floats, sd: float) -> Floats:
    """`values` with mean 0 and standard deviation `sd` under `shares`."""
    centred = values - shares @ values
    return centred * sd / np.sqrt(shares @ centred**2)


def _shares(index: Ints, weights: Floats, count: int) -> Floats:
    return np.bincount(index, weights, minlength=count).astype(np.float64)
