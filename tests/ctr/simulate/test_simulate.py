import errno
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
from sklearn.metrics import roc_auc_score

from config.errors import InputError
from ctr.simulate import files, simulate

COLUMNS = {
    "impression_id": pa.int64(),
    "user_id": pa.string(),
    "age": pa.int64(),
    "gender": pa.string(),
    "city": pa.string(),
    "interests": pa.string(),
    "ad_id": pa.string(),
    "category": pa.string(),
    "advertiser": pa.string(),
    "price": pa.float64(),
    "hour": pa.int64(),
    "weekday": pa.string(),
    "device": pa.string(),
    "position": pa.int64(),
    "click": pa.int64(),
}


def contents(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def read(files: tuple[Path, ...], part: str) -> pd.DataFrame:
    """One part of a log, with the number of the day as a column."""
    days = [path for path in files if path.parent.name == part]
    tables = [pd.read_csv(path).assign(day=n) for n, path in enumerate(days, 1)]
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """20,003 rows on 3 days: (summary, clicks, truth)."""
    summary = simulate(tmp_path_factory.mktemp("small") / "log", 20_003, 3, seed=7)
    return summary, read(summary.files, "clicks"), read(summary.files, "truth")


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    for name, seed in (("one", 5), ("again", 5), ("other", 6)):
        simulate(tmp_path / name, 600, 2, seed)

    one, other = contents(tmp_path / "one"), contents(tmp_path / "other")
    assert one == contents(tmp_path / "again")
    assert one.keys() == other.keys()
    assert all(one[name] != other[name] for name in one)


def test_folder_holds_one_file_a_day_and_nothing_else(small):
    summary, _, _ = small
    out = summary.files[0].parent.parent

    assert list(contents(out)) == [
        f"{part}/day-0{day}.csv" for part in ("clicks", "truth") for day in (1, 2, 3)
    ]
    assert {out / name for name in contents(out)} == set(summary.files)
    assert list(out.parent.iterdir()) == [out]


def test_rows_are_spread_evenly_over_the_days(small):
    _, clicks, truth = small

    assert clicks.day.value_counts().sort_index().tolist() == [6668, 6668, 6667]
    assert clicks.impression_id.tolist() == list(range(1, 20_004))
    assert truth.impression_id.equals(clicks.impression_id)
    assert truth.click.equals(clicks.click)


def test_summary_counts_what_the_files_hold(small):
    summary, clicks, truth = small

    assert (summary.rows, summary.days) == (20_003, 3)
    assert summary.users == clicks.user_id.nunique()
    assert summary.ads == clicks.ad_id.nunique()
    assert summary.click_rate == pytest.approx(clicks.click.mean())
    last = truth[truth.day == 3]
    assert summary.best_possible_auc == pytest.approx(
        roc_auc_score(last.click, last.probability)
    )


INCOMPLETE = ["age", "gender", "city", "interests", "price"]


def test_values_are_in_range_and_missing_at_small_rates(small):
    clicks = small[1]

    assert clicks[INCOMPLETE].isna().mean().between(0.005, 0.12).all()
    assert not clicks.drop(columns=INCOMPLETE).isna().any().any()
    assert set(clicks.click) == {0, 1}
    assert set(clicks.hour) == set(range(24))
    assert set(clicks.position) == set(range(1, 6))
    weekdays = clicks.groupby("day").weekday.unique().str[0]
    assert weekdays.tolist() == ["mon", "tue", "wed"]


def test_users_and_ads_keep_their_attributes(small):
    clicks = small[1]

    for key, columns in (
        ("user_id", ["age", "gender", "city", "interests"]),
        ("ad_id", ["category", "advertiser", "price"]),
    ):
        assert clicks.groupby(key)[columns].nunique(dropna=False).eq(1).all().all()


def test_clicks_follow_the_true_probability(small):
    truth = small[2]
    assert truth.probability.between(0, 1).all()

    # In each decile of the probability, within 4 standard errors.
    for _, group in truth.groupby(pd.qcut(truth.probability, 10)):
        p = group.probability
        error = np.sqrt((p * (1 - p)).sum()) / len(p)
        assert abs(group.click.mean() - p.mean()) < 4 * error


def test_new_ids_join_each_day(tmp_path):
    # Ids are numbered in the order of joining: the largest one grows day by day.
    summary = simulate(tmp_path / "log", 40_000, 5, seed=3)
    clicks = read(summary.files, "clicks")
    for key in ("user_id", "ad_id"):
        newest = clicks.groupby("day")[key].max().tolist()
        assert newest == sorted(set(newest))


def test_parquet_holds_the_same_columns_as_csv(tmp_path):
    as_csv = simulate(tmp_path / "csv", 2_000, 2, 1)
    as_parquet = simulate(tmp_path / "parquet", 2_000, 2, 1, "parquet")

    assert all(path.suffix == ".parquet" for path in as_parquet.files)
    for csv_file, parquet_file in zip(as_csv.files, as_parquet.files, strict=True):
        table = pa.parquet.read_table(parquet_file)
        nulls = pa.csv.ConvertOptions(
            strings_can_be_null=True, column_types=table.schema
        )
        assert pa.csv.read_csv(csv_file, convert_options=nulls).equals(table)
    clicks = pa.parquet.read_schema(as_parquet.files[0])
    assert dict(zip(clicks.names, clicks.types, strict=True)) == COLUMNS
    truth = pa.parquet.read_schema(as_parquet.files[-1])
    assert truth.names == ["impression_id", "click", "probability"]


def test_one_row_a_day_is_enough_and_has_no_auc(tmp_path):
    summary = simulate(tmp_path / "log", 2, 2, 1)

    assert summary.best_possible_auc is None
    assert len(read(summary.files, "clicks")) == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"rows": 3, "days": 4}, "--rows is 3; .* 4"),
        ({"days": 1}, "--days is 1; .* 2 to 99"),
        ({"days": 100}, "--days is 100; .* 2 to 99"),
        ({"seed": -1}, "--seed is -1; .* 0"),
        ({"file_format": "tsv"}, "--format is tsv; .*csv or parquet"),
    ],
)
def test_an_error_names_the_option_and_the_allowed_values(tmp_path, arguments, named):
    with pytest.raises(InputError, match=named):
        simulate(
            **{"out": tmp_path / "log", "rows": 200, "days": 2, "seed": 1} | arguments
        )
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["file", "simulation"])
def test_what_is_at_out_already_is_kept(tmp_path, kind):
    if kind == "file":
        (tmp_path / "log").write_text("")
    else:
        simulate(tmp_path / "log", 100, 2, 1)
    before = contents(tmp_path)

    with pytest.raises(InputError, match=str(tmp_path / "log")):
        simulate(tmp_path / "log", 100, 2, 2)
    assert contents(tmp_path) == before


def test_other_files_in_the_folder_are_left_alone(tmp_path):
    (tmp_path / "README").write_text("mine")
    simulate(tmp_path, 100, 2, 1)

    assert (tmp_path / "README").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"README", "clicks", "truth"}


@pytest.mark.parametrize("fails_at", [1, 4])
def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch, fails_at):
    calls = []

    def write_csv(table, path):
        calls.append(path)
        Path(path).write_text("half")
        if len(calls) == fails_at:
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(files.pa.csv, "write_csv", write_csv)
    with pytest.raises(OSError) as caught:  # noqa: PT011
        simulate(tmp_path / "log", 100, 2, 1)
    assert caught.value.errno == errno.ENOSPC
    assert os.listdir(tmp_path) == []
