"""What the image is built from."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


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
