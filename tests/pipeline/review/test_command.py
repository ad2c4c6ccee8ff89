"""`ctr release` on a work directory: its options, its lock and its lines."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ctr import cli
from pipeline.workdir import WorkDir

CONFIG = """
name: ads
examples: {splits: {train: train.csv, eval: eval.csv}}
label: {column: click}
features: {device: {kind: categorical}}
"""

# In a process of its own, since this one has imported it all.
ROLL_BACK = """
import sys
from ctr import cli

status = cli.main(["release", "rollback", *sys.argv[1:]])
heavy = {"tensorflow", "tfx", "apache_beam", "keras", "pyarrow", "pandas", "scipy"}
print(f"status {status}, heavy: {sorted(heavy & set(sys.modules))}")
"""


@pytest.fixture
def options(pipeline):
    """The options that name the pipeline, whose work directory has its runs."""
    config = pipeline.folder / "pipeline.yaml"
    config.write_text(CONFIG)
    return ["-c", str(config), "--work-dir", str(pipeline.folder)]


@pytest.fixture
def ctr(options, capsys):
    """Runs `ctr release`; gives its status, output and error."""

    def _ctr(*words):
        status = cli.main(["release", *words, *options])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return _ctr


def test_from_a_candidate_to_a_roll_back(pipeline, ctr):
    for run in ("r1", "r2", "r3"):
        pipeline.run(run)
    for run in ("r1", "r2"):
        status, out, _ = ctr("approve", run, "--by", "Ann", "--note", "fine")
        assert status == 0
        assert out.startswith(f"{run} is released as version ")
    status, out, _ = ctr("reject", "r3", "--by", "Bob", "--note", "mobile is worse")
    assert (status, out) == (0, "r3 is rejected\n")
    status, out, _ = ctr("rollback", "--by", "Bob", "--note", "clicks fell")
    assert status == 0
    assert out.startswith("rolled back: version ")
    assert " has the model of r1: " in out
    assert pipeline.served() == ["r1", "r2", "r1"]

    _, out, _ = ctr("list", "--json")
    found = {row["run"]: row for row in json.loads(out)}
    assert [found[run]["status"] for run in ("r1", "r2", "r3")] == [
        "released",
        "rolled back",
        "rejected",
    ]
    assert found["r3"]["decisions"][0]["note"] == "mobile is worse"
    assert [each["by"] for each in found["r2"]["decisions"]] == ["Ann", "Bob"]
    assert found["r1"]["report_digest"] == "digest of r1"
    assert "mobile is worse" in ctr("list")[1]


def test_a_roll_back_is_by_the_user_who_is_logged_in(pipeline, ctr, monkeypatch):
    monkeypatch.setenv("LOGNAME", "ann")
    pipeline.released("r1", "r2")
    assert ctr("rollback")[0] == 0
    assert pipeline.review().history().last.by == "ann"


def test_a_roll_back_without_a_record_is_recorded(pipeline, ctr):
    pipeline.released("r1", "r2")
    ctr("rollback", "--by", "Ann")
    pipeline.forget()
    status, out, _ = ctr("rollback", "--by", "Ann")
    assert status == 0
    assert "without a record" in out
    assert pipeline.served() == ["r1", "r2", "r1"]


def test_a_refusal_is_one_line(pipeline, ctr):
    pipeline.run("r1", status="blocked")
    for by, named in ((" ", "--by"), ("Ann", "--override")):
        status, out, error = ctr("approve", "r1", "--by", by)
        assert (status, out, error.count("\n")) == (2, "", 1)
        assert named in error
    assert ctr("approve", "r1", "--by", "Ann", "--override")[0] == 0


def test_an_older_run_takes_the_option(pipeline, ctr):
    for run in ("r1", "r2"):
        pipeline.run(run)
    ctr("approve", "r2", "--by", "Ann")
    assert ctr("approve", "r1", "--by", "Ann")[0] == 2
    assert ctr("approve", "r1", "--by", "Ann", "--rollback")[0] == 0
    assert pipeline.served() == ["r2", "r1"]


@pytest.mark.parametrize(
    "words",
    [[], ["fly"], ["approve"], ["approve", "r1"], ["reject", "r1", "--by", "Ann"]],
)
def test_wrong_use_is_2(words, options, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["release", *words, *(options if words else [])])
    assert ended.value.code == 2
    assert "usage: ctr release" in capsys.readouterr().err


@pytest.mark.parametrize("action", [["list"], ["rollback"]])
def test_a_pipeline_that_has_never_run_is_left_without_metadata(
    action, tmp_path, capsys
):
    config = tmp_path / "pipeline.yaml"
    config.write_text(CONFIG)
    work_dir = tmp_path / "work"
    command = ["release", *action, "-c", str(config), "--work-dir", str(work_dir)]
    assert cli.main(command) == 2
    assert capsys.readouterr().err.startswith(f"error: {work_dir}: ")
    assert not work_dir.exists()


def test_only_a_roll_back_does_not_wait_for_a_run(pipeline, ctr):
    pipeline.released("r1", "r2")
    pipeline.run("r3")
    with WorkDir(pipeline.folder).lock():
        for action in ("approve", "reject"):
            status, _, error = ctr(action, "r3", "--by", "Ann", "--note", "")
            assert status == 1
            assert error.startswith(f"error: {pipeline.folder}: another run ")
        assert ctr("rollback", "--by", "Ann")[0] == 0
    assert pipeline.served()[-1] == "r1"


def test_the_configuration_says_where_versions_are_and_how_many_stay(
    pipeline, ctr, tmp_path
):
    for run in ("r1", "r2", "r3"):
        pipeline.run(run)
        ctr("approve", run, "--by", "Ann", "--set", "release.keep=1")
    assert pipeline.served() == ["r2", "r3"]
    pipeline.run("r4")
    elsewhere = f"release.model_dir={tmp_path}/elsewhere"
    assert ctr("approve", "r4", "--by", "Ann", "--set", elsewhere)[0] == 0
    assert len(list((tmp_path / "elsewhere").glob("[0-9]*"))) == 1


def test_a_roll_back_imports_no_heavy_package(pipeline, options, ctr):
    pipeline.released("r1", "r2")
    command = [sys.executable, "-c", ROLL_BACK, *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "status 0, heavy: []"
    assert pipeline.served() == ["r1", "r2", "r1"]


def test_labels_are_given_listed_and_removed(pipeline, ctr):
    pipeline.released("r1", "r2")
    older, newer = sorted(int(path.name) for path in pipeline.model_dir.glob("[0-9]*"))
    status, out, _ = ctr("label", f"canary={newer}", f"stable={older}")
    assert (status, out) == (0, f"labels: canary={newer} stable={older}\n")
    _, out, _ = ctr("list", "--json")
    assert {row["run"]: row["labels"] for row in json.loads(out)} == {
        "r1": ["stable"],
        "r2": ["canary"],
    }
    _, out, _ = ctr("list")
    assert f"{newer} * canary" in out
    assert f"{older} stable" in out

    status, _, error = ctr("rollback", "--by", "Ann")
    assert status == 2
    assert f"ctr release label canary={older}" in error
    status, out, _ = ctr("label", "canary=")
    assert (status, out) == (0, f"labels: stable={older}\n")
    assert ctr("rollback", "--by", "Ann")[0] == 0
    # Its run's model now is the newest version.
    assert f"stable is version {older}" in ctr("list")[1]


@pytest.mark.parametrize(
    ("words", "received"),
    [
        (["canary"], "'canary'"),
        (["canary=new"], "'canary=new'"),
        (["canary=7"], "'canary'"),
        (["canary="], "'canary'"),
        (["a=1", "a=2"], "'a'"),
    ],
)
def test_a_wrong_label_is_one_line(words, received, pipeline, ctr):
    pipeline.released("r1")
    status, out, error = ctr("label", *words)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert received in error
