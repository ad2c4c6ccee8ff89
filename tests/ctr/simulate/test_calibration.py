"""The figures of the demo's log, which ctr/simulate/__init__.py states."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder

from ctr.simulate import simulate
from ctr.simulate.world import INTERESTS

LAST_DAY = 8
CATEGORICAL = (
    *("user_id", "gender", "city", "ad_id", "category", "advertiser"),
    *("hour", "weekday", "device", "position"),
)
RECOMMENDED_CROSSES = (
    ("gender", "category"),
    ("device", "daypart"),
    ("city", "advertiser"),
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo's log: (summary, clicks with the day and the true probability)."""
    out = tmp_path_factory.mktemp("demo") / "log"
    summary = simulate(out, 200_000, LAST_DAY, seed=1, file_format="parquet")
    days = [
        pd.concat([pd.read_parquet(clicks), pd.read_parquet(truth).probability], axis=1)
        for clicks, truth in zip(
            summary.files[:LAST_DAY], summary.files[LAST_DAY:], strict=True
        )
    ]
    return summary, pd.concat(
        [table.assign(day=day) for day, table in enumerate(days, 1)], ignore_index=True
    )


def one_hot(log: pd.DataFrame, columns: list[str]) -> scipy.sparse.csr_matrix:
    train = log[log.day < LAST_DAY]
    encoder = OneHotEncoder(handle_unknown="ignore").fit(train[columns].astype(str))
    return encoder.transform(log[columns].astype(str))


def bins(log: pd.DataFrame, column: str) -> pd.Series:
    """Twenty quantile bins of the training days; missing is a bin of its own."""
    train = log.loc[log.day < LAST_DAY, column].dropna()
    binner = KBinsDiscretizer(20, encode="ordinal", subsample=None)
    binner.fit(train.to_numpy()[:, None])
    known = log[column].notna()
    result = pd.Series(-1, index=log.index)
    result[known] = binner.transform(log.loc[known, column].to_numpy()[:, None])[:, 0]
    return result


def multi_hot(log: pd.DataFrame) -> np.ndarray:
    lists = log.interests.fillna("").str.split("|")
    return np.stack([[name in values for values in lists] for name in INTERESTS], 1)


def design(log: pd.DataFrame) -> scipy.sparse.csr_matrix:
    """Every column of the log, as a logistic regression sees it best."""
    binned = log.assign(age=bins(log, "age"), price=bins(log, "price"))
    single = one_hot(binned, [*CATEGORICAL, "age", "price"])
    interests = multi_hot(log).astype(float)
    mean = interests / np.maximum(interests.sum(axis=1, keepdims=True), 1)
    return scipy.sparse.hstack([single, interests, 2 * mean]).tocsr()


def crosses(log: pd.DataFrame) -> scipy.sparse.csr_matrix:
    with_daypart = log.assign(daypart=log.hour // 6)
    crossed = {
        f"{a}_x_{b}": with_daypart[a].astype(str) + "|" + with_daypart[b].astype(str)
        for a, b in RECOMMENDED_CROSSES
    }
    return one_hot(log.assign(**crossed), list(crossed))


def tuned_auc(log: pd.DataFrame, features: scipy.sparse.csr_matrix) -> float:
    """AUC on the last day; C is tuned on the day before it."""
    label, day = log.click.to_numpy(), log.day.to_numpy()

    def auc_on(test_day: int, c: float) -> float:
        model = LogisticRegression(C=c, max_iter=300)
        model.fit(features[day < test_day], label[day < test_day])
        scores = model.decision_function(features[day == test_day])
        return roc_auc_score(label[day == test_day], scores)

    best_c = max((0.03, 0.1, 0.3), key=lambda c: auc_on(LAST_DAY - 1, c))
    return auc_on(LAST_DAY, best_c)


def test_the_figures_of_the_log_are_plausible(demo):
    summary, _ = demo

    assert summary.users >= 5_000
    assert summary.ads >= 500
    assert 0.08 < summary.click_rate < 0.20
    assert 0.72 < summary.best_possible_auc < 0.85


def test_the_last_day_has_users_and_ads_that_training_has_not(demo):
    _, log = demo
    train, last = log[log.day < LAST_DAY], log[log.day == LAST_DAY]
    new_user = ~last.user_id.isin(train.user_id)
    new_ad = ~last.ad_id.isin(train.ad_id)

    assert new_user.mean() > 0.02
    assert new_ad.mean() > 0.02
    assert 0.05 < (new_user | new_ad).mean() < 0.25


def test_no_user_and_no_ad_dominates(demo):
    _, log = demo

    assert log.user_id.value_counts(normalize=True).iloc[0] < 0.015
    assert log.ad_id.value_counts(normalize=True).iloc[0] < 0.03


@pytest.mark.slow
def test_linear_models_stay_behind_the_best_possible_auc(demo):
    """The figures of the docstring; crosses help, but are not everything."""
    summary, log = demo
    best = summary.best_possible_auc
    columns = design(log)
    single = tuned_auc(log, columns)
    crossed = tuned_auc(log, scipy.sparse.hstack([columns, crosses(log)]).tocsr())

    assert best == pytest.approx(0.837, abs=0.002)
    assert single == pytest.approx(0.776, abs=0.004)
    assert crossed == pytest.approx(0.79, abs=0.004)
    assert 0.74 < (single - 0.5) / (best - 0.5) < 0.85
    assert crossed > single + 0.01
    assert (crossed - 0.5) / (best - 0.5) < 0.92
