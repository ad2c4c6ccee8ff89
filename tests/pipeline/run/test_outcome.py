"""Why a candidate passed or not: what failed comes first."""

from __future__ import annotations

import pytest
from tfx.types import standard_artifacts

from components.evaluator.record import Evaluation
from components.infra_validator.record import InfraRecord
from components.release_gate.decision import Decision
from pipeline.run.outcome import _decided, _reasons
from serving.releases.records import ReleaseRecord

EVALUATION = Evaluation(passed=True, gates=[], candidate={})
OF_THE_GATES = [
    "no gate is configured, so nothing was required of the model",
    "no baseline: no other model was released to compare with",
]


@pytest.fixture
def outputs(tmp_path):
    def _outputs(**record):
        InfraRecord(server="it", rows=3, **record).write(str(tmp_path))
        blessing = standard_artifacts.InfraBlessing()
        blessing.uri = str(tmp_path)
        return {"InfraValidator": {"infra_blessing": [blessing]}}

    return _outputs


def test_a_candidate_need_not_be_tried_on_a_server():
    assert _reasons(EVALUATION, {}) == OF_THE_GATES


def test_why_a_server_refused_it_comes_before_the_gates(outputs):
    refused = outputs(reasons=("it is too slow", "it is wrong"))
    assert _reasons(EVALUATION, refused) == [
        "failed: infra: it is too slow",
        "failed: infra: it is wrong",
        *OF_THE_GATES,
    ]


def test_that_a_server_answers_as_it_should_comes_after_them(outputs):
    *gates, infra = _reasons(EVALUATION, outputs())
    assert gates == OF_THE_GATES
    assert infra.startswith("passed: infra: it answers 3 rows")


@pytest.mark.parametrize(
    ("status", "fields", "note", "said"),
    [
        ("released", {}, "", []),
        ("awaiting_approval", {}, "", []),
        ("awaiting_approval", {"takes_rollback": True}, "", ["so"]),
        # What failed is told by the gates themselves.
        ("blocked", {"takes_rollback": True}, "", []),
        ("rejected", {"is_by_person": True}, "", ["so"]),
        ("released", {}, "it was rolled back", ["it was rolled back"]),
    ],
)
def test_what_decided_besides_the_gates_is_told(status, fields, note, said):
    record = ReleaseRecord(status=status, digest="abc", note=note)
    assert _decided(Decision(status=status, reason="so", **fields), record) == said
