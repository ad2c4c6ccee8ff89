"""`ctr predict`: from a file to a file of probabilities, by way of a server."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest

from ctr.cli import main

NAMES = ("device", "tags", "user", "age", "price", "history")
LISTS = ("tags", "history")
HEADER = ",".join(NAMES) + "\n"


@pytest.fixture
def predict(served, ctr_predict):
    return lambda *arguments: ctr_predict(served.address, *arguments)


@pytest.fixture
def config(tiny, tmp_path):
    """The configuration with a delimiter, and another word for what is missing."""
    from config.load import to_yaml

    config = tiny.config
    features = {
        **config.features,
        "tags": config.features["tags"].model_copy(update={"delimiter": "|"}),
        "history": config.features["history"].model_copy(update={"delimiter": "|"}),
    }
    examples = config.examples.model_copy(update={"missing_values": ("", "?")})
    changed = config.model_copy(update={"features": features, "examples": examples})
    (tmp_path / "pipeline.yaml").write_text(to_yaml(changed))
    return tmp_path / "pipeline.yaml"


def write_csv(path, rows, missing=""):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *NAMES])
        for number, row in enumerate(rows):
            lists = {name: "|".join(row.get(name) or []) for name in LISTS}
            values = {**row, **lists}
            fields = [values.get(name) for name in NAMES]
            writer.writerow(
                [number, *(missing if each in (None, "") else each for each in fields)]
            )


def read_csv(path):
    header, *rows = csv.reader(path.open())
    return header, np.array(rows, float)


@pytest.mark.parametrize(
    ("name", "signature"), [("rows.csv", "tensors"), ("rows.csv.gz", "examples")]
)
def test_csv_is_read_as_the_config_says(
    predict, served, config, tmp_path, name, signature
):
    write_csv(tmp_path / name, served.rows, missing="?")
    out = tmp_path / "out.csv"
    options = ["-c", str(config), "--keep", "id", "--output", str(out)]
    assert predict(tmp_path / name, *options, "--signature", signature) == 0
    header, found = read_csv(out)
    assert header == ["id", "probability"]
    assert found[:, 0].tolist() == list(range(len(served.rows)))
    np.testing.assert_allclose(found[:, 1], served.probabilities, rtol=0, atol=1e-5)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [name, "out.csv", "pipeline.yaml"]
    )


def test_json_lines(predict, served, tmp_path):
    lines = [json.dumps({**row, "id": f"r{n}"}) for n, row in enumerate(served.rows)]
    (tmp_path / "rows.jsonl").write_text("\n\n".join(lines))
    out = tmp_path / "out.jsonl"
    assert predict(tmp_path / "rows.jsonl", "--keep", "id", "--output", str(out)) == 0
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["id"] for row in found] == [f"r{n}" for n in range(len(served.rows))]
    np.testing.assert_allclose(
        [row["probability"] for row in found], served.probabilities, rtol=0, atol=1e-5
    )


def test_parquet_to_standard_output(predict, served, tmp_path, capsys):
    pq.write_table(served.table, tmp_path / "rows.parquet")
    assert predict(tmp_path / "rows.parquet", "--batch-size", "8") == 0
    header, *found = capsys.readouterr().out.splitlines()
    assert header == "probability"
    np.testing.assert_allclose(
        np.array(found, float), served.probabilities, rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("header", [HEADER, HEADER.strip()])
def test_a_header_alone_has_no_predictions(predict, tmp_path, header):
    (tmp_path / "rows.csv").write_text(header)
    assert predict(tmp_path / "rows.csv", "--output", str(tmp_path / "out.csv")) == 0
    assert (tmp_path / "out.csv").read_text() == "probability\n"


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        (
            "rows.csv",
            "device,tags,user,age,price,history,click\na,,u,1,2,,0\n",
            ["'click'", "age, device, history, price, tags, user", "--keep"],
        ),
        ("rows.csv", "device,user,age,price,history\na,u,1,2,\n", ["'tags'"]),
        ("rows.csv", f"{HEADER}a,,u,1,2,\na,,u,old,2,\n", ["line 3", "'age'", "'old'"]),
        ("rows.csv", f"{HEADER}a,,u,1\n", ["6", "4"]),
        ("rows.csv", "age,age\n1,2\n", ["'age'"]),
        ("rows.csv", "", []),
        ("rows.csv", HEADER.encode() + b"\xe9,,u,1,2,\n", ["UTF-8"]),
        (
            "rows.csv",
            HEADER.encode() + b"a,,u,1,2,\n" * 5_000 + b"\xe9,,u,1,2,\n",
            ["UTF-8"],
        ),
        ("rows.jsonl", '{"age": 1}\n{"age": "x"}\n', ["row 2", "'age'"]),
        ("rows.jsonl", '{"age": 1}\n{"age": \n', ["line 2", "JSON"]),
        ("rows.jsonl", "[1]\n", ["line 1"]),
        ("rows.jsonl", '{"click": 1}\n', ["'click'"]),
        ("rows.csv.gz", "age\n1\n", []),
        ("rows.parquet", "PAR1", []),
        ("rows.txt", "", [".csv, .csv.gz, .jsonl, .jsonl.gz, .parquet"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_file_that_cannot_be_read_is_named(
    predict, rejected, tmp_path, name, text, named
):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())

    error = rejected(predict(path, "--output", str(tmp_path / "out.csv")))
    assert [word for word in (str(path), *named) if word not in error] == []
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("options", "status", "named"),
    [
        (["--model", "other"], 1, "'other'"),
        (["--server", "127.0.0.1:1"], 1, "127.0.0.1:1: "),
        (["--server", "http://a:8501"], 2, "'http://a:8501'"),
        (["--output", "out.txt"], 2, "'.txt'"),
        (["--keep", "id", "--output", "no/p.csv"], 2, "no/p.csv: "),
        (["--keep", "ids"], 2, "'ids'"),
        (["--ca", "no.pem"], 2, "no.pem: "),
        (["--cert", "no.pem"], 2, "key"),
        (["--batch-size", "0"], 2, "batch_size: got 0"),
    ],
)
def test_wrong_use_is_an_error(
    predict, rejected, served, tmp_path, options, status, named
):
    write_csv(tmp_path / "rows.csv", served.rows)
    found = predict(tmp_path / "rows.csv", *options)
    assert found == status
    assert named in rejected(found)


@pytest.mark.parametrize("name", ["no.csv", ""])
def test_a_path_that_is_no_file_is_named(predict, rejected, tmp_path, name):
    assert f"{tmp_path / name}: " in rejected(predict(tmp_path / name))


def test_a_model_must_be_named(served, rejected):
    arguments = ["predict", "--server", served.address, "--input", "rows.csv"]
    assert "--model" in rejected(main(arguments))


_MEASURED = """
import sys
from ctr.cli import main
status = main(sys.argv[1:])
(peak,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak.split()[1], file=sys.stderr)
sys.exit(status)
"""


def test_memory_does_not_grow_with_the_file(served, tmp_path):
    peaks = []
    for count in (3_000, 60_000):
        path = tmp_path / f"{count}.csv"
        lines = [f"{n},phone,,u{n:01000d},31,2.5,\n" for n in range(count)]
        path.write_text(f"id,{HEADER}" + "".join(lines))
        command = ["predict", "--server", served.address, "--model", "tiny"]
        command += ["--input", str(path), "--keep", "id"]
        command += ["--output", str(tmp_path / "out.csv")]
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, *command],
            capture_output=True,
            text=True,
            check=True,
        )
        *_, peak = done.stderr.split()
        assert len((tmp_path / "out.csv").read_text().splitlines()) == 1 + count
        peaks.append(int(peak))
    # KiB; the text of the larger file alone has 60 MB.
    assert peaks[1] - peaks[0] < 30_000, peaks
