"""Bad input ends in one clear line and the right exit status, and leaves no model."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import tensorflow as tf

from ctr import cli

HEADER = "age,gender,interests,ad_id,category,device,click\n"
ROW = "{age},male,music|books,a{i},home,mobile,{click}\n"


def rows(count=40, **columns):
    """Lines of a log, with some columns set to fixed values."""
    lines = [
        ROW.format(**{"i": i % 3, "age": 20 + i, "click": i % 2, **columns})
        for i in range(count)
    ]
    return "".join(lines)


@pytest.fixture
def log(tmp_path):
    """A log of two good files, to spoil."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "train.csv").write_text(HEADER + rows())
    (folder / "eval.csv").write_text(HEADER + rows())
    return folder


@pytest.fixture
def run(problem, log, capfd):
    """Runs on the log in this process; gives the exit status and the error line."""

    def run(*options, train="train.csv", eval="eval.csv", file_format="csv"):
        splits = f"examples.splits={{train: {train}, eval: {eval}}}"
        command = ["run", "-c", str(problem.config), "--data", str(log)]
        command += ["--work-dir", str(problem.work_dir), "--set", splits]
        command += ["--set", f"examples.format={file_format}"]
        command += ["--set", "evaluation.true_probability=null", *options]
        status = cli.main(command)
        error = capfd.readouterr().err
        assert error.count("\n") == 1, error
        assert error.startswith("error: ")
        assert "Traceback" not in error
        assert problem.versions() == []
        assert not (problem.work_dir / "latest").exists()
        return status, error

    return run


def test_a_missing_file(run, log):
    status, error = run(eval="tomorrow.csv")
    assert status == 2
    assert f"{log}/tomorrow.csv: no file matches" in error


def test_a_missing_column(run, log):
    (log / "eval.csv").write_text("age,click\n30,1\n31,0\n")
    status, error = run()
    assert status == 2
    assert "eval.csv: no column 'ad_id', 'category', 'gender'" in error
    assert "the file has age, click" in error


def test_an_empty_split(run, log):
    (log / "eval.csv").write_text(HEADER)
    status, error = run()
    assert status == 2
    assert "the split 'eval' is empty" in error


@pytest.mark.parametrize("value", [0, 1])
def test_a_constant_label(run, log, value):
    (log / "train.csv").write_text(HEADER + rows(click=value))
    status, error = run()
    assert status == 2
    assert f"every one of the 40 examples of the split 'train' is {value}" in error


@pytest.mark.parametrize(("value", "words"), [("2", "2"), ("", "no value")])
def test_a_label_that_is_not_0_or_1(run, log, value, words):
    (log / "train.csv").write_text(HEADER + rows() + rows(1, click=value))
    status, error = run()
    assert status == 2
    assert "train.csv" in error
    assert f"1 of 41 rows hold neither 0 nor 1, the first {words}" in error


def test_text_in_a_numeric_column(run, log):
    (log / "train.csv").write_text(HEADER + rows() + rows(1, age="unknown"))
    status, error = run()
    assert status == 2
    assert "train.csv" in error
    assert "'age'" in error
    assert "'unknown'" in error


def test_a_truncated_gzip_file(run, log):
    whole = gzip.compress((HEADER + rows(5_000)).encode())
    (log / "train.csv.gz").write_bytes(whole[: len(whole) // 2])
    status, error = run(train="train.csv.gz")
    assert status == 2
    assert "train.csv.gz: cannot be read: Truncated" in error


def test_a_truncated_parquet_file(run, log):
    pd.read_csv(log / "eval.csv").to_parquet(log / "eval.parquet")
    whole = (log / "eval.parquet").read_bytes()
    (log / "train.parquet").write_bytes(whole[: len(whole) // 2])
    status, error = run(
        train="train.parquet", eval="eval.parquet", file_format="parquet"
    )
    assert status == 2
    assert "train.parquet: cannot be read: Parquet magic bytes not found" in error


def test_a_truncated_tfrecord_file(run, log):
    example = tf.train.Example()
    example.features.feature["click"].int64_list.value.append(1)
    with tf.io.TFRecordWriter(str(log / "whole.tfrecord")) as writer:
        for _ in range(10):
            writer.write(example.SerializeToString())
    whole = (log / "whole.tfrecord").read_bytes()
    (log / "train.tfrecord").write_bytes(whole[:-5])
    status, error = run(
        train="train.tfrecord", eval="whole.tfrecord", file_format="tfrecord"
    )
    assert status == 2
    assert "train.tfrecord: cannot be read: truncated record" in error


def test_a_file_in_both_splits(run, log):
    status, error = run(train="'*.csv'")
    assert status == 2
    assert f"{log}/eval.csv: this file is in two splits" in error


def test_a_true_probability_that_is_not_there(run, log):
    truth = "evaluation.true_probability={pattern: truth.csv}"
    status, error = run("--set", truth)
    assert status == 2
    assert f"{log}/truth.csv: no file matches" in error


@pytest.mark.parametrize("text", [None, "feature { nam: 1 }"])
def test_a_curated_schema_that_cannot_be_used(run, tmp_path, text):
    path = tmp_path / "schema.pbtxt"
    if text is not None:
        path.write_text(text)
    status, error = run("--set", f"validation.schema_file={path}")
    assert status == 2
    assert f"validation.schema_file: {path}: " in error


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("modle.kind=wide_deep", "unknown key 'modle'; allowed: name, examples"),
        ("crosses=[[gender, city]]", "unknown feature 'city'; allowed: ad_id, age"),
        ("model.kind=widest", "got 'widest'"),
    ],
)
def test_a_config_that_does_not_fit(run, override, words):
    status, error = run("--set", override)
    assert status == 2
    assert words in error


@pytest.mark.parametrize("work_dir", ["{file}", "{file}/below", "/proc/nowhere"])
def test_a_work_directory_that_cannot_be_made(problem, tmp_path, capfd, work_dir):
    (tmp_path / "file").touch()
    place = work_dir.format(file=tmp_path / "file")
    status = cli.main(["run", "-c", str(problem.config), "--work-dir", place])
    error = capfd.readouterr().err
    assert status == 1
    assert error.count("\n") == 1
    assert "choose another by --work-dir" in error


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


def test_a_full_disk(problem, small_disk, clicks, capfd):
    # The rest is enough for metadata to start with, but not for the artifacts.
    (small_disk / "ballast").write_bytes(bytes((3 << 20) - (512 << 10)))
    command = ["run", "-c", str(problem.config), "--data", str(clicks)]
    status = cli.main([*command, "--work-dir", str(small_disk / "work")])
    error = capfd.readouterr().err
    assert status == 1
    assert error.count("\n") == 1
    assert "the disk is full" in error
    assert not Path(small_disk, "work", "latest").exists()
