"""Work in processes of its own."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.errors import InputError, RunError
from trainer.fit.processes import run_in_processes

# A module that the processes can import, wherever this one is.
WORK = """
import logging, os, pathlib, time
from config.errors import InputError

def write(path, text):
    pathlib.Path(path).write_text(text)

def log(words):
    logging.getLogger("trainer.work").info("%s %s", words, object)
    logging.getLogger("trainer.work").debug("not this")

def complain():
    raise InputError("no examples; give some")

def environment(path):
    pathlib.Path(path).write_text(os.environ["GLIBC_TUNABLES"])

def fail():
    raise KeyError("a fault")

def die():
    os._exit(9)

def wait(path):
    try:
        pathlib.Path(path).write_text(str(os.getpid()))
        time.sleep(60)
    finally:
        pathlib.Path(path + ".ended").touch()

def die_after(path):
    while not pathlib.Path(path).exists():
        time.sleep(0.05)
    die()

def wait_or_die(dies, path):
    die_after(path) if dies else wait(path)
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    """The module, imported."""
    (tmp_path / "some_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    import some_work

    yield some_work
    del sys.modules["some_work"]


def test_each_process_has_its_arguments(work, tmp_path):
    paths = [str(tmp_path / name) for name in "ab"]
    run_in_processes(work.write, [(paths[0], "one"), (paths[1], "two")])

    assert [Path(path).read_text() for path in paths] == ["one", "two"]


def test_large_tables_are_in_huge_pages_unless_glibc_is_tuned(
    work, tmp_path, monkeypatch
):
    path = tmp_path / "tunables"
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    run_in_processes(work.environment, [(str(path),)])
    assert path.read_text() == "glibc.malloc.hugetlb=1"
    assert "GLIBC_TUNABLES" not in os.environ

    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=3")
    run_in_processes(work.environment, [(str(path),)])
    assert path.read_text() == "glibc.malloc.tcache_count=3"


def test_logs_of_the_first_process_are_logged_here(work, caplog):
    with caplog.at_level(logging.INFO):
        run_in_processes(work.log, [("first",), ("second",)])

    (record,) = [r for r in caplog.records if r.name == "trainer.work"]
    assert record.getMessage() == "first <class 'object'>"
    assert record.levelno == logging.INFO


def test_an_error_of_the_user_comes_over(work):
    with pytest.raises(InputError, match="no examples"):
        run_in_processes(work.complain, [()])


def test_any_other_error_comes_with_its_traceback(work):
    with pytest.raises(RuntimeError, match=r"(?s)in fail.*KeyError: 'a fault'"):
        run_in_processes(work.fail, [()])


def test_a_process_that_dies_is_an_error(work):
    with pytest.raises(RunError, match="status 9"):
        run_in_processes(work.die, [()])


def test_the_other_processes_end_where_one_fails(work, tmp_path):
    """And clean up."""
    path = str(tmp_path / "started")
    began = time.monotonic()
    with pytest.raises(RunError, match="status 9"):
        run_in_processes(work.wait_or_die, [(False, path), (True, path)])

    assert time.monotonic() - began < 50
    assert Path(path + ".ended").exists()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_process_ends_with_its_parent(sent, work, tmp_path):
    path = tmp_path / "started"
    script = f"""
import some_work
from trainer.fit.processes import run_in_processes
if __name__ == "__main__":
    run_in_processes(some_work.wait, [({str(path)!r},)])
"""
    parent_script = tmp_path / "parent.py"
    parent_script.write_text(script)
    search_path = os.pathsep.join([str(tmp_path), os.getcwd()])
    parent = subprocess.Popen(
        [sys.executable, str(parent_script)],
        env={**os.environ, "PYTHONPATH": search_path},
        stderr=subprocess.DEVNULL,
        # Tests may run where Ctrl-C is ignored, such as in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    _wait_until(lambda: path.exists() and path.read_text())
    child = path.read_text()
    parent.send_signal(sent)
    parent.wait(30)

    _wait_until(lambda: _has_ended(child))
    if sent == signal.SIGINT:
        assert Path(f"{path}.ended").exists()


def _has_ended(process):
    """Whether a process is gone, or only waits for someone to ask how it ended."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


def _wait_until(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen within a minute")
