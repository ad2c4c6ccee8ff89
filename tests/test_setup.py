"""The set-up: the stack that it chooses on this machine, and the lock files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STACKS = ["tfx-1.16", "tfx-1.21"]
LOCKS = ["bootstrap.txt", *(f"{stack}/lock.txt" for stack in STACKS)]


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts/setup.sh", "--check"],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
    )


def test_the_named_python_is_used():
    done = check(PYTHON=sys.executable)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"on Python {version}" in done.stdout


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"PYTHON": "/nowhere/python"}, "PYTHON=/nowhere/python"),
        ({"PYTHON": sys.executable, "CXX": "no-such-compiler"}, "g++"),
    ],
)
def test_a_missing_python_or_compiler_is_one_line(settings, named):
    done = check(**settings)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert named in done.stderr


def locked(lock: str) -> list[str]:
    text = (ROOT / "requirements" / lock).read_text()
    return re.split(r"\n(?=[a-z])", re.sub(r"^ *#.*\n?", "", text, flags=re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_is_exact_and_hashed(lock):
    for requirement in locked(lock):
        name = requirement.split("\n")[0]
        assert re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==[^ ]+ ", name), name
        assert "--hash=sha256:" in requirement, name


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_no_path(lock):
    text = (ROOT / "requirements" / lock).read_text()
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host| /", text)


@pytest.mark.parametrize("stack", STACKS)
def test_a_lock_is_of_its_stack(stack):
    assert any(
        requirement.startswith(f"{stack.replace('-', '==')}.")
        for requirement in locked(f"{stack}/lock.txt")
    )
