"""Results of earlier runs: taken over whole, or computed again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tfx.types import standard_artifacts

from components.shared.result_cache import (
    ResultCache,
    cache_beside,
    result_key,
    trim,
)

Cached = tuple[list[list[str]], list[str]]


class Folder:
    """Files with a letter each, whose results are that letter twice; "!" interrupts."""

    def __init__(self, path: Path):
        self.path = path
        self.cache = path / "cache"
        path.mkdir(exist_ok=True)

    def results(self, letters: str, *context: str, keep: bool = True) -> Cached:
        """The results of files with these letters, and what was computed anew."""
        for place, letter in enumerate(letters):
            (self.path / f"{place}-{letter}").write_text(letter)
        files = [str(self.path / f"{n}-{letter}") for n, letter in enumerate(letters)]
        computed: list[str] = []

        def compute(some: Sequence[str]) -> Iterator[list[str]]:
            for file in some:
                computed.append(Path(file).read_text())
                if computed[-1] == "!":
                    raise KeyboardInterrupt
                yield [computed[-1]] * 2

        cache = ResultCache(str(self.cache) if keep else None)
        return list(cache.of_files(files, context, compute)), computed

    def entries(self) -> list[Path]:
        return sorted(self.cache.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "files")


def doubled(letters: str) -> list[list[str]]:
    return [[letter] * 2 for letter in letters]


@given(st.text("abcd", max_size=6), st.text("abcdefgh", max_size=9))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_new_content_is_computed(
    tmp_path_factory: pytest.TempPathFactory, before: str, now: str
):
    folder = Folder(tmp_path_factory.mktemp("files"))
    assert folder.results(before)[0] == doubled(before)
    results, computed = folder.results(now)
    assert results == doubled(now)
    assert set(computed) == set(now) - set(before)


def test_the_context_is_a_part_of_the_key(folder: Folder):
    folder.results("ab", "code 1", "part")
    assert folder.results("ab", "code 1", "part")[1] == []
    assert folder.results("ab", "code 2", "part")[1] == ["a", "b"]
    assert folder.results("ab", "code 1p", "art")[1] == ["a", "b"]


def test_without_a_folder_nothing_is_kept(folder: Folder):
    for _ in range(2):
        results = folder.results("ab", keep=False)
        assert results == (doubled("ab"), ["a", "b"])
    assert not folder.cache.exists()


def test_what_was_done_before_an_interruption_is_kept(folder: Folder):
    with pytest.raises(KeyboardInterrupt):
        folder.results("ab!c")
    assert folder.results("abc") == (doubled("abc"), ["c"])


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_bit_is_computed_again_and_replaced(
    tmp_path_factory: pytest.TempPathFactory, place: float, bit: int
):
    folder = Folder(tmp_path_factory.mktemp("files"))
    folder.results("a")
    (entry,) = folder.entries()
    data = bytearray(entry.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    entry.write_bytes(data)
    assert folder.results("a") == (doubled("a"), ["a"])
    assert folder.results("a") == (doubled("a"), [])


@pytest.mark.parametrize("size", [0, 1, 31, 32, 40])
def test_a_half_written_entry_is_told_and_replaced(
    folder: Folder, size: int, caplog: pytest.LogCaptureFixture
):
    folder.results("a")
    (entry,) = folder.entries()
    os.truncate(entry, size)
    assert folder.results("a") == (doubled("a"), ["a"])
    (record,) = caplog.records
    assert str(entry) in record.getMessage()
    assert folder.results("a") == (doubled("a"), [])


def test_the_entry_of_another_key_is_not_used(folder: Folder):
    folder.results("a")
    (a,) = folder.entries()
    folder.results("b")
    (b,) = set(folder.entries()) - {a}
    shutil.copyfile(a, b)
    assert folder.results("b") == (doubled("b"), ["b"])


def test_an_entry_that_no_longer_loads_is_computed_again(folder: Folder):
    class Gone(list):
        pass

    cache, key = ResultCache(str(folder.cache)), result_key("x")
    Gone.__qualname__ = "Gone"
    globals()["Gone"] = Gone
    cache.put(key, Gone("a"))
    assert cache.get(key) == ["a"]
    del globals()["Gone"]
    assert cache.get(key) is None


def test_deleting_it_is_safe(folder: Folder):
    folder.results("ab")
    shutil.rmtree(folder.cache)
    assert folder.results("ab") == (doubled("ab"), ["a", "b"])


def test_parts_of_a_key_do_not_run_together():
    keys = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc")]
    assert len({result_key(*parts) for parts in keys}) == len(keys)


def test_trim_leaves_what_was_used_last(folder: Folder):
    folder.results("abc")
    entries = folder.entries()
    for age, entry in enumerate(entries):
        os.utime(entry, (1000 - age, 1000 - age))
    size = entries[0].stat().st_size
    assert {entry.stat().st_size for entry in entries} == {size}
    # The oldest but two is used again.
    folder.results("abc")
    for age, entry in enumerate(entries[:2]):
        os.utime(entry, (1000 - age, 1000 - age))
    trim(folder.cache, 2 * size + 1)
    assert folder.entries() == [entries[0], entries[2]]
    trim(folder.cache, 0)
    assert folder.entries() == []


def test_there_is_nothing_to_trim_before_the_first_run(tmp_path: Path):
    trim(tmp_path / "cache", 0)
    assert not (tmp_path / "cache").exists()


def test_a_relative_path_begins_at_the_root_of_the_artifacts(tmp_path):
    examples = standard_artifacts.Examples()
    examples.uri = str(tmp_path / "artifacts" / "ExampleGen" / "examples" / "7")
    cache = cache_beside(examples, {"cache": "../cache"})
    cache.put("key", "kept")

    assert [each.name for each in (tmp_path / "cache").iterdir()] == ["key"]
    assert not cache_beside(examples, {}).keeps
