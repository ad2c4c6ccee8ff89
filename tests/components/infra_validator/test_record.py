"""The record of the answers of a server."""

from __future__ import annotations

from components.infra_validator.record import Answers, InfraRecord

FAST = Answers(differing=0, largest_difference=1e-7, p50_ms=0.5, p99_ms=1.25)
NAN = Answers(differing=2, largest_difference=None, p50_ms=0.5, p99_ms=2.5)


def test_a_record_is_read_as_it_was_written(tmp_path):
    record = InfraRecord(
        server="it", rows=3, load_seconds=2.5, answers={"a": FAST, "b": NAN}
    )
    record.write(str(tmp_path))
    assert InfraRecord.read(str(tmp_path)) == record
    (line,) = record.in_words()
    for words in ("passed: infra: it ", "3 rows", "1.2 ms by a", "2.5 ms by b"):
        assert words in line
