from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STACKS = ["tfx-1.16", "tfx-1.21"]
LOCKS = ["bootstrap.txt", *(f"{stack}/lock.txt" for stack in STACKS)]


class Machine:
    """A machine of stub executables, on which the set-up makes its decisions."""

    def __init__(self, bin_dir: Path):
        self.bin = bin_dir
        self.env = {"PATH": str(bin_dir)}
        self.platform("Linux x86_64")
        self.glibc("2.36")

    def executable(self, name: str, script: str) -> Path:
        path = self.bin / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)
        return path

    def platform(self, name: str) -> None:
        self.executable("uname", f"echo {name}")

    def glibc(self, version: str) -> None:
        self.executable("getconf", f"echo glibc {version}")

    def python(self, name: str, version: str, lacks: str = "") -> Path:
        return self.executable(name, f"echo {version} {lacks}")

    def check(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", str(ROOT / "scripts/setup.sh"), "--check"],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def browser(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", str(ROOT / "scripts/browser.sh")],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def choice(self) -> str:
        done = self.check()
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refusal(self) -> str:
        done = self.check()
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("glibc", "version", "stack"),
    [
        ("2.35", "3.10", "1.16"),
        ("2.36", "3.11", "1.16"),
        ("2.39", "3.10", "1.21"),
        ("2.39", "3.12", "1.21"),
        ("2.41", "3.13", "1.21"),
    ],
)
def test_glibc_and_python_choose_the_stack(machine, glibc, version, stack):
    machine.glibc(glibc)
    machine.python("python3", version)
    assert f"TFX {stack} (glibc {glibc}) on Python {version}" in machine.choice()


def test_a_fit_python_is_preferred_to_python3(machine):
    machine.python("python3", "3.12")
    machine.python("python3.10", "3.10")
    assert "python3.10)" in machine.choice()


def test_a_shim_that_does_not_run_is_passed_over(machine):
    machine.executable("python3.11", "echo 'python3.11: not found' >&2; exit 127")
    machine.python("python3.10", "3.10")
    assert "python3.10)" in machine.choice()


def test_a_python_that_lacks_headers_is_passed_over(machine):
    machine.python("python3.11", "3.11", lacks="python3.11-dev")
    machine.python("python3.10", "3.10")
    assert "python3.10)" in machine.choice()


def test_the_named_python_is_used(machine):
    machine.python("python3.11", "3.11")
    machine.env["PYTHON"] = str(machine.python("mine", "3.10"))
    assert "on Python 3.10" in machine.choice()


def test_the_named_python_is_not_replaced_by_another(machine):
    machine.python("python3.11", "3.11")
    machine.env["PYTHON"] = "/nowhere/python"
    assert "no Python for PYTHON=/nowhere/python" in machine.refusal()


@pytest.mark.parametrize(
    ("glibc", "version", "allowed"),
    [
        ("2.36", "3.12", "3.10 or 3.11:"),
        ("2.36", "3.9", "3.10 or 3.11:"),
        ("2.41", "3.14", "3.10 or 3.11 or 3.12 or 3.13:"),
    ],
)
def test_a_wrong_python_is_refused(machine, glibc, version, allowed):
    machine.glibc(glibc)
    machine.python("python3", version)
    refusal = machine.refusal()
    assert f"found Python {version}" in refusal
    assert f"glibc {glibc} can run only TFX" in refusal
    assert allowed in refusal


def test_no_python_is_refused(machine):
    assert "found no Python, but glibc 2.36" in machine.refusal()


@pytest.mark.parametrize(
    "lacks", ["g++", "python3.11-dev g++", "python3.11-venv python3.11-dev g++"]
)
def test_what_is_lacking_is_named_as_packages(machine, lacks):
    machine.python("python3.11", "3.11", lacks)
    assert f"apt-get install {lacks}\n" in machine.refusal()


def test_a_missing_compiler_is_found_out_by_a_real_python(machine):
    # The newer stack, since it allows every Python that these tests run on.
    machine.glibc("2.39")
    machine.env |= {"PYTHON": sys.executable, "CXX": "no-such-compiler"}
    assert machine.refusal().endswith("apt-get install g++\n")


@pytest.mark.parametrize("platform", ["Darwin arm64", "Linux aarch64"])
def test_another_platform_is_refused(machine, platform):
    machine.platform(platform)
    assert f"found {platform}, but" in machine.refusal()


def test_another_libc_is_refused(machine):
    machine.executable("getconf", "exit 1")
    assert "found no glibc" in machine.refusal()


def test_make_fails_with_the_one_line(machine):
    machine.python("python3", "3.12")
    done = subprocess.run(
        ["make", "--always-make", "setup"],
        cwd=ROOT,
        env=machine.env | {"PATH": f"{machine.bin}:{os.defpath}", "PYTHON": "python3"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    first, *rest = done.stderr.splitlines()
    assert first.startswith("setup: found Python 3.12")
    assert len(rest) == 1  # make's own line


def test_a_browser_that_is_there_is_not_installed_again(machine):
    machine.executable("chromium", "exit 0")
    machine.executable("chromedriver", "exit 0")
    machine.executable("apt-get", "echo apt-get >&2; exit 1")
    done = machine.browser()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_missing_browser_is_installed_by_root(machine):
    machine.executable("id", "echo 0")
    machine.executable("apt-get", 'echo "$@" >&2')
    done = machine.browser()
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "-qq update",
        "-qq install --no-install-recommends chromium chromium-driver",
    ]


@pytest.mark.parametrize("user", [0, 1000])
def test_where_a_browser_cannot_be_installed_one_line_says_what_to_do(machine, user):
    machine.executable("id", f"echo {user}")
    if user:
        machine.executable("apt-get", "exit 0")
    done = machine.browser()
    assert done.returncode == 1
    assert done.stderr == (
        "browser: found no Chromium; as root: apt-get install chromium "
        "chromium-driver\n"
    )


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
