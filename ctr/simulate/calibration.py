"""The constants that decide how hard the simulated clicks are to predict.

Every `*_SD` is the standard deviation, in logits and over impressions, of one term of
the click probability. Each term is centred, and each cross is centred over both of its
sides, so that the terms do not borrow from one another and a term's size is what is
written here, for every seed.

The sizes are a balance that the tests assert. Interactions (crosses and taste) are
large enough for a logistic regression on single columns to fall visibly behind. They
hang on attributes that many impressions share, so that 175,000 training rows are enough
to learn them; what belongs to one user or one ad alone is kept small, since few rows
can teach it.
"""

import math

# Populations. Users grow with the rows (an id keeps about as many rows in a
# larger log); ads grow with their square root (a catalogue saturates).
ROWS_PER_USER = 36
FEWEST_USERS = 200
ADS_PER_SQRT_ROW = 2.0
FEWEST_ADS = 60

# Zipf-Mandelbrot tails: share ~ (rank + offset) ** -exponent. The offsets keep
# the most active user near 1% and the most shown ad near 2% of the rows.
USER_EXPONENT = 1.0
USER_OFFSET = 20.0
AD_EXPONENT = 1.0
AD_OFFSET = 10.0

# Share of each population that is not there on day 1 but joins later, evenly.
LATE_USER_SHARE = 0.4
LATE_AD_SHARE = 0.4

# Missing values: of a user's profile, and of an ad's listing.
AGE_MISSING = 0.04
GENDER_MISSING = 0.03
CITY_MISSING = 0.02
PRICE_MISSING = 0.03

# Main effects, which a logistic regression can learn.
INTERCEPT = -2.1
AGE_SD = 0.4
GENDER_SD = 0.20
CITY_SD = 0.25
INTERESTS_SD = 0.42
CATEGORY_SD = 0.66
ADVERTISER_SD = 0.56
PRICE_SD = 0.42
DEVICE_SD = 0.3
HOUR_SD = 0.3
WEEKDAY_SD = 0.08
POSITION_SD = 0.5

# Effects of a single user or ad, of which too few rows exist to learn them well.
USER_SD = 0.05
AD_SD = 0.06

# Crosses: one effect for each pair of values, without structure between
# pairs. Memorising them is what a wide part with crosses is for.
GENDER_CATEGORY_SD = 0.3
DEVICE_DAYPART_SD = 0.18
CITY_ADVERTISER_SD = 0.27

# Taste: the inner product of a user's and an ad's vector. Generalising over
# it is what embeddings are for. `TASTE_SD` is the size of the product; the
# sizes below it weigh the parts of the two vectors against one another.
TASTE_DIMENSIONS = 3
TASTE_SD = 0.9
TASTE_OF_INTERESTS = 0.75
TASTE_OF_GENDER = 0.45
TASTE_OF_AGE = 0.45
TASTE_OF_USER = 0.07
APPEAL_OF_CATEGORY = 0.9
APPEAL_OF_ADVERTISER = 0.3
APPEAL_OF_PRICE = 0.3
APPEAL_OF_AD = 0.07

# Drift: daily steps of a random walk, of each category's click rate.
DRIFT_STEP_SD = 0.03

# Sequences (`ctr simulate --sequences`): share of the users who are after another kind
# of ad each day, and share of the impressions whose ad is of that kind.
WISH_MOVES = 0.3
WISH_SHARE = 0.4
# Clicks in a history, and the factor of a click's recency for each click after it.
HISTORY_LENGTH = 50
RECENCY = 0.9
# The term has MATCH * (recency - MEAN_RECENCY) logits, and leaves the click rate about
# what it is without sequences.
MATCH = 5.0
MEAN_RECENCY = 0.25


def user_count(rows: int) -> int:
    """Number of users of a log of `rows` impressions; not all will be seen."""
    return max(FEWEST_USERS, rows // ROWS_PER_USER)


def ad_count(rows: int) -> int:
    """Number of ads of a log of `rows` impressions; not all will be seen."""
    return max(FEWEST_ADS, int(ADS_PER_SQRT_ROW * math.sqrt(rows)))
