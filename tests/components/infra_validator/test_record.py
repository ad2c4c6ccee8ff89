"""What was measured, in words."""

from __future__ import annotations

import math

import numpy as np
import pytest

from components.infra_validator.record import Answers, InfraRecord
from components.infra_validator.validate import _ask, _reasons
from config.release import InfraValidation

FAST = Answers(differing=0, largest_difference=1e-7, p50_ms=0.5, p99_ms=1.25)
NAN = Answers(differing=2, largest_difference=None, p50_ms=0.5, p99_ms=2.5)


def test_it_is_read_as_it_was_written(tmp_path):
    record = InfraRecord(
        server="it", rows=3, load_seconds=2.5, answers={"a": FAST, "b": NAN}
    )
    record.write(str(tmp_path))
    assert InfraRecord.read(str(tmp_path)) == record
    assert record.in_words() == [
        "passed: infra: it answers 3 rows as the model itself does; p99: 1.2 ms by a, "
        "2.5 ms by b"
    ]


@pytest.mark.parametrize(
    ("most", "answers", "reasons"),
    [
        (None, FAST, []),
        (1.25, FAST, []),
        (1.2, FAST, ["a: p99 is 1.25 ms, more than infra_validation.max_p99_ms, 1.2"]),
        (
            None,
            NAN,
            [
                "a: 2 of 9 answers are not what the model itself predicts; some are no "
                "numbers"
            ],
        ),
    ],
)
def test_what_is_wrong_is_said(most, answers, reasons):
    asked = InfraValidation(max_p99_ms=most)
    assert list(_reasons({"a": answers}, asked, 9)) == reasons


class _Echo:
    """Answers a request, which is a list here, with it."""

    def predict(self, request):
        return np.array(request, np.float32)


@pytest.mark.parametrize(
    ("batch", "single", "differing", "largest"),
    [
        ([0.5, 0.25], [0.5, 0.25], 0, 0.0),
        # Each row counts once.
        ([0.5, 0.75], [0.5, 0.75], 1, 0.5),
        ([0.5, 0.25], [0.25, 0.25], 1, 0.25),
        ([math.nan, 0.25], [0.5, 0.25], 1, None),
    ],
)
def test_answers_are_held_against_what_the_model_predicts(
    batch, single, differing, largest
):
    own = np.array([0.5, 0.25], np.float32)
    answers = _ask(_Echo(), [batch], [[each] for each in single], own)

    assert (answers.differing, answers.largest_difference) == (differing, largest)
