"""The command `ctr neighbors`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ctr import cli

NO_TENSORFLOW = """
import sys
from ctr.cli import main
status = main(sys.argv[1:])
sys.exit(status or "tensorflow" in sys.modules)
"""


@pytest.fixture
def arguments(config_file, model_dir):
    models = ["--model-dir", str(model_dir)]
    return ["neighbors", "-c", str(config_file), *models, "--feature", "ad_id"]


def test_a_table_of_similar_terms(arguments, capsys):
    assert cli.main([*arguments, "--value", "a1", "--top", "1"]) == 0
    text = capsys.readouterr().out

    assert "ad_id=a1 (version 10)" in text
    assert "│ a2    │ 0.9701 " in text
    assert "b1" not in text


def test_similar_terms_of_the_newest_version_as_json(arguments, model_dir, capsys):
    assert cli.main([*arguments, "--value", "a1", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)

    assert [neighbor["value"] for neighbor in answer["neighbors"]] == ["a2", "b1", "b2"]
    assert answer["model"] == str(model_dir / "10")


def test_similar_terms_need_no_tensorflow(arguments):
    """Importing it would take ten times as long as the search."""
    command = [sys.executable, "-c", NO_TENSORFLOW, *arguments, "--value", "a1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_last_release_of_the_work_directory_is_asked(
    config_file, model_dir, tmp_path, capsys
):
    released = tmp_path / "work" / "models" / "ads"
    released.parent.mkdir(parents=True)
    model_dir.rename(released)
    options = ["-c", str(config_file), "--work-dir", str(tmp_path / "work")]
    question = ["--feature", "ad_id", "--value", "a1", "--json"]

    assert cli.main(["neighbors", *options, *question]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == str(released / "10")


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (["--value", "a11"], "did you mean"),
        (["--for", "user_id=u1"], "no file matches"),
        (["--value", "a1", "--model-dir", "."], "there is no released model"),
        (["--value", "a1", "--model-dir", "no"], "there is no released model"),
    ],
)
def test_an_error_is_one_line(
    arguments, question, message, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert cli.main([*arguments, *question]) == 2
    error = capsys.readouterr().err

    assert message in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    "question",
    [
        [],
        ["--value", "a1", "--for", "user_id=u1"],
        ["--value", "a1", "--top", "0"],
        ["--value", "a1", "--top", "x"],
    ],
)
def test_wrong_use_is_2(arguments, question):
    with pytest.raises(SystemExit) as ended:
        cli.main([*arguments, *question])

    assert ended.value.code == 2
