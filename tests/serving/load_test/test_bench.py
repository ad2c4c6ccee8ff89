"""`ctr bench serving`: what it says while it measures, and what it prints."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from pipeline import cli
from pipeline.config.load import to_yaml

ROWS = "device,tags,user,age,price\nphone,x,u1,31,2.5\ntablet,,u2,44,7\n"


@pytest.fixture
def ctr(tiny, tiny_models, tmp_path, capsys):
    """Runs `ctr bench serving` for a model that is released."""
    models = tmp_path / "models"
    shutil.copytree(tiny_models("linear").saved_model, models / "7")
    release = tiny.config.release.model_copy(update={"model_dir": str(models)})
    config = tiny.config.model_copy(update={"release": release})
    (tmp_path / "pipeline.yaml").write_text(to_yaml(config))
    (tmp_path / "rows.csv").write_text(ROWS)
    files = ["-c", str(tmp_path / "pipeline.yaml"), "--work-dir", str(tmp_path / "w")]

    def run(*arguments):
        rows = ["--input", str(tmp_path / "rows.csv")]
        status = cli.main(["bench", "serving", *files, *rows, *arguments])
        return status, *capsys.readouterr()

    return run


def test_each_measurement_is_told_as_it_begins_and_ends(ctr):
    sizes = ["--batch-size", "1", "3", "--swaps", "0", "--seconds", "0.5"]
    status, out, err = ctr(*sizes, "--json")

    assert status == 0, err
    result = json.loads(out)
    assert (result["version"], result["swapped"]) == (7, None)
    kinds = [(each["signature"], each["batch_size"]) for each in result["figures"]]
    assert sorted(kinds) == [(s, n) for s in ("examples", "tensors") for n in (1, 3)]
    told = [re.sub(r"\d+\.\d s$", "S s", line) for line in err.splitlines()]
    steps = [f"Starting {result['server']}"]
    steps += [f"{signature}, batch size {size}" for signature, size in kinds]
    expected = [line for step in steps for line in (f"{step} ...", f"{step}: S s")]
    assert told == expected
