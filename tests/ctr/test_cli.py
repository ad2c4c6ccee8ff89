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

COMMANDS = [
    "simulate",
    "init",
    "config",
    "run",
    "report",
    "release",
    "serve",
    "predict",
    "trials",
    "neighbors",
]
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
HELP = """
import sys
from ctr.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    status = ended.code
print("\\n" + " ".join(sys.modules))
sys.exit(status)
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


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_needs_no_heavy_package(command):
    ended = subprocess.run(
        [sys.executable, "-c", HELP, *command, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    *words, modules = ended.stdout.splitlines()

    assert (ended.returncode, ended.stderr) == (0, "")
    assert words[0].startswith(" ".join(["usage: ctr", *command]))
    assert HEAVY & {name.partition(".")[0] for name in modules.split()} == set()


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out

    words = [line.split()[0] for line in text.splitlines() if line.startswith("    ")]
    assert set(COMMANDS) <= set(words)


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
    ("command", "texts"),
    [
        ("init", ["by default pipeline.yaml"]),
        (
            "simulate",
            ["by default 200000", "by default 8", "by default 1", "by default csv"],
        ),
        ("config", ["the configuration, in YAML"]),
    ],
)
def test_help_says_what_holds_by_default(capsys, command, texts):
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    help_text = " ".join(capsys.readouterr().out.split())

    for text in texts:
        assert text in help_text


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
    ("error", "status", "line"),
    [
        (errors.ConfigError("x.yaml: bad"), 2, "error: x.yaml: bad"),
        (errors.InputError("a.csv: bad"), 2, "error: a.csv: bad"),
        (errors.GateError("auc too low"), 3, "error: auc too low"),
        (errors.WorkDirError("runs: in use"), 1, "error: runs: in use"),
        (errors.RunError("Trainer failed"), 1, "error: Trainer failed"),
        (
            RuntimeError("Traceback:\nconfig.errors.InputError: b.csv: bad"),
            2,
            "error: b.csv: bad",
        ),
        (ValueError("what"), 1, "error: ValueError: what (--debug shows where)"),
        (ValueError("a\nb"), 1, "error: ValueError: b (--debug shows where)"),
        (ValueError(), 1, "error: ValueError:  (--debug shows where)"),
        (
            KeyboardInterrupt(),
            130,
            "interrupted; run the same command to go on",
        ),
    ],
)
def test_an_error_is_one_line_and_a_status(fail, capsys, error, status, line):
    assert cli.main(fail(error)) == status
    captured = capsys.readouterr()
    assert captured.err == line + "\n"
    assert captured.out == ""


@pytest.mark.parametrize("error", [errors.ConfigError("bad"), ValueError("what")])
def test_debug_shows_where(fail, error):
    with pytest.raises(type(error)) as caught:
        cli.main(["--debug", *fail(error)])

    assert caught.value is error


def test_an_interruption_is_no_bug(fail):
    assert cli.main(["--debug", *fail(KeyboardInterrupt())]) == 130


def test_a_valid_config_is_told_and_shown(config, capsys):
    assert cli.main(["config", "validate", "-c", config]) == 0
    assert capsys.readouterr().out == f"{config}: valid\n"

    assert cli.main(["config", "show", "-c", config, "--set", "training.epochs=3"]) == 0
    text = capsys.readouterr().out
    assert "epochs: 3" in text
    assert "batch_size:" in text


def test_a_config_that_is_missing_is_2(tmp_path, capsys):
    assert cli.main(["run", "-c", str(tmp_path / "no.yaml")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_work_directory_in_use_is_1(config, tmp_path, capsys):
    from pipeline.workdir import WorkDir

    with WorkDir(tmp_path / "work").lock():
        arguments = ["run", "-c", config, "--work-dir", str(tmp_path / "work")]
        assert cli.main(arguments) == 1
    captured = capsys.readouterr()
    assert "another run" in captured.err
    assert len(captured.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("file", "out", "message"),
    [
        ("a.csv", "pipeline.yaml", "exists; remove it or choose another by --out"),
        ("no.csv", "pipeline.yaml", "no.csv: there is no such file"),
        ("a.csv", "no/b.yaml", "no/b.yaml: there is no folder "),
    ],
)
def test_init_needs_files_and_does_not_overwrite(
    config, tmp_path, capsys, file, out, message
):
    (tmp_path / "a.csv").write_text("x,click\n1,0\n2,1\n")
    before = Path(config).read_text()
    options = ["--label", "click", "--out", str(tmp_path / out)]

    assert cli.main(["init", str(tmp_path / file), *options]) == 2
    assert message in capsys.readouterr().err
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


def test_the_next_command_is_about_the_same_pipeline():
    options = argparse.Namespace(
        config=Path("my pipeline.yaml"),
        overrides=["name=b", "model.kind=linear", "release.approval=manual"],
        work_dir=Path("work"),
    )
    options.overrides += ["release.model_dir=/models", "metadata.mysql=mysql://a/b"]
    assert same_pipeline(options) == [
        *("-c", "my pipeline.yaml"),
        *("--set", "name=b"),
        *("--set", "release.model_dir=/models"),
        *("--set", "metadata.mysql=mysql://a/b"),
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
    assert "run has left no report; make one by: ctr run" in capsys.readouterr().err


def test_nobody_reads_on(config, work_dir):
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


def test_what_was_decided_since_is_in_the_list(config, work_dir, capsys):
    path = Path(work_dir, "run1", "summary.json")
    summary = json.loads(path.read_text())
    path.write_text(json.dumps({**summary, "verdict": "awaiting_approval"}))
    options = ["-c", config, "--work-dir", work_dir]
    assert cli.main(["report", *options]) == 0
    assert capsys.readouterr().out.endswith(
        f"Since:  ctr release list {shlex.join(options)}   (what was decided)\n"
    )


def test_report_as_json(config, work_dir, capsys):
    assert cli.main(["report", "-c", config, "--work-dir", work_dir, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)

    assert (report["run_id"], report["verdict"]) == ("run1", "released")


def test_a_report_that_does_not_exist_is_2(config, work_dir, capsys):
    assert cli.main(["report", "run9", "-c", config, "--work-dir", work_dir]) == 2
    assert "no complete run" in capsys.readouterr().err


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
        (["run2", "--open"], "left no page"),
        (["run1", "--open"], "found no browser; open"),
        (["run1", "run2", "--open"], "a page is of one run"),
        (["run1", "run2", "run1"], "got 3 runs; name one, or two to compare them"),
        (["run1", "run9"], "no complete run"),
    ],
)
def test_a_report_that_cannot_be_shown_is_2(
    config, work_dir, capsys, monkeypatch, options, words
):
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    Path(work_dir, "run1", "report.html").write_text("<!doctype html>")

    assert cli.main(["report", "-c", config, "--work-dir", work_dir, *options]) == 2
    line = capsys.readouterr().err
    assert words in line
    assert len(line.splitlines()) == 1


def test_trials_as_table_and_where_the_plot_is(config, work_dir, capsys):
    assert cli.main(["trials", "-c", config, "--work-dir", work_dir]) == 0
    text = capsys.readouterr().out

    assert "[8, 4]" in text
    assert "0.7500" in text
    assert f"Plot:   {work_dir}/latest/trials.html" in text


def test_trials_as_json(config, work_dir, capsys):
    assert cli.main(["trials", "-c", config, "--work-dir", work_dir, "--json"]) == 0
    values = {"hidden_units": [8, 4]}
    assert json.loads(capsys.readouterr().out) == [
        {"number": 2, "auc": 0.75, "log_loss": None, "values": values}
    ]


def test_trials_of_a_run_without_any_are_2(config, work_dir, capsys):
    assert cli.main(["trials", "run2", "-c", config, "--work-dir", work_dir]) == 2
    assert "no trials" in capsys.readouterr().err
