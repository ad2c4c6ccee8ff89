"""Bad input ends in one clear line and the right exit status, and leaves no model."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from tests import webhooks

HEADER = "age,gender,interests,ad_id,category,device,click\n"
ROW = "{age},male,music|books,a{i},home,mobile,{click}\n"


def rows(count=40, **columns):
    """Lines of a log, with some columns set to fixed values."""
    values = ({"i": i % 3, "age": 20 + i, "click": i % 2} for i in range(count))
    return "".join(ROW.format(**{**each, **columns}) for each in values)


@pytest.fixture
def log(tmp_path):
    """A log of two good files, to spoil."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "train.csv").write_text(HEADER + rows())
    (folder / "eval.csv").write_text(HEADER + rows())
    return folder


@pytest.fixture
def failure(problem, log, ctr):
    """Runs on the log; gives the line of the error."""

    def failure(*options, train="train.csv", eval="eval.csv"):
        splits = f"examples.splits={{train: {train}, eval: {eval}}}"
        no_truth = "evaluation.true_probability=null"
        command = [*problem.command(), "--data", str(log), "--set", splits]
        error = ctr(*command, "--set", no_truth, *options, status=2).error
        assert error.count("\n") == 1, error
        assert error.startswith("error: ")
        assert "Traceback" not in error
        assert problem.versions() == []
        assert not (problem.work_dir / "latest").exists()
        return error

    return failure


def test_a_missing_file_is_named(failure, log):
    assert f"{log}/tomorrow.csv: " in failure(eval="tomorrow.csv")


def test_a_failure_is_posted(failure):
    with webhooks.serve() as server:
        webhook = f'notify=[{{webhook: "{server.url}", on: [failed]}}]'
        error = failure("--set", webhook, eval="tomorrow.csv")
    ((_, body),) = server.posted
    (reason,) = json.loads(body)["reasons"]

    assert error == f"error: {reason}\n"


def test_a_missing_column_is_named(failure, log):
    (log / "eval.csv").write_text("age,click\n30,1\n31,0\n")
    error = failure()
    assert f"{log}/eval.csv: " in error
    assert "'ad_id', 'category', 'gender'" in error
    assert "age, click" in error


@pytest.mark.parametrize("value", [0, 1])
def test_a_constant_label_is_an_error(failure, log, value):
    (log / "train.csv").write_text(HEADER + rows(click=value))
    error = failure()
    assert "'train'" in error
    assert f"40 examples of the split 'train' is {value}" in error


def test_a_truncated_file_is_named(failure, log):
    pd.read_csv(log / "eval.csv").to_parquet(log / "eval.parquet")
    whole = (log / "eval.parquet").read_bytes()
    (log / "train.parquet").write_bytes(whole[: len(whole) // 2])
    error = failure(
        "--set", "examples.format=parquet", train="train.parquet", eval="eval.parquet"
    )
    assert "train.parquet: " in error


def test_a_file_in_both_splits_is_named(failure, log):
    assert f"{log}/eval.csv: " in failure(train="'*.csv'")


def test_a_missing_true_probability_is_named(failure, log):
    truth = "evaluation.true_probability={pattern: truth.csv}"
    assert f"{log}/truth.csv: " in failure("--set", truth)


@pytest.mark.parametrize("text", [None, "feature { nam: 1 }"])
def test_a_wrong_schema_file_is_named(failure, tmp_path, text):
    path = tmp_path / "schema.pbtxt"
    if text is not None:
        path.write_text(text)
    error = failure("--set", f"validation.schema_file={path}")
    assert f"validation.schema_file: {path}: " in error


def test_a_missing_base_model_is_named(failure, problem):
    error = failure("--set", "training.warm_start.model=nowhere")
    assert f"training.warm_start.model: {problem.folder}/nowhere: " in error


def test_a_wrong_key_of_the_configuration_is_named(failure):
    assert "'modle'" in failure("--set", "modle.kind=wide_deep")


@pytest.mark.parametrize("work_dir", ["{file}", "{file}/below", "/proc/nowhere"])
def test_a_work_directory_that_cannot_be_made_is_named(
    problem, tmp_path, ctr, work_dir
):
    (tmp_path / "file").touch()
    place = work_dir.format(file=tmp_path / "file")
    error = ctr(*problem.command(), "--work-dir", place, status=1).error
    assert error.count("\n") == 1
    assert place in error


@pytest.fixture
def small_disk(tmp_path):
    """A file system that three megabytes fill."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount).returncode:
        pytest.skip("mounting a small file system needs root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_is_one_line(problem, small_disk, ctr):
    # The rest is enough for metadata to start with, but not for the artifacts.
    (small_disk / "ballast").write_bytes(bytes((3 << 20) - (512 << 10)))
    command = problem.command("--work-dir", str(small_disk / "work"))
    error = ctr(*command, status=1).error
    assert error.count("\n") == 1
    assert "disk is full" in error
    assert not Path(small_disk, "work", "latest").exists()
