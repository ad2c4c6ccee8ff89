"""`ctr bench serving`: the measurements, and how they are printed."""

from __future__ import annotations

import io
import json
import shutil

import pytest
from rich.console import Console

from config.load import to_yaml
from ctr import cli
from ctr.commands.bench import figures_table
from serving.load_test.figures import Figures

ROWS = """\
device,tags,user,age,price,history
phone,x,u1,31,2.5,tablet
tablet,,u2,44,7,
"""


@pytest.fixture
def ctr(tiny, tiny_models, tmp_path, capsys):
    """Runs `ctr bench serving` for a model that is released."""
    models = tmp_path / "models"
    shutil.copytree(tiny_models("wide_deep").saved_model, models / "7")
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


def test_each_kind_of_requests_is_measured(ctr):
    sizes = ["--batch-size", "1", "3", "--seconds", "0.2"]
    status, out, err = ctr(*sizes, "--json")

    assert status == 0, err
    result = json.loads(out)
    assert result["version"] == 7
    kinds = [(each["signature"], each["batch_size"]) for each in result["figures"]]
    assert sorted(kinds) == [(s, n) for s in ("examples", "tensors") for n in (1, 3)]
    # The progress names each of them, before and after it.
    for signature, size in kinds:
        lines = [line for line in err.splitlines() if line.startswith(signature)]
        assert sum(f"size {size}" in line for line in lines) == 2


@pytest.mark.parametrize(
    ("option", "number"),
    [("--batch-size", "0"), ("--seconds", "0"), ("--senders", "0")],
)
def test_numbers_out_of_range_are_rejected(ctr, option, number):
    status, _, err = ctr(option, number)

    assert status == 2
    assert f"{option.removeprefix('--').replace('-', ' ')}: got {number}" in err


def test_figures_fit_into_80_columns(golden):
    figures = Figures(
        "examples", 1000, 12_345.6, 6_172.8, 0.126, 99.9, 1302.9, 12_345.6, {}
    )
    page = io.StringIO()
    Console(file=page, width=80).print(figures_table([figures]))
    lines = [line.rstrip() for line in page.getvalue().splitlines()]
    golden("bench_serving.txt", "\n".join(lines))
