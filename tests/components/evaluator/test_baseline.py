"""Baselines that cannot be measured on the examples."""

from __future__ import annotations

import shutil

import pytest
import tensorflow as tf

from components.evaluator.baseline import baseline_problem


def problem(candidate, baseline):
    return baseline_problem({"candidate": str(candidate), "baseline": str(baseline)})


@pytest.fixture
def save(tmp_path):
    """Saves a model that takes named tensors and examples."""

    def _save(inputs, output="probability", name="model"):
        class Module(tf.Module):
            @tf.function
            def predict(self, **raw):
                first = next(iter(raw.values()))
                return {output: tf.zeros(tf.shape(first)[0])}

            @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
            def serve(self, examples):
                return {output: tf.zeros(tf.shape(examples)[0])}

        module = Module()
        specs = {key: tf.TensorSpec(*spec, name=key) for key, spec in inputs.items()}
        signatures = {
            "predict": module.predict.get_concrete_function(**specs),
            "serving_default": module.serve,
        }
        tf.saved_model.save(module, str(tmp_path / name), signatures)
        return tmp_path / name

    return _save


NUMBER, TEXT, TEXTS = (
    ([None], tf.float32),
    ([None], tf.string),
    ([None, None], tf.string),
)


@pytest.fixture
def candidate(save):
    return save({"age": NUMBER, "city": TEXT}, name="candidate")


def test_without_a_baseline_there_is_no_problem(candidate):
    assert baseline_problem({"candidate": str(candidate)}) is None


@pytest.mark.parametrize(
    ("inputs", "lacking"),
    [
        ({"age": NUMBER, "city": TEXT}, None),
        ({"age": NUMBER}, None),
        ({"age": NUMBER, "town": TEXT, "zip": TEXT}, "'town', 'zip'"),
        ({"age": TEXT}, "'age'"),
        ({"city": TEXTS}, "'city'"),
    ],
)
def test_the_examples_must_have_what_the_baseline_needs(
    candidate, save, inputs, lacking
):
    found = problem(candidate, save(inputs))

    assert (found is None) == (lacking is None)
    assert (lacking or "") in (found or "")


def test_a_baseline_with_other_signatures_or_outputs_is_a_problem(
    candidate, save, tmp_path
):
    tf.saved_model.save(tf.Module(), str(tmp_path / "bare"))

    found = problem(candidate, save({"age": NUMBER}, output="score"))
    assert "'probability'" in found
    assert "'predict'" in problem(candidate, tmp_path / "bare")


@pytest.mark.parametrize("damage", ["gone", "garbled", "no variables"])
def test_a_baseline_that_does_not_load_is_one_line(
    candidate, tiny_models, tmp_path, damage
):
    broken = tmp_path / "broken"
    shutil.copytree(tiny_models("wide_deep").saved_model, broken)
    if damage == "gone":
        shutil.rmtree(broken)
    elif damage == "garbled":
        (broken / "saved_model.pb").write_bytes(b"no model")
    else:
        shutil.rmtree(broken / "variables")

    assert len(problem(candidate, broken).splitlines()) == 1
