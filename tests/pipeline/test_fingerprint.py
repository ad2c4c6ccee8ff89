"""Fingerprints of the code that a component imports."""

from __future__ import annotations

import pytest

from pipeline import fingerprint
from pipeline.fingerprint import code_fingerprint

TRANSFORM = "transform.preprocessing"
TRAINER = "trainer.fit.run"
EVALUATOR = "components.evaluator.executor"


@pytest.fixture
def after_changing(monkeypatch):
    """The fingerprint of a module after another one was changed."""
    read = fingerprint._source

    def _after(changed, module):
        def _changed_source(name):
            return read(name) + (b"# changed" if name == changed else b"")

        with monkeypatch.context() as patch:
            patch.setattr(fingerprint, "_source", _changed_source)
            return code_fingerprint(module)

    return _after


@pytest.mark.parametrize("module", [TRANSFORM, TRAINER, EVALUATOR])
def test_the_same_code_has_the_same_fingerprint(module):
    first = code_fingerprint(module)

    assert code_fingerprint(module) == first
    assert len(first) == 16
    int(first, base=16)


def test_each_module_has_its_own():
    assert len({code_fingerprint(m) for m in (TRANSFORM, TRAINER, EVALUATOR)}) == 3


@pytest.mark.parametrize(
    ("module", "changed"),
    [
        (TRANSFORM, TRANSFORM),
        (TRANSFORM, "transform.numeric"),
        # Imported by what it imports.
        (TRANSFORM, "transform.values"),
        (TRANSFORM, "config.base"),
        (TRAINER, "trainer.models.wide_deep"),
        (TRAINER, "config.columns"),
        (EVALUATOR, "components.evaluator.slices"),
    ],
)
def test_a_change_of_what_a_module_imports_changes_it(after_changing, module, changed):
    assert after_changing(changed, module) != code_fingerprint(module)


@pytest.mark.parametrize(
    ("module", "unrelated"),
    [
        (TRANSFORM, "components.evaluator.gates"),
        (TRANSFORM, "trainer.data.dataset"),
        (TRANSFORM, "ctr.cli"),
        (TRAINER, "transform.numeric"),
        (TRAINER, "components.evaluator.eval_config"),
        (EVALUATOR, "components.pusher.executor"),
        (EVALUATOR, "trainer.layers.wide"),
        # Its name is used in annotations only.
        (TRANSFORM, "config.root"),
        (TRAINER, "config.root"),
        (EVALUATOR, "config.root"),
    ],
)
def test_other_changes_do_not(after_changing, module, unrelated):
    assert after_changing(unrelated, module) == code_fingerprint(module)
