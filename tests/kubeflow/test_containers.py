"""Each task of a compiled pipeline in a container of the image: `make test-containers`.

IMAGE_ARGS has arguments for scripts/image.sh, such as `--build-arg BASE_IMAGE=...`
where no container registry can be reached.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from emulation.backend import Backend
from emulation.containers import ContainerLauncher, engine

from ctr import cli

pytestmark = [pytest.mark.containers, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
IMAGE = "localhost/ctr-pipeline:test"
CONFIG = """
name: ad_click
examples:
  splits: {train: "clicks/day-0[12].csv", eval: clicks/day-03.csv}
label: {column: click}
features:
  gender: {kind: categorical}
  age: {kind: numeric, buckets: 4}
  interests: {kind: categorical, delimiter: "|"}
  device: {kind: categorical}
crosses: [[gender, device]]
model: {embedding_size: 4, wide_deep: {hidden_units: [8]}}
training: {epochs: 1, warm_start: {model: last_release}}
evaluation: {slices: [[device]]}
gates: [{metric: auc, min: 0.1}]
release: {approval: automatic}
"""


@pytest.fixture(scope="module")
def image():
    arguments = shlex.split(os.environ.get("IMAGE_ARGS", ""))
    subprocess.run([ROOT / "scripts/image.sh", IMAGE, *arguments], check=True)
    return IMAGE


def inside(image, *command):
    limits = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096")
    run = [engine(), "run", "--rm", "--network=none", *limits, image, *command]
    return subprocess.run(run, capture_output=True, text=True)


def test_the_image_is_not_root_and_has_no_compiler(image):
    assert inside(image, "id", "-u").stdout == "10001\n"
    assert inside(image, "touch", "/gcs/a", "/minio/a", "/s3/a").returncode == 0
    for program in ("gcc", "g++", "cc", "c++", "pip"):
        assert inside(image, "sh", "-c", f"command -v {program}").returncode != 0


def test_every_task_runs_in_its_container_twice(image, tmp_path):
    volume = tmp_path / "volume"
    models = volume / "models"
    models.mkdir(parents=True)
    data = volume / "data"
    simulate = ["simulate", "--out", str(data), "--rows", "3000", "--days", "3"]
    assert cli.main([*simulate, "--seed", "1"]) == 0
    # Whatever the user of the image is.
    subprocess.run(["chmod", "-R", "a+rwX", volume], check=True)
    settings = {
        "image": image,
        "metadata": f"sqlite:///{volume}/metadata.sqlite",
        "models": {"claim": "models", "path": str(models)},
        "tasks": {"volumes": [{"claim": "volume", "path": str(volume)}]},
    }
    config = tmp_path / "pipeline.yaml"
    config.write_text(CONFIG + yaml.safe_dump({"kubeflow": settings}))
    package = tmp_path / "pipeline_kfp.yaml"
    compile_it = ["kubeflow", "compile", "-c", str(config), "-o", str(package)]
    assert cli.main([*compile_it, "--data", str(data)]) == 0
    backend = Backend(tmp_path / "backend", launcher=ContainerLauncher)

    first, second = backend.run(package), backend.run(package)

    assert first.logs.keys() == second.logs.keys() >= {"ExampleGen", "Pusher"}
    trained = first.outputs["Trainer"].artifacts["model"]
    found = second.outputs["LastRelease"].parameters["model"]
    assert found == backend.artifacts.get(trained).uri
    assert len([each for each in (models / "ad_click").iterdir() if each.is_dir()]) == 2
