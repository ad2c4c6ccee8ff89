"""The image: what it is built from, and by which engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts/image.sh"
# An engine that notes what it is asked, and one whose daemon does not run.
WORKS = '#!/bin/sh\necho "$0 $*" >>"$LOG"\n[ "$2" != inspect ] || echo 3500000000\n'
FAILS = "#!/bin/sh\nexit 1\n"


def test_the_image_has_all_packages():
    packages = re.search(r"PACKAGES = \[(.*?)\]", (ROOT / "setup.py").read_text(), re.S)
    assert packages is not None
    names = re.findall(r'"(\w+)"', packages[1])
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in names} <= set(lines)
    assert {"!setup.py", "!pyproject.toml", "!requirements"} <= set(lines)


def test_tasks_are_not_root():
    # By number: Kubernetes' runAsNonRoot knows nothing of names in an image.
    lines = (ROOT / "kubeflow/Dockerfile").read_text().splitlines()
    assert lines[-1] == "USER 10001:10001"
    # So they may write where the launcher copies to.
    assert any("--owner 10001 --group 10001 /gcs /minio /s3" in line for line in lines)


@pytest.fixture
def build(tmp_path):
    """Runs the script on a machine with some engines."""
    log = tmp_path / "log"

    def run(*arguments, **engines):
        for name, text in engines.items():
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        for name in ("awk", "bash", "sh"):
            (tmp_path / name).symlink_to(shutil.which(name))
        environment = {"PATH": str(tmp_path), "LOG": str(log), "HOME": os.sep}
        done = subprocess.run(
            ["/bin/bash", SCRIPT, *arguments],
            env=environment,
            capture_output=True,
            text=True,
        )
        asked = log.read_text().splitlines() if log.exists() else []
        return done, [line.removeprefix(f"{tmp_path}/") for line in asked]

    return run


@pytest.mark.parametrize(
    ("engines", "chosen"),
    [
        ({"docker": WORKS}, "docker"),
        ({"podman": WORKS}, "podman"),
        ({"docker": WORKS, "podman": WORKS}, "docker"),
        ({"docker": FAILS, "podman": WORKS}, "podman"),
    ],
)
def test_builds_by_the_engine_that_works(build, engines, chosen):
    done, asked = build("ctr:1", "--build-arg", "BASE_IMAGE=base", **engines)

    assert done.returncode == 0, done.stderr
    assert asked[1] == (
        f"{chosen} build --file kubeflow/Dockerfile --tag ctr:1 "
        "--build-arg BASE_IMAGE=base ."
    )
    assert done.stdout.endswith("image: ctr:1, 3.50 GB\n")


@pytest.mark.parametrize("engines", [{}, {"docker": FAILS}])
def test_says_what_to_install(build, engines):
    done, _ = build("ctr:1", **engines)

    assert done.returncode == 1
    assert done.stderr == (
        "image: found neither docker nor podman running: apt-get install podman\n"
    )
