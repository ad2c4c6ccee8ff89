"""Simulated clicks with histories."""

import numpy as np
import pandas as pd
import pytest

from ctr.simulate import calibration, simulate
from ctr.simulate.clicks import click_logit, draw_click_model
from ctr.simulate.sequences import SECONDS_PER_HOUR, Sequences
from ctr.simulate.world import DEVICES, Impressions, draw_ads, draw_users

ROWS, DAYS, SEED = 20_003, 3, 7
ITEMS = ("ad_id", "category", "advertiser")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """All rows with their day and true probability; histories are lists."""
    out = tmp_path_factory.mktemp("sequences") / "log"
    summary = simulate(out, ROWS, DAYS, SEED, sequences=True)
    days = [
        pd.read_csv(clicks, parse_dates=["timestamp"], keep_default_na=False).assign(
            day=day, probability=pd.read_csv(truth).probability
        )
        for day, (clicks, truth) in enumerate(
            zip(summary.files[:DAYS], summary.files[DAYS:], strict=True), start=1
        )
    ]
    rows = pd.concat(days, ignore_index=True)
    for name in ITEMS:
        texts = rows[f"history_{name}"]
        rows[f"history_{name}"] = [text.split("|") if text else [] for text in texts]
    return rows


def test_a_history_is_what_the_user_clicked_in_earlier_seconds(log):
    for _, rows in log.groupby("user_id"):
        clicked = rows[rows.click == 1]
        for row in rows.itertuples():
            before = clicked[clicked.timestamp < row.timestamp]
            latest = before.tail(calibration.HISTORY_LENGTH)
            for name in ITEMS:
                assert getattr(row, f"history_{name}") == latest[name].tolist()


def test_rows_are_in_the_order_of_time_and_agree_with_hour_and_weekday(log):
    assert log.timestamp.is_monotonic_increasing
    assert (log.timestamp.dt.hour == log.hour).all()
    assert (log.timestamp.dt.day_name().str[:3].str.lower() == log.weekday).all()


def test_rows_of_one_second_tell_nothing_of_each_other():
    """One user who clicks everything, more often than an hour has seconds."""
    seeds = np.random.SeedSequence(1).spawn(2)
    ads = draw_ads(seeds[0], 60, DAYS)
    count = 5_000
    ones = np.ones(count, np.int64)
    ad = np.random.default_rng(2).integers(60, size=count)
    impressions = Impressions(
        user=0 * ones, ad=ad, hour=9 * ones, device=0 * ones, position=ones
    )
    drawn = Sequences(seeds[1], 1, ads).draw_clicks(
        impressions, np.zeros(count), np.zeros(count)
    )

    assert drawn.click.all()
    assert len(np.unique(drawn.second)) < count
    assert (drawn.second // SECONDS_PER_HOUR == 9).all()
    for second, history in zip(drawn.second, drawn.history, strict=True):
        earlier = ad[drawn.second < second][-calibration.HISTORY_LENGTH :]
        assert list(history) == earlier.tolist()


def recency(categories, advertisers, category, advertiser):
    """From the most recent click on an ad of both, 0.9 for each click after it."""
    kinds = list(zip(categories, advertisers, strict=True))[::-1]
    own = (category, advertiser)
    return 0.9 ** kinds.index(own) if own in kinds else 0.0


def test_the_probability_depends_on_the_last_click_of_the_kind(log):
    """Computed again from the columns of each row, and the terms without history."""
    user_seed, ad_seed, effect_seed, *_ = np.random.SeedSequence(SEED).spawn(5)
    users = draw_users(user_seed, calibration.user_count(ROWS), DAYS)
    ads = draw_ads(ad_seed, calibration.ad_count(ROWS), DAYS)
    model = draw_click_model(effect_seed, DAYS, users, ads)
    for day, rows in log.groupby("day"):
        impressions = Impressions(
            user=rows.user_id.str[1:].astype(int).to_numpy() - 1,
            ad=rows.ad_id.str[1:].astype(int).to_numpy() - 1,
            hour=rows.hour.to_numpy(),
            device=rows.device.map(DEVICES.index).to_numpy(),
            position=rows.position.to_numpy(),
        )
        lists = (rows.history_category, rows.history_advertiser)
        recent = [*map(recency, *lists, rows.category, rows.advertiser)]
        logit = click_logit(model, impressions, day, users, ads)
        logit += 5.0 * (np.array(recent) - 0.25)
        expected = 1 / (1 + np.exp(-logit))
        np.testing.assert_allclose(rows.probability, expected, rtol=0, atol=1e-6)


def test_wishes_move_over_days(log):
    """The advertiser that a user sees most is often another one after two days."""
    seen = log.groupby(["user_id", "day"]).advertiser.agg(lambda each: each.mode()[0])
    first, last = seen.xs(1, level="day").align(seen.xs(3, level="day"), join="inner")

    assert 0.3 < (first != last).mean() < 0.9


def test_users_and_ads_are_those_of_a_log_without_sequences(log, tmp_path):
    plain = simulate(tmp_path / "log", ROWS, DAYS, SEED)
    columns = ["impression_id", "user_id", "age", "hour", "device", "position"]
    for day, file in enumerate(plain.files[:DAYS], start=1):
        rows = pd.read_csv(file, keep_default_na=False)
        own = log[log.day == day].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows[columns], own[columns])
