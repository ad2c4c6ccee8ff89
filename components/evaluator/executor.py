"""Evaluates by TFMA, applies the gates and blesses."""

from __future__ import annotations

import heapq
import logging
import os
from collections.abc import Mapping
from typing import Any

import tensorflow_model_analysis as tfma
from tfx import types
from tfx.components.evaluator import constants
from tfx.components.util import tfxio_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from components.evaluator.absent_slices import (
    absent_slices,
    check_found,
    read_found,
    write_found,
)
from components.evaluator.baseline import baseline_problem
from components.evaluator.curves import Curves, SliceCurves
from components.evaluator.eval_config import BASELINE, CANDIDATE, eval_config
from components.evaluator.extractors import extractors
from components.evaluator.gates import apply_gates
from components.evaluator.gauc import gauc_evaluator
from components.evaluator.models import model_loader
from components.evaluator.record import Metrics
from components.evaluator.results import Result, evaluation_of, load_results
from components.evaluator.slices import OVERALL_NAME
from components.shared.artifacts import Artifacts, Properties
from config.examples import EVAL, TRAIN
from config.parts import EvaluatorPart

_log = logging.getLogger(__name__)

# Examples scored at a time; always the same, since blocks depend on it.
_BATCH = 1000
# Slices with curves; a table of figures is what there is of the others.
_MOST_CURVES = 50


class EvaluatorExecutor(base_beam_executor.BaseBeamExecutor):
    """Evaluates the candidate and the baseline on the same examples in one go."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Properties
    ) -> None:
        """Evaluates the models and writes metrics, outcomes and the blessing.

        Raises:
          ConfigError: A gate names a slice that occurs nowhere in the examples.
        """
        part = EvaluatorPart.model_validate_json(exec_properties["part"])
        models = {CANDIDATE: artifact_utils.get_single_instance(input_dict["model"])}
        if input_dict.get("baseline_model"):
            baseline_model = artifact_utils.get_single_instance(
                input_dict["baseline_model"]
            )
            models[BASELINE] = baseline_model
        problem = baseline_problem(
            {name: _saved_model(model) for name, model in models.items()}
        )
        if problem is not None:
            del models[BASELINE]
        output = artifact_utils.get_single_uri(output_dict["evaluation"])
        self._evaluate(input_dict, models, part, output)
        results = load_results(output, models)
        evaluation = evaluation_of(results, problem)
        self._check_slices(input_dict, part, evaluation.candidate)
        evaluation.gates = apply_gates(part.gates, evaluation, part.on_baseline_problem)
        evaluation.write(output)
        _curves(results).write(output)
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        _write_blessing(blessing, models, evaluation.passed)
        overall = evaluation.candidate[OVERALL_NAME]
        auc, log_loss = (_in_words(overall[name]) for name in ("auc", "log_loss"))
        _log.info("AUC %s, log loss %s", auc, log_loss)

    def _evaluate(
        self,
        input_dict: Artifacts,
        models: dict[str, types.Artifact],
        part: EvaluatorPart,
        output: str,
    ) -> None:
        config = eval_config(part, has_baseline=BASELINE in models)
        shared = [
            tfma.default_eval_shared_model(
                eval_saved_model_path=_saved_model(model),
                model_name=name,
                eval_config=config,
                custom_model_loader=model_loader(_saved_model(model)),
            )
            for name, model in models.items()
        ]
        evaluators = tfma.default_evaluators(shared, config)
        if part.group_by is not None:
            evaluators.append(gauc_evaluator(list(models)))
        source = _examples_source(input_dict, EVAL)
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Read" >> source.BeamSource(_BATCH)
                | "Evaluate"
                >> tfma.ExtractEvaluateAndWriteResults(
                    eval_shared_model=shared,
                    eval_config=config,
                    extractors=extractors(
                        config,
                        shared,
                        source.TensorRepresentations(),
                        part.group_by,
                        part.thresholds,
                    ),
                    evaluators=evaluators,
                    output_path=output,
                )
            )

    def _check_slices(
        self, input_dict: Artifacts, part: EvaluatorPart, metrics: Metrics
    ) -> None:
        """Looks in the training split for slices of gates that were not measured."""
        absent = absent_slices(part.gates, metrics)
        if not absent:
            return
        path = os.path.join(self._get_tmp_dir(), "slices")
        source = _examples_source(input_dict, TRAIN)
        with self._make_beam_pipeline() as pipeline:
            batches = pipeline | "Read" >> source.BeamSource()
            write_found(batches, absent.values(), path)
        with fileio.open(path) as lines:
            check_found(absent, read_found(lines), metrics)


def _in_words(figure: float | None) -> str:
    return "undefined" if figure is None else f"{figure:.4f}"


def _examples_source(input_dict: Artifacts, split: str) -> Any:
    """A split, as TFMA reads it."""
    schema_uri = artifact_utils.get_single_uri(input_dict["schema"])
    schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(schema_uri))
    split_uri = artifact_utils.get_split_uri(input_dict["examples"], split)
    factory = tfxio_utils.get_tfxio_factory_from_artifact(
        examples=input_dict["examples"],
        telemetry_descriptors=["Evaluator"],
        schema=schema,
        raw_record_column_name=tfma.constants.ARROW_INPUT_COLUMN,
    )
    return factory(io_utils.all_files_pattern(split_uri))


def _saved_model(model: types.Artifact) -> str:
    return path_utils.serving_model_path(model.uri)


def _curves(results: Mapping[str, Result]) -> Curves:
    """The curves of the largest slices."""
    candidate, baseline = results[CANDIDATE], results.get(BASELINE, {})
    drawn = [name for name, result in candidate.items() if result.curve is not None]
    largest = heapq.nlargest(
        _MOST_CURVES, drawn, key=lambda name: candidate[name].metrics["examples"]
    )
    return Curves(
        {
            name: SliceCurves(
                candidate=candidate[name].curve,
                baseline=baseline[name].curve if name in baseline else None,
            )
            for name in largest
        }
    )


def _write_blessing(
    blessing: types.Artifact, models: dict[str, types.Artifact], blessed: bool
) -> None:
    """Writes it as TFX's Evaluator does (tfx/components/evaluator/executor.py)."""
    name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
    io_utils.write_string_file(os.path.join(blessing.uri, name), "")
    blessing.set_int_custom_property(
        constants.ARTIFACT_PROPERTY_BLESSED_KEY,
        constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE,
    )
    blessing.set_string_custom_property(
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, models[CANDIDATE].uri
    )
    blessing.set_int_custom_property(
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, models[CANDIDATE].id
    )
