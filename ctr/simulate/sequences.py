"""Clicks that hang on the clicks before them, for models of sequences.

Each user is after ads of one category and advertiser, and each day a share of the users
after those of another. A share of the impressions show such ads. Who clicked an ad of
the same category and advertiser is more likely to click this one, and the more so, the
more recent that click is in the history. All that this term of the logit needs is in
the row: the history in the order of its clicks, and the ad.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ctr.simulate import calibration as sizes
from ctr.simulate.world import ADVERTISERS, Ads, Floats, Impressions, Ints

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Clicks:
    """The clicks of a day; one element for each impression.

    Attributes:
      second: Time of the impression, in seconds from midnight, rising.
      history: The ads that the user clicked in earlier seconds, the most recent last;
        at most `HISTORY_LENGTH`.
      probability: True click probability.
      click: 0 or 1.
    """

    second: Ints
    history: Sequence[tuple[int, ...]]
    probability: Floats
    click: Ints


class Sequences:
    """The users' wishes and their clicks, day after day."""

    def __init__(self, seed: np.random.SeedSequence, users: int, ads: Ads):
        """Begins without clicks.

        Args:
          seed: Seed of the wishes and the times.
          users: Number of users.
          ads: All ads.
        """
        self._rng = np.random.default_rng(seed)
        self._ads = ads
        # One number for each pair of category and advertiser.
        self._kind = ads.category * len(ADVERTISERS) + ads.advertiser
        self._kinds: list[int] = self._kind.tolist()
        self._wanted = self._draw_kinds(users)
        self._history: list[deque[int]] = [
            deque(maxlen=sizes.HISTORY_LENGTH) for _ in range(users)
        ]

    def begin_day(self, impressions: Impressions, day: int) -> Impressions:
        """Moves the wishes; returns the impressions with ads that follow them.

        Args:
          impressions: The impressions of the day, whose ads some others replace.
          day: The day, from 1.
        """
        users = len(self._wanted)
        moves = self._rng.random(users) < sizes.WISH_MOVES
        self._wanted = np.where(moves, self._draw_kinds(users), self._wanted)
        wanted = self._wanted[impressions.user]
        follows = self._rng.random(len(wanted)) < sizes.WISH_SHARE
        present = np.where(self._ads.first_day <= day, self._ads.popularity, 0.0)
        ad = impressions.ad.copy()
        for kind in np.unique(wanted):
            weights = np.where(self._kind == kind, present, 0.0)
            if weights.any():
                places = np.flatnonzero(follows & (wanted == kind))
                shares = weights / weights.sum()
                ad[places] = self._rng.choice(len(shares), len(places), p=shares)
        return replace(impressions, ad=ad)

    def draw_clicks(
        self, impressions: Impressions, logit: Floats, chance: Floats
    ) -> Clicks:
        """Draws the clicks of a day one after the other.

        Args:
          impressions: From `begin_day`.
          logit: Logit of the click probability without the term of the history.
          chance: Uniform random numbers; those below the probability are clicks.
        """
        within_hour = self._rng.integers(SECONDS_PER_HOUR, size=len(logit))
        second = np.sort(impressions.hour * SECONDS_PER_HOUR + within_hour)
        columns = (impressions.user, impressions.ad, second, logit, chance)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        history, probability = [], []
        now = -1
        # Of the current second: they tell nothing of each other.
        clicked: list[tuple[int, int]] = []
        for user, ad, time, base, draw in rows:
            if time > now:
                self._remember(clicked)
                clicked, now = [], time
            history.append(tuple(self._history[user]))
            term = sizes.MATCH * (self._recency(user, ad) - sizes.MEAN_RECENCY)
            # Rounded as the others are.
            probability.append(round(1 / (1 + math.exp(-base - term)), 6))
            if draw < probability[-1]:
                clicked.append((user, ad))
        self._remember(clicked)
        true = np.array(probability)
        return Clicks(second, history, true, (chance < true).astype(np.int64))

    def _draw_kinds(self, count: int) -> Ints:
        """Kinds of ads, as often as their ads are shown."""
        shares = self._ads.popularity
        return self._kind[self._rng.choice(len(shares), count, p=shares)]

    def _remember(self, clicked: Sequence[tuple[int, int]]) -> None:
        for user, ad in clicked:
            self._history[user].append(ad)

    def _recency(self, user: int, ad: int) -> float:
        """1 if the last click of a history is on an ad of that kind; 0 without any."""
        kind = self._kinds[ad]
        for age, earlier in enumerate(reversed(self._history[user])):
            if self._kinds[earlier] == kind:
                return sizes.RECENCY**age
        return 0.0
