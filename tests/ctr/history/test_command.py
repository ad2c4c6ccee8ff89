"""`ctr history`, as a user runs it."""

from __future__ import annotations

import json

from ctr import cli

LOG = "user,ad,at,click\nann,x,1,1\nbob,y,1,1\nann,y,2,0\n"
NAMES = ["--user", "user", "--item", "ad", "--time", "at", "--label", "click"]


def test_a_file_with_its_histories(tmp_path, capsys):
    path, out = tmp_path / "log.csv", tmp_path / "out"
    path.write_text(LOG)
    assert cli.main(["history", str(path), *NAMES, "--out", str(out), "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["files"] == [str(out / "log.csv")]
    assert (told["rows"], told["clicks"], told["users"]) == (3, 2, 2)
    assert (out / "log.csv").read_text().splitlines()[-1] == "ann,y,2,0,x"
    assert (out / "users.csv").read_text().splitlines()[1:] == ["ann,x", "bob,y"]


def test_wrong_use_is_one_line(tmp_path, capsys):
    missing = str(tmp_path / "no.csv")
    out = ["--out", str(tmp_path / "out")]
    for more, word in (
        ([], missing),
        (["--max-length", "0"], "--max-length"),
        (["--greater-than", "nan"], "--greater-than"),
        (["--delimiter", ""], "--delimiter"),
    ):
        assert cli.main(["history", missing, *NAMES, *out, *more]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert word in line
