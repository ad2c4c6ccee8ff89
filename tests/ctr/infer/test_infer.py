"""The first configuration: what is guessed, and what is said about it."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from benchmarks.places import REAL_DATA
from config.errors import InputError
from config.examples import Label
from config.load import load_config
from config.root import Config
from ctr.infer import infer_config

needs_data = pytest.mark.skipif(
    not REAL_DATA.is_dir(), reason=f"no data at {REAL_DATA}"
)

ROWS = 3_000
START = 1_700_000_000
WORDS = ["red", "blue", "fast", "cheap", "new", "great", "today", "best", "shoe", "car"]


def clicks(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Made-up ad clicks with one column of each sort."""
    rng = np.random.default_rng(seed)
    gender = rng.choice(["f", "m"], rows)
    ad = rng.choice(["shoes", "cars"], rows)
    likes = (gender == "f") == (ad == "shoes")
    click = (rng.random(rows) < np.where(likes, 0.6, 0.2)).astype(int)
    spent = np.exp(rng.normal(3, 1, rows)).round(2)
    return pd.DataFrame(
        {
            "impression_id": [f"{seed}-{i:x}" for i in range(rows)],
            "shown_at": START + rng.integers(0, 86_400, rows),
            "date": rng.choice(["2023-11-14", "2023-11-15"], rows),
            "day": rng.choice([20231114, 20231115], rows),
            "user_id": rng.integers(0, 1_500, rows),
            "gender": gender,
            "ad": ad,
            "position": rng.integers(1, 6, rows),
            "hour": rng.integers(0, 24, rows),
            "age": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(40, 9, rows)),
            "spent": np.where(rng.random(rows) < 0.7, 0, spent),
            "bid": np.exp(rng.normal(0, 1.5, rows)).round(4),
            "tags": ["|".join(rng.choice([*"abcdef"], 2)) for _ in range(rows)],
            "genres": [", ".join(rng.choice(WORDS, 2)) for _ in range(rows)],
            "title": [" ".join(rng.choice(WORDS, 6)) for _ in range(rows)],
            "zip": [f"{code:05d}" for code in rng.integers(0, 90, rows)],
            "score": rng.choice([*map(str, range(100)), *["NA"] * 20], rows),
            "country": "NL",
            "empty": np.nan,
            "dwell": np.where(click == 1, spent, np.nan),
            "C-1": rng.integers(0, 5, rows),
            "on": rng.integers(0, 2, rows),
            "click": click,
        }
    )


def inferred(folder: Path, *files: Path, label: str = "click") -> tuple[Config, str]:
    """The configuration as it loads, and its text."""
    text = infer_config(files, label, folder=folder)
    path = folder / "pipeline.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path), text


def of_table(folder: Path, table: pd.DataFrame) -> tuple[Config, str]:
    """What is inferred from a table as a CSV file."""
    table.to_csv(folder / "a.csv", index=False)
    return inferred(folder, folder / "a.csv")


def written(folder: Path, *names: str, rows: int = 60) -> list[Path]:
    """Files of clicks of several names."""
    folder.mkdir(exist_ok=True)
    for seed, name in enumerate(names):
        clicks(rows, seed).to_csv(folder / name, index=False)
    return [folder / name for name in names]


def comment_of(text: str, name: str) -> str:
    """The comment of a feature, or of a column that is left out."""
    lines = text[text.index("features:") :].splitlines()
    if f"#   {name}: " in text:
        return text.split(f"#   {name}: ")[1].splitlines()[0]
    line = next(one for one in lines if one.strip().replace("'", "").startswith(name))
    return line.split("  # ")[1]


def one_line(call: Callable[[], Any]) -> str:
    with pytest.raises(InputError) as caught:
        call()
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    return line


@pytest.fixture(scope="module")
def guessed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, str]:
    folder = tmp_path_factory.mktemp("ads")
    clicks().to_csv(folder / "clicks.csv", index=False)
    return inferred(folder, folder / "clicks.csv")


@pytest.mark.parametrize(
    ("name", "settings", "comment"),
    [
        ("gender", {"kind": "categorical"}, "2 distinct values in 3,000 rows"),
        ("position", {"kind": "categorical"}, "5 distinct whole numbers from 1 to 5"),
        ("hour", {"kind": "categorical"}, "24 distinct whole numbers from 0 to 23"),
        ("on", {"kind": "categorical"}, "2 distinct whole numbers"),
        ("C-1", {"kind": "categorical"}, "5 distinct whole numbers from 0 to 4"),
        ("zip", {"kind": "categorical"}, "90 distinct values"),
        (
            "user_id",
            {"kind": "categorical", "min_frequency": 2, "top_k": None},
            "distinct whole numbers from 0 to 1,499: an id by its name",
        ),
        ("tags", {"kind": "categorical", "delimiter": "|"}, "lists of 2.0 on average"),
        ("genres", {"kind": "categorical", "delimiter": ", "}, "10 distinct values"),
        (
            "age",
            {"kind": "numeric", "missing_indicator": True, "normalize": "z_score"},
            "distinct numbers from",
        ),
        (
            "spent",
            {"kind": "numeric", "normalize": "log1p", "buckets": 10},
            "0 in 70% of the rows",
        ),
        (
            "bid",
            {"kind": "numeric", "normalize": "log1p", "missing_indicator": False},
            "a long tail (skewness",
        ),
        ("score", {"kind": "numeric", "missing_indicator": True}, "100 distinct num"),
    ],
)
def test_kinds(
    guessed: tuple[Config, str], name: str, settings: dict[str, Any], comment: str
):
    config, text = guessed
    feature = config.features[name].model_dump()
    assert {key: feature[key] for key in settings} == settings
    assert comment in comment_of(text, name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("impression_id", "3,000 distinct values in 3,000 rows, like an impression id"),
        ("shown_at", "a point in time, such as 1700000"),
        ("date", "a point in time, such as 2023-11-1"),
        ("day", "a point in time, such as 2023111"),
        ("title", "free text: 6 words a value"),
        ("country", "the same value in all 3,000 rows: NL"),
        ("empty", "no value in 3,000 rows"),
        ("dwell", "tells the label by itself (AUC 1.000)"),
    ],
)
def test_what_is_left_out_is_listed_with_the_reason(
    guessed: tuple[Config, str], name: str, reason: str
):
    config, text = guessed
    assert name not in config.features
    assert comment_of(text, name).startswith(reason)


def test_nothing_is_forgotten(guessed: tuple[Config, str]):
    config, text = guessed
    for name in clicks(rows=1).columns.drop("click"):
        assert (name in config.features) != (f"#   {name}: " in text)


def test_many_ids_get_more_patience(guessed: tuple[Config, str], tmp_path: Path):
    config, text = guessed
    assert config.training.patience == 5
    assert "values of 'user_id' take longer to learn" in text
    few, _ = of_table(tmp_path, clicks().drop(columns="user_id"))
    assert few.training.patience == 2


def test_pair_that_decides_is_crossed(guessed: tuple[Config, str]):
    config, text = guessed
    assert [cross.features for cross in config.crosses] == [("gender", "ad")]
    (line,) = [line for line in text.splitlines() if "- [gender, ad]" in line]
    assert "standard errors; 4 combinations, 0.0% share a bucket" in line


def test_a_word_among_numbers_is_a_missing_value(guessed: tuple[Config, str]):
    config, _ = guessed
    assert config.examples.missing_values == ("", "NA")


def test_slices_have_few_values(guessed: tuple[Config, str]):
    config, _ = guessed
    sliced_by = {name for spec in config.evaluation.slices for name in spec}
    assert sliced_by
    assert sliced_by <= {"gender", "ad", "position", "on", "C-1"}


def test_gates_can_fail_and_can_pass(guessed: tuple[Config, str]):
    config, _ = guessed
    by_metric = {(gate.metric, gate.min_change): gate for gate in config.gates}
    assert 0.5 < by_metric["auc", None].min < 0.7
    assert ("auc", -0.005) in by_metric
    calibration = by_metric["calibration", None]
    assert calibration.min < 1 < calibration.max


def test_few_rows_claim_no_auc(tmp_path: Path):
    config, text = of_table(tmp_path, clicks(30)[["gender", "click"]])
    assert "too few rows of one label to say more" in text
    assert "alone" not in text
    assert not config.crosses


def test_word_for_a_missing_number_is_a_country_elsewhere(tmp_path: Path):
    table = clicks()[["score", "click"]].assign(
        country=["NA", "US", "NL"] * (ROWS // 3)
    )
    config, _ = of_table(tmp_path, table)
    assert config.examples.missing_values == ("",)
    assert config.features["score"].missing_values == ("NA",)
    assert config.features["country"].missing_values == ()


def words(text: str) -> str:
    """The comments as one line."""
    return " ".join(text.replace("#", "").split())


def test_file_with_times_is_split_by_them(guessed: tuple[Config, str]):
    config, text = guessed
    split = config.examples.time_split
    assert (split.pattern, split.column, split.eval) == ("clicks.csv", "shown_at", 0.2)
    assert "the latest fifth by 'shown_at'" in words(text)


UNTIMED = clicks().drop(columns=["shown_at", "date", "day"])


@pytest.mark.parametrize(
    ("columns", "split_by", "reason"),
    [
        ({}, None, "the whole row (with column: user_id the model is judged on users"),
        (
            {"request_id": [f"r{row // 3}" for row in range(ROWS)]},
            "request_id",
            "what is shown together stays together",
        ),
        (
            {"id": [f"{row:08x}" for row in range(ROWS)]},
            "id",
            "of which each row has its own",
        ),
        # Users of one row each are not ids of rows.
        ({"user_id": [f"{row:08x}" for row in range(ROWS)]}, None, "the whole row"),
        # As pandas writes its index, without a name.
        ({"": range(ROWS)}, None, "the whole row"),
        (
            {"": pd.date_range("2024-01-01", periods=ROWS, freq="h")},
            None,
            "the whole row",
        ),
    ],
)
def test_rows_without_time_are_split_by_a_hash(
    tmp_path: Path, columns: dict[str, Any], split_by: str | None, reason: str
):
    table = UNTIMED.drop(columns="impression_id").assign(**columns)
    config, text = of_table(tmp_path, table)
    assert config.examples.hash_split.column == split_by
    assert "by a hash of" in words(text)
    assert reason in words(text)


@pytest.mark.parametrize(
    ("name", "times", "reason"),
    [
        ("when", ["03/04/2024", "31/12/2023"], "'when' gives no order"),
        ("when", ["2024-01-01", "2024-01-02", ""], "'when' has no time in 1,000 rows"),
        ("when", ["07:30", "23:10"], "'when' gives no order"),
        ("when", ["2024-01-01", "2024-01-01"], "no column of times"),
        ("birth_date", ["1980-01-01", "1990-02-03"], "no column of times"),
    ],
)
def test_times_without_an_order_do_not_split(
    tmp_path: Path, name: str, times: list[str], reason: str
):
    table = UNTIMED.assign(**{name: times * (ROWS // len(times))})
    config, text = of_table(tmp_path, table)
    assert config.examples.time_split is None
    assert reason in words(text)


def test_label_and_name(guessed: tuple[Config, str]):
    config, text = guessed
    assert config.label.column == "click"
    assert config.name == "clicks"
    share = 100 * clicks()["click"].mean()
    assert f"label: {{column: click}}  # 1 in {share:.0f}% of 3,000 rows" in text


def test_name_is_that_of_the_folder_where_the_file_has_none(tmp_path: Path):
    (path,) = written(tmp_path / "banners", "train.csv")
    assert inferred(tmp_path, path)[0].name == "banners"


def test_root_is_relative_to_the_folder_of_the_configuration(tmp_path: Path):
    config, text = inferred(tmp_path, *written(tmp_path / "data", "a.csv"))
    assert "root: data\n" in text
    assert config.examples.root == str(tmp_path / "data")


@pytest.mark.parametrize(
    ("names", "train", "evaluate"),
    [
        (
            [f"week_{week}.csv.gz" for week in range(1, 8)],
            "week_[1-6].csv.gz",
            "week_7.csv.gz",
        ),
        (["test.csv", "train.csv"], "train.csv", "test.csv"),
        ([f"{day}.csv" for day in range(1, 15)], "[1-9].csv", "1[0-4].csv"),
        (["2024-05-31.csv", "2024-06-31.csv"], "2024-05-31.csv", "2024-06-31.csv"),
        (["train.csv", "valid.csv", "test.csv"], "train.csv", "test.csv"),
    ],
)
def test_the_last_files_evaluate(
    tmp_path: Path, names: list[str], train: str, evaluate: str
):
    paths = written(tmp_path / "data", *names)
    config, _ = inferred(tmp_path, *paths)
    splits = config.examples.splits
    assert (splits.train, splits.eval) == (train, evaluate)
    found = [set((tmp_path / "data").glob(glob)) for glob in (train, evaluate)]
    assert found[0] | found[1] == {p for p in paths if p.name != "valid.csv"}
    assert not found[0] & found[1]


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["b.csv", "a.csv"], "*.csv"),
        ([f"2024-05-{day}.csv" for day in (30, 31)] + ["latest.csv"], "*.csv"),
        ([f"part-0000{part}.csv" for part in range(3)], "part-0000*.csv"),
        ([f"data-{part}-of-3.csv" for part in (1, 2, 3)], "data-*-of-3.csv"),
        ([f"day_0{day}{part}.csv" for day in (1, 2) for part in "xy"], "day_0*.csv"),
    ],
)
def test_files_in_no_order_are_split_by_their_rows(
    tmp_path: Path, names: list[str], pattern: str
):
    config, _ = inferred(tmp_path, *written(tmp_path, *names))
    assert config.examples.time_split.pattern == pattern


@pytest.mark.parametrize(
    ("names", "pattern", "train", "evaluate"),
    [
        # As `ctr simulate` names them.
        (
            [f"day-{day:02}.csv" for day in (9, 10, 11)],
            "day-{SPAN}.csv",
            ("9", "10"),
            "11",
        ),
        (["2Day1.csv.gz", "2Day3.csv.gz"], "2Day{SPAN}.csv.gz", ("1",), "3"),
        (
            ["2024-05-31.csv", "2024-06-01.csv"],
            "{YYYY}-{MM}-{DD}.csv",
            ("2024-05-31",),
            "2024-06-01",
        ),
        (
            [f"[ads]_2024{day}_v2.csv" for day in ("0301", "0228", "0229")],
            "[[]ads]_{YYYY}{MM}{DD}_v2.csv",
            ("2024-02-28", "2024-02-29"),
            "2024-03-01",
        ),
    ],
)
def test_files_by_day_are_spans(
    tmp_path: Path, names: list[str], pattern: str, train: tuple[str], evaluate: str
):
    from components.example_gen.spans import find_window

    paths = written(tmp_path / "data", *names)
    config, text = inferred(tmp_path, *paths)
    spans = config.examples.spans
    assert (spans.pattern, spans.eval, spans.newest) == (pattern, 1, "latest")
    assert "# a file for each day, as the names say: the newest day evaluates" in text

    window, files = find_window(config.examples.root, spans)
    assert (window.train, window.eval) == (train, (evaluate,))
    assert {path for paths in files.values() for path in paths} == set(map(str, paths))


@pytest.mark.parametrize(
    ("names", "others"),
    [
        # The newest is not given.
        (["2024-05-30.csv", "2024-05-31.csv"], ["2024-06-01.csv"]),
        # Numbers of what need not be days, or of hours.
        (["part-1.csv", "part-2.csv", "part-3.csv"], []),
        (["today-1.csv", "today-2.csv"], []),
        (["2024-05-30-01.csv", "2024-05-31-02.csv"], []),
        # A placeholder's brace.
        (["{a}-day-1.csv", "{a}-day-2.csv"], []),
        (["2024-05-30.csv"], []),
    ],
)
def test_other_files_are_no_spans(tmp_path: Path, names: list[str], others: list[str]):
    paths = written(tmp_path, *names, *others, rows=200)
    config, _ = inferred(tmp_path, *paths[: len(names)])
    assert config.examples.spans is None


def test_patterns_keep_clear_of_other_files(tmp_path: Path):
    names = [f"week_{week}.csv" for week in (1, 2, 3, "truth")]
    given = written(tmp_path, *names)
    assert inferred(tmp_path, *given[:3])[0].examples.splits.train == "week_[1-2].csv"
    line = one_line(lambda: infer_config([given[0], given[3]], "click"))
    assert "no pattern matches the 2 given files and no others" in line


def test_parquet_with_lists_and_other_types(tmp_path: Path):
    table = clicks()
    table["tags"] = table["tags"].str.split("|")
    table["vector"] = [[0.1, 0.2]] * ROWS
    table["struct"] = [{"a": 1}] * ROWS
    table["when"] = pd.to_datetime(table["shown_at"], unit="s")
    table["flag"] = table["on"] == 1
    table["ad"] = table["ad"].astype("category")
    table["click"] = table["click"] == 1
    table.to_parquet(tmp_path / "a.parquet")
    config, text = inferred(tmp_path, tmp_path / "a.parquet")
    assert config.examples.format == "parquet"
    assert config.features["tags"].multivalued
    assert config.features["ad"].kind == "categorical"
    assert config.features["flag"].kind == "categorical"
    assert comment_of(text, "vector").startswith("a feature cannot be of type list")
    assert comment_of(text, "struct").startswith("a feature cannot be of type struct")
    assert comment_of(text, "when").startswith("a point in time")


def test_tfrecord(tmp_path: Path):
    tf = pytest.importorskip("tensorflow")
    path = tmp_path / "a.tfrecord.gz"
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for row in clicks(300).itertuples():
            example = tf.train.Example()
            feature = example.features.feature
            feature["click"].int64_list.value.append(row.click)
            feature["gender"].bytes_list.value.append(row.gender.encode())
            feature["tags"].bytes_list.value.extend(
                tag.encode() for tag in row.tags.split("|")
            )
            if not np.isnan(row.age):
                feature["age"].float_list.value.append(row.age)
            writer.write(example.SerializeToString())
    config, _ = inferred(tmp_path, path)
    assert config.examples.format == "tfrecord"
    assert config.features["tags"].multivalued
    assert config.features["gender"].kind == "categorical"
    assert config.features["age"].missing_indicator


def test_names_after_transform_do_not_collide(tmp_path: Path):
    table = clicks()[["age", "gender", "click"]]
    table = table.assign(age_bucket=table["gender"], age_missing=table["gender"])
    config, _ = of_table(tmp_path, table)
    assert not config.features["age"].is_bucketized
    assert not config.features["age"].missing_indicator


def test_values_cannot_break_the_yaml(tmp_path: Path):
    table = clicks(200)[["gender", "click"]]
    table["constant\u2028"] = "a\n# b: [\x85"
    table["null"] = table["gender"]
    config, _ = of_table(tmp_path, table)
    assert set(config.features) == {"gender", "null"}


def test_sample_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ctr.infer.sample.MOST_ROWS", 500)
    _, text = inferred(tmp_path, *written(tmp_path, "a.csv", "b.csv", rows=400))
    assert "inferred from 500 of about 800 rows of 2 files" in text


def test_two_other_numbers_make_a_label_by_a_threshold(tmp_path: Path):
    table = clicks(300)[["gender", "click"]]
    table["click"] = 2 * table["click"] - 1
    config, _ = of_table(tmp_path, table)
    assert config.label.greater_than == -1


def test_label_of_booleans_is_itself_in_texts_as_in_parquet(tmp_path: Path):
    table = clicks(300)[["gender", "click"]]
    table["click"] = table["click"].astype(bool)
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_parquet(tmp_path / "a.parquet")
    blocks = [
        inferred(tmp_path, tmp_path / name)[0].label for name in ("a.csv", "a.parquet")
    ]
    assert blocks == [Label(column="click")] * 2


def csv(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        ("", "y", "a.csv: the file is empty"),
        ("x,y\n", "y", "a.csv: the file has columns but no rows"),
        ("x,y,x\n1,0,1\n", "y", "a.csv: two columns are named 'x'"),
        ("x,y\n1,0\n1,0,3\n", "y", "a.csv: line 3: expected 2 fields, got 3"),
        ("x,y\n1,0\n", "z", "--label: no column 'z'; columns found: x, y"),
        ("x,y\n1,a\n2,b\n", "y", "--label: column 'y' holds a, b (string); allowed:"),
        ("x,y\n1,0\n2,\n", "y", "--label: column 'y' is missing in 1 of 2 rows"),
        ("x,y\n1,+1\n2,-1\n", "y", "--label: column 'y' holds +1, -1 (string)"),
        (
            'x,y\n1,"1,909"\n2,712\n',
            "{column: y, greater_than: 0}",
            "--label: column 'y' has numbers like 1,909.5; allowed: plain ones",
        ),
        ("x,y\n1,0\n2,0\n", "y", "--label: 'y' gives 0 in all 2 rows"),
        ("x,y\n1,0\n1,1\n", "y", "no column can be a feature: x (the same value"),
        ("y\n1\n0\n", "y", "no column can be a feature"),
        ("x,y\n1,0\n", "{column", "--label {column: not a label block; expected"),
        ("x,y\n1,0\n2,1\n", "{column: y, times: x}", "--label {column: y, times: x}: "),
    ],
)
def test_wrong_input(tmp_path: Path, text: str, label: str, expected: str):
    path = csv(tmp_path, text)
    line = one_line(lambda: infer_config([path], label))
    assert line.removeprefix(f"{tmp_path}/").startswith(expected)


def test_wrong_files(tmp_path: Path):
    good = csv(tmp_path, "x,y\n1,0\n")
    other = csv(tmp_path, "z,y\n1,0\n", "b.csv")
    parquet = tmp_path / "a.parquet"
    parquet.write_bytes(b"PAR1 and nothing more")
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(b"x,y\n1,0\n" * 1_000)[:-20])
    (tmp_path / "sub").mkdir()
    deeper = csv(tmp_path / "sub", "x,y\n1,0\n2,1\n")
    binary = tmp_path / "d.csv"
    binary.write_bytes(b"x,y\n\xff\x00,0\n")
    for files, expected in (
        ([], "no files given"),
        ([tmp_path / "none.csv"], "none.csv: there is no such file"),
        ([good, tmp_path / "*.csv"], "give files, or a pattern without quotes that"),
        ([tmp_path], f"{tmp_path}: is a folder; give files, such as {tmp_path}/*.csv"),
        ([good, parquet], "give files of one format"),
        ([good, other], "only one of them has: x, z"),
        ([parquet], "cannot be read"),
        ([cut], "cannot be read"),
        ([good, deeper], "put them into one folder"),
        ([binary], "no text in UTF-8"),
    ):
        assert expected in one_line(lambda files=files: infer_config(files, "y"))


def test_tensorflow_is_not_imported():
    code = "import sys, ctr.infer; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@needs_data
def test_census(tmp_path: Path):
    files = [REAL_DATA / "census" / f"{name}.csv" for name in ("train", "test")]
    config, text = inferred(tmp_path, *files, label="label")
    assert config.examples.splits.train == "train.csv"
    assert config.examples.splits.eval == "test.csv"
    assert len(config.features) == 14
    kinds = {name: feature.kind for name, feature in config.features.items()}
    assert kinds["age"] == kinds["capital_gain"] == "numeric"
    assert kinds["education_num"] == kinds["native_country"] == "categorical"
    assert config.features["capital_gain"].normalize == "log1p"
    assert comment_of(text, "native_country") == "42 distinct values in 48,842 rows"


@needs_data
def test_chicago_taxi_label_is_derived(tmp_path: Path):
    path = REAL_DATA / "chicago_taxi" / "data.csv"
    line = one_line(lambda: infer_config([path], "tips"))
    assert "'tips' holds 462 distinct numbers from 0 to 47; allowed: 0 and 1" in line
    assert "--label '{column: tips, greater_than: 0}'" in line
    label = "{column: tips, greater_than: 0.2, times: fare}"
    config, text = inferred(tmp_path, path, label=label)
    assert config.label.model_dump() == yaml.safe_load(label)
    assert "tips" not in config.features
    assert config.evaluation.slices[0] == ("payment_type",)
    assert comment_of(text, "trip_start_timestamp").startswith("a point in time")
