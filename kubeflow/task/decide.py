"""Container of the pipeline that releases or rejects a candidate.

The pipeline is compiled by kubeflow/compile/decision.py.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from kfp.pipeline_spec import pipeline_spec_pb2

from config.errors import ReleaseError
from config.root import Config
from kubeflow.compile.spec_builder import NOTHING
from kubeflow.task.entrypoint import container_parser, run_container
from kubeflow.task.inputs import check_copies, parameters_of
from kubeflow.task.metadata import connection_of
from kubeflow.task.outputs import import_uri, keep_folder, write_result
from kubeflow.task.paths import local_path, model_dir_of
from pipeline.notifications import Notifier, of_decision
from pipeline.review.decisions import Review

_log = logging.getLogger(__name__)

_DECISIONS = ("approve", "reject")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one step, and returns the exit status."""
    parser = container_parser(__doc__ or "")
    parser.add_argument("--step", choices=("find", "decide"), required=True)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return run_container(_find if options.step == "find" else _decide, options)


def _find(config: Config, executor_input: pipeline_spec_pb2.ExecutorInput) -> None:
    """Outputs the URI of the candidate's model, unless tasks share its files."""
    outputs = executor_input.outputs
    result = pipeline_spec_pb2.ExecutorOutput()
    values = parameters_of(executor_input.inputs)
    _check(values["decision"])
    records = _review(config).history().records
    models = [each.model_uri for each in records if each.run == values["run"]]
    for key in outputs.parameters:
        keep_folder(local_path(outputs.artifacts[NOTHING].artifacts[0].uri))
        uri = import_uri(outputs, models[0] if models else None)
        result.parameter_values[key].string_value = uri
    write_result(outputs, result)


def _decide(config: Config, executor_input: pipeline_spec_pb2.ExecutorInput) -> None:
    values = parameters_of(executor_input.inputs)
    run, by, note = values["run"], values["by"], values["note"]
    check_copies(connection_of(config), executor_input.inputs)
    notifier = Notifier(config.notify)
    review = _review(config)
    if values["decision"] == "reject":
        review.reject(run, by, note)
        _log.info("%s is rejected", run)
        return
    released = review.approve(run, by, note, values["override"], values["rollback"])
    _log.info("%s is released as version %s", run, released.version)
    notifier.notify(of_decision("released", config.name, released))


def _check(decision: str) -> None:
    if decision not in _DECISIONS:
        allowed = ", ".join(_DECISIONS)
        raise ReleaseError(f"decision: got {decision!r}; allowed: {allowed}")


def _review(config: Config) -> Review:
    return Review(
        connection_of(config), config.name, model_dir_of(config), config.release.keep
    )


if __name__ == "__main__":
    sys.exit(main())
