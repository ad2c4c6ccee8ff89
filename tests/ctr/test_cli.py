"""The `ctr` command: help at once, one line for an error, and its exit status."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from config import errors
from ctr import cli
from ctr.commands import config as config_command
from ctr.commands.options import same_pipeline
from pipeline.run.summary import Summary
from pipeline.run.trials import Trial

CONFIG = """
name: ads
examples: {splits: {train: train.csv, eval: eval.csv}}
label: {column: click}
features: {device: {kind: categorical}}
"""
HEAVY = {
    "apache_beam",
    "keras",
    "numpy",
    "pandas",
    "plotly",
    "pyarrow",
    "pydantic",
    "rich",
    "sklearn",
    "tensorflow",
    "tfx",
    "yaml",
}
# Asks each command for help, then prints the packages that were imported.
HELP = """
import sys
from ctr.cli import main
for command in [[], *([name] for name in sys.argv[1:])]:
    try:
        main([*command, "--help"])
    except SystemExit as ended:
        assert ended.code == 0
print("\\n" + " ".join(sys.modules))
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "pipeline.yaml"
    path.write_text(CONFIG)
    return str(path)


@pytest.fixture
def fail(monkeypatch):
    """Makes `ctr config` fail with an error."""

    def _fail(error):
        def _raise(_):
            raise error

        monkeypatch.setattr(config_command, "_config", _raise)
        return ["config", "validate", "-c", "x.yaml"]

    return _fail


def help_tree(capsys, *command):
    """The help of a command and of those below it."""
    with pytest.raises(SystemExit):
        cli.main([*command, "--help"])
    text = capsys.readouterr().out
    below = re.findall(r"^    ([a-z]+)\b", text, re.MULTILINE)
    return [
        text,
        *(each for name in below for each in help_tree(capsys, *command, name)),
    ]


def test_help_needs_no_heavy_package(capsys):
    commands = re.findall(r"^usage: ctr ([a-z]+) \[", "".join(help_tree(capsys)), re.M)
    assert {"run", "serve", "kubeflow"} < set(commands)
    ended = subprocess.run(
        [sys.executable, "-c", HELP, *commands], capture_output=True, text=True
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    modules = ended.stdout.splitlines()[-1].split()
    assert HEAVY & {name.partition(".")[0] for name in modules} == set()


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="argparse lists options anew")
def test_the_wording_of_the_help(capsys, monkeypatch, golden):
    monkeypatch.setenv("COLUMNS", "80")

    golden("help.txt", f"\n{'-' * 79}\n".join(help_tree(capsys)))


def test_the_version_is_that_of_the_distribution(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"ctr {version('ctr-pipeline')}\n"


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["run"], ["config", "dance", "-c", "x"], ["run", "-c", "x", "--no"]],
)
def test_wrong_use_is_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)

    assert ended.value.code == 2
    assert "usage: ctr" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (errors.ConfigError("x.yaml: bad"), 2, "x.yaml: bad"),
        (errors.InputError("a.csv: bad"), 2, "a.csv: bad"),
        (errors.GateError("auc too low"), 3, "auc too low"),
        (errors.WorkDirError("runs: in use"), 1, "runs: in use"),
        (errors.RunError("Trainer failed"), 1, "Trainer failed"),
        (RuntimeError("Traceback:\nconfig.errors.InputError: b.csv"), 2, "b.csv"),
        (ValueError("what"), 1, "ValueError: what"),
        (ValueError("a\nb"), 1, "ValueError: b"),
        (ValueError(), 1, "ValueError: "),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_an_error_is_one_line_and_a_status(fail, capsys, error, status, words):
    assert cli.main(fail(error)) == status
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("error: " if status != 130 else words)
    assert words in line
    assert captured.out == ""


@pytest.mark.parametrize("error", [errors.ConfigError("bad"), ValueError("what")])
def test_debug_shows_where(fail, error):
    with pytest.raises(type(error)) as caught:
        cli.main(["--debug", *fail(error)])

    assert caught.value is error


def test_an_interruption_is_no_bug(fail):
    assert cli.main(["--debug", *fail(KeyboardInterrupt())]) == 130


def test_a_valid_config_is_shown_with_its_defaults(config, capsys):
    assert cli.main(["config", "validate", "-c", config]) == 0
    assert capsys.readouterr().out == f"{config}: valid\n"

    assert cli.main(["config", "show", "-c", config, "--set", "training.epochs=3"]) == 0
    text = capsys.readouterr().out
    assert "epochs: 3" in text
    assert "batch_size:" in text


def test_validate_names_settings_that_tensorflow_serving_does_not_have(config, capsys):
    settings = ("serving.request_log={}", "serving.host=0.0.0.0", "serving.port=9000")
    overrides = [f"--set={setting}" for setting in settings]
    assert cli.main(["config", "validate", "-c", config, *overrides]) == 0

    _, note = capsys.readouterr().out.splitlines()
    assert "serving.request_log" in note
    assert "serving.host" in note
    assert "serving.port" not in note


def test_a_config_that_is_missing_is_2(tmp_path, capsys):
    assert cli.main(["run", "-c", str(tmp_path / "no.yaml")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_work_directory_in_use_is_1(config, tmp_path, capsys):
    from pipeline.workdir import WorkDir

    with WorkDir(tmp_path / "work").lock():
        arguments = ["run", "-c", config, "--work-dir", str(tmp_path / "work")]
        assert cli.main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert str(tmp_path / "work") in line


@pytest.mark.parametrize(
    ("file", "out", "named"),
    [
        ("a.csv", "pipeline.yaml", "pipeline.yaml"),
        ("no.csv", "pipeline.yaml", "no.csv"),
        ("a.csv", "no/b.yaml", "no/b.yaml"),
    ],
)
def test_init_needs_files_and_does_not_overwrite(
    config, tmp_path, capsys, file, out, named
):
    (tmp_path / "a.csv").write_text("x,click\n1,0\n2,1\n")
    before = Path(config).read_text()
    options = ["--label", "click", "--out", str(tmp_path / out)]

    assert cli.main(["init", str(tmp_path / file), *options]) == 2
    assert str(tmp_path / named) in capsys.readouterr().err
    assert Path(config).read_text() == before


@pytest.fixture
def work_dir(tmp_path):
    """A work directory with two runs; the first, tuned, is the latest complete one."""
    trials = [Trial(number=2, auc=0.75, values={"hidden_units": [8, 4]})]
    for run_id, verdict in [("run1", "released"), ("run2", "blocked")]:
        (tmp_path / run_id).mkdir()
        summary = Summary(run_id=run_id, verdict=verdict, reasons=[], model_version=7)
        summary.trials = trials if run_id == "run1" else []
        (tmp_path / run_id / "summary.json").write_text(summary.model_dump_json())
    (tmp_path / "latest").symlink_to("run1")
    return str(tmp_path)


def test_the_next_command_is_about_the_same_pipeline_and_shows_no_password():
    options = argparse.Namespace(
        config=Path("my pipeline.yaml"),
        overrides=["name=b", "model.kind=linear", "release.approval=manual"],
        work_dir=Path("work"),
    )
    options.overrides += ["release.model_dir=/models", "metadata.mysql=mysql://a:b@c/d"]
    assert same_pipeline(options) == [
        *("-c", "my pipeline.yaml"),
        *("--set", "name=b"),
        *("--set", "release.model_dir=/models"),
        *("--set", "metadata.mysql=mysql://a:***@c/d"),
        *("--work-dir", "work"),
    ]
    plain = argparse.Namespace(config="a.yaml", overrides=[], work_dir=None)
    assert same_pipeline(plain) == ["-c", "a.yaml"]


def test_report_shows_the_latest_run_or_the_named_one(config, work_dir, capsys):
    options = ["-c", config, "--work-dir", work_dir]
    assert cli.main(["report", *options]) == 0
    assert "Run run1: released as version 7" in capsys.readouterr().out

    assert cli.main(["report", "run2", *options]) == 0
    assert "Run run2: blocked" in capsys.readouterr().out


def test_a_run_without_a_report_has_no_text(config, work_dir, capsys):
    assert cli.main(["report", "-c", config, "--work-dir", work_dir, "--text"]) == 2
    assert "no report" in capsys.readouterr().err


def test_a_closed_pipe_ends_the_command(config, work_dir):
    """As `ctr report | head -0`."""
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-m", "ctr.cli", "report", "-c", config]
    ended = subprocess.run(
        [*words, "--work-dir", work_dir],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)

    assert (ended.returncode, ended.stderr) == (141, "")


def test_a_run_that_waits_says_where_the_decision_is(config, work_dir, capsys):
    path = Path(work_dir, "run1", "summary.json")
    summary = json.loads(path.read_text())
    path.write_text(json.dumps({**summary, "verdict": "awaiting_approval"}))
    options = ["-c", config, "--work-dir", work_dir]
    assert cli.main(["report", *options]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert f"ctr release list {shlex.join(options)}" in last


def test_report_as_json(config, work_dir, capsys):
    assert cli.main(["report", "-c", config, "--work-dir", work_dir, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)

    assert (report["run_id"], report["verdict"]) == ("run1", "released")


def test_two_runs_are_shown_side_by_side(config, work_dir, capsys):
    command = ["report", "-c", config, "--work-dir", work_dir, "run1", "run2"]
    assert cli.main(command) == 0
    text = capsys.readouterr().out
    assert "Before: run1: released as version 7" in text
    assert "Now:    run2: blocked" in text

    assert cli.main([*command, "--json"]) == 0
    comparison = json.loads(capsys.readouterr().out)
    assert [comparison[side]["run_id"] for side in ("before", "now")] == [
        "run1",
        "run2",
    ]


def test_report_opens_the_page_in_a_browser(config, work_dir, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    page = Path(work_dir, "run1", "report.html")
    page.write_text("<!doctype html>")

    assert cli.main(["report", "-c", config, "--work-dir", work_dir, "--open"]) == 0
    assert opened == [page.as_uri()]
    assert capsys.readouterr().out == f"{page}\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["run2", "--open"], "no page"),
        (["run1", "--open"], "no browser"),
        (["run1", "run2", "--open"], "one run"),
        (["run1", "run2", "run1"], "got 3 runs"),
        (["run9"], "no complete run"),
        (["run1", "run9"], "no complete run"),
    ],
)
def test_a_report_that_cannot_be_shown_is_2(
    config, work_dir, capsys, monkeypatch, options, words
):
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    Path(work_dir, "run1", "report.html").write_text("<!doctype html>")

    assert cli.main(["report", "-c", config, "--work-dir", work_dir, *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_trials_are_a_table_and_a_plot(config, work_dir, capsys):
    assert cli.main(["trials", "-c", config, "--work-dir", work_dir]) == 0
    text = capsys.readouterr().out

    assert "[8, 4]" in text
    assert "0.7500" in text
    assert f"Plot:   {work_dir}/latest/trials.html" in text


def test_trials_as_json(config, work_dir, capsys):
    assert cli.main(["trials", "-c", config, "--work-dir", work_dir, "--json"]) == 0
    values = {"hidden_units": [8, 4]}
    assert json.loads(capsys.readouterr().out) == [
        {"number": 2, "auc": 0.75, "log_loss": None, "values": values, "epochs": None}
    ]


def test_trials_of_a_run_without_any_are_2(config, work_dir, capsys):
    assert cli.main(["trials", "run2", "-c", config, "--work-dir", work_dir]) == 2
    assert "no trials" in capsys.readouterr().err
