"""The work directory: one writer, and a link to the last complete run."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.errors import WorkDirError
from pipeline.workdir import WorkDir

HOLD_LOCK = """
import sys, time
from pathlib import Path
from pipeline.workdir import WorkDir
with WorkDir(Path(sys.argv[1])).lock():
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def work_dir(tmp_path):
    return WorkDir(tmp_path / "runs" / "ads")


@contextmanager
def _another_process(work_dir):
    command = [sys.executable, "-c", HOLD_LOCK, str(work_dir.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "locked\n"
            yield process
        finally:
            process.kill()


def _one_line(error, work_dir):
    text = str(error.value)
    assert text.startswith(f"{work_dir.path}: ")
    assert len(text.splitlines()) == 1
    return text


def test_everything_is_below_the_directory(work_dir):
    paths = [work_dir.artifacts, work_dir.cache, work_dir.metadata, work_dir.latest]
    for path in (*paths, work_dir.models("ads")):
        assert work_dir.path in path.parents


def test_a_relative_path_stays_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    work_dir = WorkDir(Path("runs"))
    monkeypatch.chdir("/")

    assert work_dir.path == tmp_path / "runs"


def test_a_second_process_has_to_wait(work_dir):
    with _another_process(work_dir):
        with pytest.raises(WorkDirError) as caught, work_dir.lock():
            pass
        assert "another run" in _one_line(caught, work_dir)


def test_a_process_that_is_killed_gives_the_lock_back(work_dir):
    with _another_process(work_dir) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with work_dir.lock():
            pass


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_the_lock_is_given_back_however_the_block_ends(work_dir, error):
    with pytest.raises(error), work_dir.lock():
        raise error
    with work_dir.lock():
        pass


@pytest.mark.parametrize("name", ["file", "file/runs"])
def test_a_file_in_the_way_is_one_line(tmp_path, name):
    (tmp_path / "file").write_text("")
    work_dir = WorkDir(tmp_path / name)
    with pytest.raises(WorkDirError) as caught, work_dir.lock():
        pass

    _one_line(caught, work_dir)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_directory_that_cannot_be_written_is_one_line(work_dir, monkeypatch, code):
    """By hand, since a superuser may write anywhere."""

    def refuse(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(WorkDirError) as caught, work_dir.lock():
        pass

    reason = "disk is full" if code == errno.ENOSPC else os.strerror(code)
    assert reason in _one_line(caught, work_dir)


def test_errors_inside_the_block_are_not_the_directorys(work_dir):
    with pytest.raises(PermissionError, match="elsewhere"), work_dir.lock():
        raise PermissionError(errno.EACCES, "Permission denied", "elsewhere.csv")


def test_a_disk_that_is_full_inside_the_block_is_one_line(work_dir):
    with pytest.raises(WorkDirError) as caught, work_dir.lock():
        raise OSError(errno.ENOSPC, "No space left", str(work_dir.path / "x.log"))

    assert "the disk is full" in _one_line(caught, work_dir)


def test_each_run_has_a_folder_of_its_own(work_dir):
    with work_dir.lock():
        folders = [work_dir.new_run() for _ in range(3)]

    assert len(set(folders)) == 3
    assert all(folder.parent == work_dir.path for folder in folders)
    assert all(folder.is_dir() for folder in folders)


def test_latest_is_the_run_that_was_published_last(work_dir):
    with work_dir.lock():
        first, second, _ = (work_dir.new_run() for _ in range(3))
        assert not work_dir.latest.exists()
        for run in (first, second):
            work_dir.publish(run)
            assert work_dir.latest.resolve() == run
    leftovers = [p for p in work_dir.path.iterdir() if p.name.startswith(".latest")]
    assert leftovers == []


def test_the_work_directory_can_be_moved(work_dir, tmp_path):
    with work_dir.lock():
        run = work_dir.new_run()
        work_dir.publish(run)
    moved = work_dir.path.rename(tmp_path / "moved")

    assert (moved / "latest").resolve() == moved / run.name


def test_latest_is_never_missing_while_it_is_swapped(work_dir):
    with work_dir.lock():
        runs = [work_dir.new_run() for _ in range(2)]
        work_dir.publish(runs[0])
        missing, ended = [], threading.Event()

        def watch():
            while not ended.is_set():
                if not (work_dir.latest).exists():
                    missing.append(1)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            for number in range(300):
                work_dir.publish(runs[number % 2])
        finally:
            ended.set()
            watcher.join()
    assert missing == []
