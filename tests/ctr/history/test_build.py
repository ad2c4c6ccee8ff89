"""Histories, compared with a loop over the rows, and what cannot be used."""

from __future__ import annotations

import csv
import resource
import signal
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError, InputError, RunError
from ctr.history import Columns, build_histories

COLUMNS = Columns(user="user", items=("ad", "kind"), time="at", label="click")
NAMES = ("user", "ad", "kind", "at", "click")

rows = st.tuples(
    st.sampled_from(["ann", "bob", None]),
    st.sampled_from(["a1", "a2", "01"]),
    st.sampled_from(["x", "y z"]),
    st.integers(0, 5),
    st.booleans(),
)


def expected(files, length):
    """The histories of each row of each file, by the definition."""
    log = [
        (at, number, row, user, ad, kind)
        for number, file in enumerate(files)
        for row, (user, ad, kind, at, click) in enumerate(file)
        if click and user is not None
    ]
    return [
        [
            [
                (ad, kind)
                for then, _, _, who, ad, kind in sorted(log, key=lambda each: each[:3])
                if who == user and then < at
            ][-length:]
            for user, _, _, at, _ in file
        ]
        for file in files
    ]


def write_csv(path, file):
    with path.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(NAMES)
        writer.writerows(
            [user or "", ad, kind, at, int(click)] for user, ad, kind, at, click in file
        )


def write_parquet(path, file):
    columns = zip(*file, strict=True) if file else [[]] * 5
    types = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.bool_())
    arrays = [pa.array(c, t) for c, t in zip(columns, types, strict=True)]
    pq.write_table(pa.table(arrays, list(NAMES)), path)


def read_csv(path):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return [
        list(zip(*(text.split("|") if text else [] for text in pair), strict=True))
        for pair in zip(table["history_ad"], table["history_kind"], strict=True)
    ]


def read_parquet(path):
    table = pq.read_table(path).to_pydict()
    pairs = zip(table["history_ad"], table["history_kind"], strict=True)
    return [list(zip(*pair, strict=True)) for pair in pairs]


@pytest.mark.parametrize(
    ("suffix", "write", "read"),
    [(".csv", write_csv, read_csv), (".parquet", write_parquet, read_parquet)],
)
@given(
    files=st.lists(st.lists(rows, min_size=1, max_size=12), min_size=1, max_size=3),
    length=st.integers(1, 4),
)
def test_histories_are_those_of_the_definition(suffix, write, read, files, length):
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}{suffix}" for number in range(len(files))]
        for path, file in zip(paths, files, strict=True):
            write(path, file)
        made = build_histories(paths, COLUMNS, Path(folder) / "out", length)

        assert [read(path) for path in made.files] == expected(files, length)
        latest = dict(
            zip(
                (pd.read_csv if suffix == ".csv" else pd.read_parquet)(made.users_file)[
                    "user"
                ],
                read(made.users_file),
                strict=True,
            )
        )
    # What a row of the future would have.
    clicked = {row[0] for file in files for row in file if row[4] and row[0]}
    future = [(user, "", "", 9, False) for user in sorted(clicked)]
    *_, histories = expected([*files, future], length)
    assert latest == dict(zip(sorted(clicked), histories, strict=True))
    assert made.rows == sum(map(len, files))
    assert made.users == len(clicked)


@pytest.fixture
def build(tmp_path):
    """Builds the histories of the text of a CSV file; gives the lines written."""

    def build(text, columns=COLUMNS, **options):
        path = tmp_path / "log.csv"
        path.write_text(text)
        made = build_histories([path], columns, tmp_path / "out", **options)
        return made.files[0].read_text().splitlines()

    return build


ONE = Columns(user="u", items=("i",), time="t", label="c")


def test_values_and_their_order_are_kept(build):
    text = 'c,u,t,i,zip,"a, b"\n1,7.0,3,x,01234,NO\n0,7.0,4,y,,"1, 2"\n'

    assert build(text, ONE) == [
        'c,u,t,i,zip,"a, b",history_i',
        "1,7.0,3,x,01234,NO,",
        '0,7.0,4,y,,"1, 2",x',
    ]


def test_columns_may_have_names_of_ours(build):
    columns = Columns(user="person", items=("source",), time="row", label="click")
    text = "person,source,row,click,file,before\np,x,1,1,f,b\np,y,2,1,f,b\n"

    assert build(text, columns)[-1] == "p,y,2,1,f,b,x"


def test_rows_within_a_second_tell_nothing_of_each_other(build):
    times = ("10:00:00.100", "10:00:00.900", "10:00:01.000")
    lines = "".join(f"ann,{n},2024-01-31 {time},1\n" for n, time in enumerate(times))

    *_, first, second, third = build(f"u,i,t,c\n{lines}", ONE)
    assert first.endswith(",1,")
    assert second.endswith(",1,")
    assert third.endswith(",0|1")


def test_zones_are_respected(build):
    """The second row is an hour before the first."""
    text = "u,i,t,c\nann,a,2024-01-31T10:00:00Z,1\nann,b,2024-01-31T10:00:00+01:00,1\n"

    first, second = build(text, ONE)[1:]
    assert first.endswith(",b")
    assert second.endswith(",")


def test_a_rating_in_csv_is_a_number(build):
    columns = Columns(user="u", items=("i",), time="t", label="c", greater_than=3.5)
    with pytest.raises(InputError, match="'nan'"):
        build("u,i,t,c\nann,a,1,nan\n", columns)


def test_a_rating_above_a_threshold_is_a_click(build):
    columns = Columns(user="u", items=("i",), time="t", label="c", greater_than=3.5)
    *_, last = build("u,i,t,c\nann,a,1,4\nann,b,2,3\nann,c,3,\nann,d,4,5\n", columns)

    assert last == "ann,d,4,5,a"


def test_compressed_files_stay_compressed(tmp_path):
    path = tmp_path / "log.csv.gz"
    pd.DataFrame({"u": ["a"], "i": ["x"], "t": [1], "c": [1]}).to_csv(path, index=False)
    made = build_histories([path], ONE, tmp_path / "out")

    assert pd.read_csv(made.files[0], compression="gzip")["i"].tolist() == ["x"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("u,i,t,c\nann,a,soon,1\n", ["row 1", "t", "'soon'"]),
        ("u,i,t,c\nann,a,1,1\nann,a,,1\n", ["row 2", "t"]),
        ("u,i,t,c\nann,a,1,1\nann,a,1,4\n", ["row 2", "c", "'4'", "--greater-than"]),
        ("u,i,t,c\nann,a|b,1,1\n", ["row 1", "i", "'a|b'"]),
        ("u,i,t,c\nann,a,1,1\nann,a,2024-01-31,1\n", ["t", "one form"]),
        ("u,i,when,c\nann,a,1,1\n", ["'t'", "when"]),
        ("u,i,t,c,history_i\nann,a,1,1,x\n", ["'history_i'"]),
        ("u,i,t,c,History_I\nann,a,1,1,x\n", ["'History_I'"]),
        ("u,i,t,c\nann,a,nan,1\n", ["row 1", "t", "'nan'"]),
        ("u,i,t,c\nann,a,1e30,1\n", ["row 1", "t", "'1e30'"]),
        ("u,i,t,c,\nann,a,1,1,x\n", ["column 5"]),
        ("", ["empty"]),
        ("u,i,t,c,C\nann,a,1,1,x\n", ["'c'"]),
        ("u,i,t,c\nann,a,1,1,2\n", ["log.csv", "Line: 2", "4", "5"]),
        ('u,i,t,c\nann,"a,1,1\n', ["log.csv", "Line: 2", "quote"]),
    ],
)
def test_what_cannot_be_used_is_named(build, tmp_path, text, named):
    with pytest.raises(InputError) as caught:
        build(text, ONE)
    assert all(word in str(caught.value) for word in named)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_missing_category_is_left_out_of_its_list(tmp_path):
    table = {"u": [1, 1, 1], "i": [5, 6, 7], "k": ["x", None, "y"], "t": [1, 2, 3]}
    path = write_table(tmp_path / "log.parquet", table | {"c": [1, 1, 0]})
    made = build_histories([path], Columns("u", ("i", "k"), "t", "c"), tmp_path / "out")

    last = pq.read_table(made.files[0]).to_pylist()[-1]
    assert (last["history_i"], last["history_k"]) == ([5, 6], ["x"])


def write_table(path, columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def test_nan_is_no_user_and_no_rating(tmp_path):
    nan = float("nan")
    table = {"u": [1.0, nan, nan, 1.0], "i": [5, 6, 7, 8], "t": [1, 2, 3, 4]}
    path = write_table(tmp_path / "log.parquet", table | {"c": [nan, 4.0, 4.0, 4.0]})
    columns = Columns("u", ("i",), "t", "c", greater_than=3.5)
    made = build_histories([path], columns, tmp_path / "out")

    assert pq.read_table(made.files[0])["history_i"].to_pylist() == [[]] * 4
    assert pq.read_table(made.users_file)["history_i"].to_pylist() == [[8]]


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        ({"u": [2]}, {"u": [1.5]}, ["b.parquet", "u"]),
        ({"i": [2]}, {"i": ["x"]}, ["b.parquet", "i"]),
        ({"i": [["x", "y"]]}, {}, ["a.parquet", "i"]),
    ],
)
def test_a_column_has_single_values_of_one_type(tmp_path, first, second, named):
    table = {"u": [1], "i": [5], "t": [1], "c": [1]}
    paths = [
        write_table(tmp_path / "a.parquet", table | first),
        write_table(tmp_path / "b.parquet", table | second),
    ]
    with pytest.raises(InputError) as caught:
        build_histories(paths, ONE, tmp_path / "out")
    assert all(word in str(caught.value) for word in named)


@pytest.mark.parametrize(
    "labels",
    [
        pa.array([Decimal("1.00"), Decimal("0.00")]),
        pa.array([1.0, None]),
        pa.array(["TRUE", "False"]),
    ],
)
def test_labels_may_have_any_type(tmp_path, labels):
    table = {"u": ["a", "a"], "i": ["x", "y"], "t": [1, 2], "c": labels}
    path = write_table(tmp_path / "log.parquet", table)
    made = build_histories([path], ONE, tmp_path / "out")

    assert pq.read_table(made.files[0])["history_i"].to_pylist() == [[], ["x"]]
    assert made.clicks == 1


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_paths_are_no_patterns(tmp_path, suffix):
    """Neither wildcards nor folders with values of partitions mean anything."""
    folder = tmp_path / "day=1"
    paths = [folder / f"{name}{suffix}" for name in ("a1", "ab", "a[1]", "a*")]
    write = write_csv if suffix == ".csv" else write_parquet
    folder.mkdir()
    for path in paths:
        write(path, [(path.stem, "a1", "x", 1, True)])
    made = build_histories(paths[2:], COLUMNS, tmp_path / "out")

    for path in made.files:
        read = pd.read_csv if suffix == ".csv" else pd.read_parquet
        table = read(path)
        assert table["user"].tolist() == [path.stem]
        assert table.columns.tolist() == [*NAMES, *COLUMNS.histories]


def test_a_history_longer_than_memory_allows_for_each_row(tmp_path):
    """A crawler: a copy of all its clicks for each of its rows would be 10 GB."""
    count = 30_000
    numbers = np.arange(count)
    table = {"u": np.zeros(count, int), "i": numbers, "t": numbers}
    path = write_table(tmp_path / "log.parquet", table | {"c": np.ones(count, int)})
    made = build_histories([path], ONE, tmp_path / "out", max_length=2)

    histories = pq.read_table(made.files[0])["history_i"]
    assert histories[count - 1].as_py() == [count - 3, count - 2]


def test_a_full_disk_leaves_nothing(tmp_path):
    numbers = np.arange(200_000)
    table = {"u": numbers, "i": numbers, "t": numbers, "c": np.ones(200_000, int)}
    path = write_table(tmp_path / "log.parquet", table)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(RunError, match="File too large"):
            build_histories([path], ONE, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert list((tmp_path / "out").iterdir()) == []


def test_files_that_exist_are_kept(build, tmp_path):
    build("u,i,t,c\nann,a,1,1\n", ONE)
    with pytest.raises(ConfigError, match=r"out/log\.csv"):
        build("u,i,t,c\nann,b,1,1\n", ONE)
    assert "ann,a," in (tmp_path / "out" / "log.csv").read_text()


def test_files_are_of_one_kind_and_have_names_of_their_own(tmp_path):
    for paths, word in (
        ([tmp_path / "a.csv", tmp_path / "b.parquet"], "kind"),
        ([tmp_path / "a" / "x.csv", tmp_path / "b" / "x.csv"], "rename"),
        ([tmp_path / "a.json"], ".csv"),
        ([tmp_path / "users.csv"], "rename"),
    ):
        with pytest.raises(ConfigError, match=word):
            build_histories(paths, ONE, tmp_path / "out")


def test_an_item_is_given_once(build):
    with pytest.raises(ConfigError, match="i: given 2 times"):
        build("u,i,t,c\nann,a,1,1\n", Columns("u", ("i", "i"), "t", "c"))


def test_out_is_a_folder(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("u,i,t,c\nann,a,1,1\n")
    for out in (path, path / "below"):
        with pytest.raises(ConfigError, match="--out"):
            build_histories([path], ONE, out)
