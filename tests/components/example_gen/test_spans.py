"""The span of each file, and the spans of a run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.example_gen.spans import (
    choose_spans,
    files_of,
    find_window,
    fingerprint,
    span_files,
    span_name,
    span_number,
)
from config.errors import InputError
from config.spans import Spans

NUMBERS = "day-{SPAN:2}.csv"
DAYS = "{YYYY}-{MM}-{DD}.csv"
# As TFX counts: days since 1970.
NOVEMBER_1 = 20_758


@pytest.fixture
def make_files(tmp_path: Path) -> Callable[..., None]:
    """Makes files below the test's folder."""

    def _make_files(*names: str) -> None:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)

    return _make_files


@pytest.mark.parametrize(
    ("wanted", "existing", "train", "evaluate", "missing"),
    [
        # All are there; older ones are left alone.
        ({"train": 3}, range(1, 9), (5, 6, 7), (8,), ()),
        ({"train": 2, "eval": 2}, range(1, 9), (5, 6), (7, 8), ()),
        # Newer ones than that which is named.
        ({"train": 3, "newest": "05"}, range(1, 9), (2, 3, 4), (5,), ()),
        # Gaps are not filled from before the window.
        ({"train": 3}, (1, 2, 4, 6, 7), (4, 6), (7,), (5,)),
        ({"train": 2, "eval": 3}, (1, 2, 3, 4, 6), (2, 3), (4, 6), (5,)),
        # What comes before the first of all is no gap.
        ({"train": 7}, (1, 2, 4), (1, 2), (4,), (3,)),
        ({"train": 7}, (0, 1), (0,), (1,), ()),
    ],
)
def test_the_newest_spans_evaluate_and_those_before_train(
    wanted, existing, train, evaluate, missing
):
    window = choose_spans(Spans(pattern=NUMBERS, **wanted), set(map(str, existing)))
    spans = (window.train, window.eval, window.missing)
    assert [tuple(map(int, names)) for names in spans] == [train, evaluate, missing]
    assert window.newest == str(evaluate[-1])


@pytest.mark.parametrize(
    ("wanted", "existing", "named"),
    [
        ({}, (), "examples.root"),
        ({"newest": "9"}, (1, 8), "span 9; .* 8"),
        ({"newest": "5"}, (4, 6), "span 5; .* 6"),
        ({}, (5, 8), "2 spans before 8"),
        ({"eval": 3}, (6, 7, 8), "2 spans before 6"),
    ],
)
def test_missing_spans_are_an_error(wanted, existing, named):
    with pytest.raises(InputError, match=named):
        choose_spans(Spans(pattern=NUMBERS, train=2, **wanted), set(map(str, existing)))


def test_spans_of_days_are_named_by_date(
    make_files: Callable[..., None], tmp_path: Path
):
    make_files("2026-10-30.csv", "2026-11-01.csv", "2026-11-02.csv", "2026-11-03.csv")
    spans = Spans(pattern=DAYS, train=3, newest="2026-11-02")
    window, _ = find_window(str(tmp_path), spans)
    assert window.model_dump() == {
        "train": ("2026-10-30", "2026-11-01"),
        "eval": ("2026-11-02",),
        "missing": ("2026-10-31",),
    }
    with pytest.raises(InputError, match=r"2026-10-31; .* 2026-11-03"):
        find_window(str(tmp_path), Spans(pattern=DAYS, train=3, newest="2026-10-31"))


@pytest.mark.parametrize(
    ("pattern", "names", "expected"),
    [
        # A width is exact; without one, numbers have any.
        (NUMBERS, ["day-01.csv", "day-1.csv", "day-001.csv"], {1: ["day-01.csv"]}),
        ("d{SPAN}.csv", ["d7.csv", "d07.csv", "dx.csv"], {7: ["d07.csv", "d7.csv"]}),
        # Never a part of a number, whatever is next to it.
        ("d{SPAN}*", ["d1.csv", "d10.csv"], {1: ["d1.csv"], 10: ["d10.csv"]}),
        ("d{SPAN:1}*", ["d1.csv", "d10.csv"], {1: ["d1.csv"]}),
        ("v2-*{SPAN}.csv", ["v2-day-12.csv"], {12: ["v2-day-12.csv"]}),
        # A folder for each span, and several files.
        (
            "s={SPAN}/[a-b]*.csv",
            ["s=1/a.csv", "s=1/b2.csv", "s=1/c.csv", "s=2/x/a.csv"],
            {1: ["s=1/a.csv", "s=1/b2.csv"]},
        ),
        (
            "{YYYY}{MM}{DD}",
            ["20261101", "20261131", "2026111", "202611001"],
            {"2026-11-01": ["20261101"]},
        ),
        # Spark writes a month that is a number without a zero.
        (
            "y={YYYY}/m={MM}/d={DD}/*",
            [
                "y=2026/m=11/d=02/a+b.csv",
                "y=2026/m=11/d=2/c.csv",
                "y=2026/m=11/d=002/d",
            ],
            {"2026-11-02": ["y=2026/m=11/d=02/a+b.csv", "y=2026/m=11/d=2/c.csv"]},
        ),
    ],
)
def test_a_file_is_of_the_span_in_its_name(
    make_files: Callable[..., None], tmp_path: Path, pattern, names, expected
):
    make_files(*names)
    found = span_files(str(tmp_path), pattern)
    assert found == {
        str(span): [str(tmp_path / name) for name in some]
        for span, some in expected.items()
    }


@given(
    existing=st.sets(st.integers(0, 120), min_size=2),
    newest=st.integers(0, 120),
    train=st.integers(1, 20),
    evaluate=st.integers(1, 4),
    pattern=st.sampled_from(
        ["d{SPAN}.csv", "d{SPAN}*", "{SPAN}/*.csv", "{SPAN:3}*", "{YYYY}{MM}{DD}*"]
    ),
)
def test_nothing_newer_than_the_named_span_leaks(
    existing, newest, train, evaluate, pattern
):
    if newest not in existing:
        newest = max(existing)
    with tempfile.TemporaryDirectory() as folder:
        for number in existing:
            path = Path(folder, _file_of(pattern, number))
            path.parent.mkdir(exist_ok=True)
            path.write_text(str(number))
        spans = Spans(
            pattern=pattern,
            train=train,
            eval=evaluate,
            newest=span_name(newest, pattern),
        )
        try:
            window, files = find_window(folder, spans)
        except InputError:
            first = newest - evaluate + 1
            assert not existing & set(range(first - train, first))
            return
        content = {
            split: [int(Path(path).read_text()) for path in files_of(files, names)]
            for split, names in window.splits.items()
        }
    # Hence none is newer, none is in both, and all that was asked for is there.
    first = newest - evaluate + 1
    assert content == {
        "train": sorted(existing & set(range(first - train, first))),
        "eval": sorted(existing & set(range(first, newest + 1))),
    }


def _file_of(pattern: str, number: int) -> str:
    """A file of a span."""
    for placeholder, text in {
        "{SPAN:3}": f"{number:03}",
        "{SPAN}": str(number),
        **dict(zip(("{YYYY}", "{MM}", "{DD}"), _day(number), strict=True)),
        "*": "x.csv",
    }.items():
        pattern = pattern.replace(placeholder, text)
    return pattern


def _day(number: int) -> list[str]:
    return span_name(number, DAYS).split("-")


@pytest.mark.parametrize(
    ("name", "pattern", "number"),
    [("1970-01-01", DAYS, 0), ("2026-11-01", DAYS, NOVEMBER_1), ("8", NUMBERS, 8)],
)
def test_names_and_numbers(name, pattern, number):
    assert span_number(name) == number
    assert span_name(number, pattern) == name


def test_the_fingerprint_depends_on_sizes_times_and_names(
    make_files: Callable[..., None], tmp_path: Path
):
    make_files("a.csv", "b.csv")
    paths = [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    for seconds, path in enumerate(paths):
        os.utime(path, (seconds, seconds))
    before = fingerprint("train", paths)
    assert before.startswith("split:train,num_files:2,total_bytes:10,checksum:")
    assert fingerprint("train", paths) == before

    # Sums of sizes and times, as TFX has them, are the same when files change places.
    for seconds, path in enumerate(reversed(paths)):
        os.utime(path, (seconds, seconds))
    assert fingerprint("train", paths) != before
