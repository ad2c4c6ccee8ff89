"""The constants that decide how hard the simulated clicks are to predict."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Calibration:
    """Sizes, tails, missing rates and effect sizes of the simulation.

    Every ``*_sd`` is the standard deviation, in logits and over impressions, of
    one term of the click probability. Each term is centred, and each cross is
    centred over both of its sides, so that the terms do not borrow from one
    another and a term's size is what is written here, for every seed.

    The sizes are a balance that the tests assert. Interactions (crosses and taste)
    are large enough for a logistic regression on single columns to fall visibly
    behind. They hang on attributes that many impressions share, so that 175,000
    training rows are enough to learn them; what belongs to one user or one ad
    alone is kept small, since few rows can teach it.
    """

    # Populations. Users grow with the rows (an id keeps about as many rows in a
    # larger log); ads grow with their square root (a catalogue saturates).
    rows_per_user: int = 36
    fewest_users: int = 200
    ads_per_sqrt_row: float = 2.0
    fewest_ads: int = 60

    # Zipf-Mandelbrot tails: share ~ (rank + offset) ** -exponent. The offsets keep
    # the most active user near 1% and the most shown ad near 2% of the rows.
    user_exponent: float = 1.0
    user_offset: float = 20.0
    ad_exponent: float = 1.0
    ad_offset: float = 10.0

    # Share of each population that is not there on day 1 but joins later, evenly.
    late_user_share: float = 0.4
    late_ad_share: float = 0.4

    # Missing values: of a user's profile, and of an ad's listing.
    age_missing: float = 0.04
    gender_missing: float = 0.03
    city_missing: float = 0.02
    price_missing: float = 0.03

    # Main effects, which a logistic regression can learn.
    intercept: float = -2.1
    age_sd: float = 0.4
    gender_sd: float = 0.20
    city_sd: float = 0.25
    interests_sd: float = 0.42
    category_sd: float = 0.66
    advertiser_sd: float = 0.56
    price_sd: float = 0.42
    device_sd: float = 0.3
    hour_sd: float = 0.3
    weekday_sd: float = 0.08
    position_sd: float = 0.5

    # Effects of a single user or ad, of which too few rows exist to learn them well.
    user_sd: float = 0.05
    ad_sd: float = 0.06

    # Crosses: one effect for each pair of values, without structure between
    # pairs. Memorising them is what a wide part with crosses is for.
    gender_category_sd: float = 0.3
    device_daypart_sd: float = 0.18
    city_advertiser_sd: float = 0.27

    # Taste: the inner product of a user's and an ad's vector. Generalising over
    # it is what embeddings are for. `taste_sd` is the size of the product; the
    # sizes below it weigh the parts of the two vectors against one another.
    taste_dimensions: int = 3
    taste_sd: float = 0.9
    taste_of_interests: float = 0.75
    taste_of_gender: float = 0.45
    taste_of_age: float = 0.45
    taste_of_user: float = 0.07
    appeal_of_category: float = 0.9
    appeal_of_advertiser: float = 0.3
    appeal_of_price: float = 0.3
    appeal_of_ad: float = 0.07

    # Drift: daily steps of a random walk, of each category's click rate.
    drift_step_sd: float = 0.03

    def user_count(self, rows: int) -> int:
        """Number of users of a log of `rows` impressions; not all will be seen."""
        return max(self.fewest_users, rows // self.rows_per_user)

    def ad_count(self, rows: int) -> int:
        """Number of ads of a log of `rows` impressions; not all will be seen."""
        return max(self.fewest_ads, int(self.ads_per_sqrt_row * math.sqrt(rows)))
