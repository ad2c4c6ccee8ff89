"""`ctr predict`: from a file to a file of probabilities, by way of a server."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ctr.cli import main

NAMES = ("device", "tags", "user", "age", "price")


@pytest.fixture
def predict(served: Any, tmp_path: Path) -> Callable[..., int]:
    def run(path: Path, *options: str) -> int:
        return main(
            [
                "predict",
                "--server",
                served.address,
                "--model",
                "tiny",
                "--input",
                str(path),
                *options,
            ]
        )

    return run


@pytest.fixture
def config(tiny: Any, tmp_path: Path) -> Path:
    """The configuration with a delimiter, and another word for what is missing."""
    from config.load import to_yaml

    config = tiny.config
    features = {
        **config.features,
        "tags": config.features["tags"].model_copy(update={"delimiter": "|"}),
    }
    examples = config.examples.model_copy(update={"missing_values": ("", "?")})
    changed = config.model_copy(update={"features": features, "examples": examples})
    (tmp_path / "pipeline.yaml").write_text(to_yaml(changed))
    return tmp_path / "pipeline.yaml"


def write_csv(path: Path, rows: list[dict[str, Any]], missing: str = "") -> None:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *NAMES])
        for number, row in enumerate(rows):
            values = {**row, "tags": "|".join(row.get("tags") or [])}
            fields = [values.get(name) for name in NAMES]
            writer.writerow(
                [number, *(missing if each in (None, "") else each for each in fields)]
            )


def read_csv(path: Path) -> tuple[list[str], np.ndarray]:
    header, *rows = csv.reader(path.open())
    return header, np.array(rows, float)


@pytest.mark.parametrize("signature", ["tensors", "examples"])
@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
def test_csv_is_read_as_the_config_says(
    predict: Any, served: Any, config: Path, tmp_path: Path, name: str, signature: str
):
    write_csv(tmp_path / name, served.rows, missing="?")
    out = tmp_path / "out.csv"
    options = ["-c", str(config), "--keep", "id", "--output", str(out)]
    assert predict(tmp_path / name, *options, "--signature", signature) == 0
    header, found = read_csv(out)
    assert header == ["id", "probability"]
    assert found[:, 0].tolist() == list(range(len(served.rows)))
    np.testing.assert_allclose(found[:, 1], served.probabilities, rtol=1e-5)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [name, "out.csv", "pipeline.yaml"]
    )


def test_json_lines(predict: Any, served: Any, tmp_path: Path):
    lines = [json.dumps({**row, "id": f"r{n}"}) for n, row in enumerate(served.rows)]
    (tmp_path / "rows.jsonl").write_text("\n\n".join(lines))
    out = tmp_path / "out.jsonl"
    assert predict(tmp_path / "rows.jsonl", "--keep", "id", "--output", str(out)) == 0
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["id"] for row in found] == [f"r{n}" for n in range(len(served.rows))]
    np.testing.assert_allclose(
        [row["probability"] for row in found], served.probabilities, rtol=1e-5
    )


def test_parquet_to_standard_output(
    predict: Any, served: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    rows = [{name: row.get(name) for name in NAMES} for row in served.rows]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    assert predict(tmp_path / "rows.parquet", "--batch-size", "8") == 0
    header, *found = capsys.readouterr().out.splitlines()
    assert header == "probability"
    np.testing.assert_allclose(np.array(found, float), served.probabilities, rtol=1e-5)


@pytest.mark.parametrize("end", ["\n", ""])
def test_header_alone_gives_a_header(predict: Any, tmp_path: Path, end: str):
    (tmp_path / "rows.csv").write_text(f"device,tags,user,age,price{end}")
    assert predict(tmp_path / "rows.csv", "--output", str(tmp_path / "out.csv")) == 0
    assert (tmp_path / "out.csv").read_text() == "probability\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "rows.csv",
            "device,tags,user,age,price,click\na,,u,1,2,0\n",
            "'click': no feature of the model, which takes age, device, price, tags, "
            "user; remove or rename it, hand it on by --keep, or",
        ),
        (
            "rows.csv",
            "device,user,age,price\na,u,1,2\n",
            "columns: 'tags' is not there",
        ),
        (
            "rows.csv",
            "device,tags,user,age,price\na,,u,1,2\na,,u,old,2\n",
            "line 3: column 'age': expected a number, got 'old'",
        ),
        ("rows.csv", "", "the file is empty"),
        ("rows.jsonl", '{"age": 1}\n{"age": "x"}\n', "row 2: feature 'age': expected"),
        ("rows.jsonl", '{"age": 1}\n{"age": \n', "line 2: not JSON"),
        ("rows.jsonl", "[1]\n", "line 1: expected an object"),
        ("rows.jsonl", '{"click": 1}\n', "'click': no feature of the model"),
        (
            "rows.csv",
            "device,tags,user,age,price\na,,u,1\n",
            "expected 5 fields, got 4",
        ),
        ("rows.csv", "age,age\n1,2\n", "two columns are named 'age'"),
        ("rows.csv.gz", "age\n1\n", "columns: "),
        ("rows.parquet", "PAR1", "cannot be read"),
        ("rows.txt", "", "allowed: .csv, .csv.gz, .jsonl, .jsonl.gz, .parquet"),
    ],
)
def test_wrong_files_are_one_line(
    predict: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    text: str,
    message: str,
):
    (tmp_path / name).write_text(text)
    out = tmp_path / "out.csv"
    assert predict(tmp_path / name, "--output", str(out)) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {tmp_path / name}: ")
    assert message in error
    assert len(error.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--model", "other"], 1, "model 'other': the server does not have it"),
        (["--server", "127.0.0.1:1"], 1, "127.0.0.1:1: model 'tiny': no server"),
        (["--server", "127.9.9.9"], 1, "127.9.9.9:8500: model 'tiny': no server"),
        (["--server", "http://a:8501"], 2, "got 'http://a:8501'; allowed: HOST:PORT"),
        (["--output", "out.txt"], 2, "out.txt: got '.txt'; allowed: .csv or .jsonl"),
        (
            ["--keep", "id", "--output", "no/p.csv"],
            2,
            "no/p.csv: cannot be written (No",
        ),
        (["--keep", "ids"], 2, "no column 'ids' to keep; the file has id, device"),
        (["--ca", "no.pem"], 2, "no.pem: cannot be read"),
        (["--cert", "no.pem"], 2, "give the client's certificate and its key"),
        (["--batch-size", "0"], 2, "batch_size: got 0; allowed: 1 or more"),
    ],
)
def test_wrong_use_is_one_line(
    predict: Any,
    served: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    status: int,
    message: str,
):
    write_csv(tmp_path / "rows.csv", served.rows)
    assert predict(tmp_path / "rows.csv", *options) == status
    out, error = capsys.readouterr()
    assert out == ""
    assert message in error
    assert len(error.splitlines()) == 1


def test_file_that_is_not_there(
    predict: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "no.csv"
    assert predict(path) == 2
    said = capsys.readouterr().err
    assert said == f"error: {path}: cannot be read: No such file or directory\n"


def test_a_folder_is_no_file(
    predict: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert predict(tmp_path) == 2
    said = capsys.readouterr().err
    assert said == f"error: {tmp_path}: got a folder; give a file in it\n"


@pytest.mark.parametrize("before", [0, 5_000])
def test_text_that_is_not_utf8(
    predict: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], before: int
):
    path = tmp_path / "rows.csv"
    rows = b"a,,u,1,2\n" * before + b"\xe9,,u,1,2\n"
    path.write_bytes(b"device,tags,user,age,price\n" + rows)
    assert predict(path) == 2
    assert "the text is not UTF-8" in capsys.readouterr().err


def test_model_must_be_named(
    served: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    arguments = ["predict", "--server", served.address, "--input", "rows.csv"]
    assert main(arguments) == 2
    assert "which model? name it by --model" in capsys.readouterr().err


_MEASURED = """
import sys
from ctr.cli import main
status = main(sys.argv[1:])
(peak,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak.split()[1], file=sys.stderr)
sys.exit(status)
"""


def test_memory_does_not_grow_with_the_file(served: Any, tmp_path: Path):
    peaks = []
    for count in (20_000, 300_000):
        path = tmp_path / f"{count}.csv"
        lines = [f"{n},phone,,u{n:060d},31,2.5\n" for n in range(count)]
        path.write_text("id,device,tags,user,age,price\n" + "".join(lines))
        command = ["predict", "--server", served.address, "--model", "tiny"]
        command += ["--input", str(path), "--keep", "id"]
        command += ["--output", str(tmp_path / "out.csv")]
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, *command],
            capture_output=True,
            text=True,
            check=True,
        )
        said, peak = done.stderr.splitlines()
        assert said.endswith(f"{count} predictions")
        peaks.append(int(peak))
    # In Python objects, the rows of the larger file would have 150 MB.
    assert peaks[1] - peaks[0] < 45_000, peaks
