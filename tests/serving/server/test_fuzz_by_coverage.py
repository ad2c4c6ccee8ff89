"""A short session of the fuzzer; `fuzz.py` says how to have a long one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FUZZER = Path(__file__).with_name("fuzz.py")
SECONDS = 8


@pytest.fixture
def corpus(tmp_path, predict_request_of):
    """Requests to begin with; the first byte says where they are sent."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    raw = predict_request_of(price=[1.0, 2.0], name=[b"a", b""], tags=[[b"x"], [b""]])
    seeds = {
        "tensors": b"\0" + raw.SerializeToString(),
        "metadata": b"\4" + raw.SerializeToString(),
        "instances": b"\6" + b'{"instances": [{"price": 1, "name": "a", "tags": []}]}',
    }
    for name, content in seeds.items():
        (folder / name).write_bytes(content)
    return folder


def test_the_fuzzer_finds_no_answer_beyond_the_contract(tmp_path, base_path, corpus):
    pytest.importorskip("atheris", reason="it has no wheel for Python 3.10")
    limits = [f"-max_total_time={SECONDS}", "-rss_limit_mb=8192", "-timeout=60"]

    fuzzed = subprocess.run(
        [sys.executable, FUZZER, base_path, corpus, *limits],
        cwd=tmp_path,  # what it finds is written there
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=False,
    )

    assert fuzzed.returncode == 0, fuzzed.stderr[-4000:]
    done = re.search(r"Done (\d+) runs", fuzzed.stderr)
    assert done, fuzzed.stderr[-4000:]
    assert int(done[1]) > 100
