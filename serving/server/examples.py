"""Answers requests of examples: Classify, Regress and MultiInference.

They were made for estimators: a signature takes serialised tf.Examples by the one input
`inputs`, and gives `classes` and `scores`, or `outputs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import grpc
import numpy as np
from tensorflow_serving.apis import (
    classification_pb2,
    inference_pb2,
    input_pb2,
    model_pb2,
    regression_pb2,
)

from serving.server.codec import Array
from serving.server.servable import DEFAULT_SIGNATURE, Servable
from serving.server.signature import CLASSIFY, REGRESS, Signature
from serving.server.status import StatusError, failed_precondition, invalid_argument

_INPUT = "inputs"
_CLASSES = "classes"
_SCORES = "scores"
_VALUES = "outputs"


def classify(
    servable: Servable,
    request: classification_pb2.ClassificationRequest,
    deadline: float,
) -> classification_pb2.ClassificationResponse:
    """Classes and scores of examples.

    Args:
      servable: Who is asked.
      request: What is asked.
      deadline: When nobody waits for the answer any more, by the monotonic clock.

    Raises:
      StatusError: There is no answer.
    """
    task = _single_task(servable, request.model_spec, CLASSIFY)
    answer = _ask(servable, [task], request.input, deadline)
    response = classification_pb2.ClassificationResponse()
    _write_spec(response.model_spec, request.model_spec, servable)
    _write_classes(task, answer, response.result)
    return response


def regress(
    servable: Servable, request: regression_pb2.RegressionRequest, deadline: float
) -> regression_pb2.RegressionResponse:
    """A value for each example.

    Args:
      servable: Who is asked.
      request: What is asked.
      deadline: When nobody waits for the answer any more, by the monotonic clock.

    Raises:
      StatusError: There is no answer.
    """
    task = _single_task(servable, request.model_spec, REGRESS)
    answer = _ask(servable, [task], request.input, deadline)
    response = regression_pb2.RegressionResponse()
    _write_spec(response.model_spec, request.model_spec, servable)
    _write_values(task, answer, response.result)
    return response


def infer(
    servable: Servable, request: inference_pb2.MultiInferenceRequest, deadline: float
) -> inference_pb2.MultiInferenceResponse:
    """Answers of several signatures for the same examples, computed at once.

    Args:
      servable: Who is asked.
      request: What is asked.
      deadline: When nobody waits for the answer any more, by the monotonic clock.

    Raises:
      StatusError: There is no answer.
    """
    tasks = [_part(servable, task, request) for task in request.tasks]
    names = [task.signature.name for task in tasks]
    for name in names:
        if names.count(name) > 1:
            raise invalid_argument(f"Duplicate evaluation of signature: {name}")
    if len({task.feed for task in tasks}) > 1:
        raise invalid_argument("Input tensor must be the same for all Signatures.")
    answer = _ask(servable, tasks, request.input, deadline)
    response = inference_pb2.MultiInferenceResponse()
    for asked, task in zip(request.tasks, tasks, strict=True):
        result = response.results.add()
        _write_spec(result.model_spec, asked.model_spec, servable)
        if asked.method_name == CLASSIFY:
            _write_classes(task, answer, result.classification_result)
        else:
            _write_values(task, answer, result.regression_result)
    return response


class _Task(NamedTuple):
    """What a signature is asked for.

    Attributes:
      signature: The signature.
      feed: The tensor that takes the examples.
      fetches: The tensors that are wanted, by alias.
    """

    signature: Signature
    feed: str
    fetches: Mapping[str, str]


class _Answer(NamedTuple):
    """What was computed.

    Attributes:
      size: How many examples were asked about.
      tensors: The tensors by their names in the graph.
    """

    size: int
    tensors: Mapping[str, Array]


def _single_task(servable: Servable, spec: model_pb2.ModelSpec, method: str) -> _Task:
    key = spec.signature_name or DEFAULT_SIGNATURE
    signature = servable.signatures.get(key)
    if signature is None:
        raise invalid_argument(f"No signature was found with the name: {key}")
    return _task(signature, method)


def _part(
    servable: Servable,
    task: inference_pb2.InferenceTask,
    request: inference_pb2.MultiInferenceRequest,
) -> _Task:
    """The task of a signature among others."""
    name = task.model_spec.name
    if not name:
        raise invalid_argument("Found ModelSpec with an empty model name.")
    if name != request.tasks[0].model_spec.name:
        raise invalid_argument(
            "All ModelSpecs in a MultiInferenceRequest must access the same model name."
        )
    key = task.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = servable.signatures.get(key)
    if signature is None:
        raise invalid_argument(f"Requested signature not found in model graph: {key}")
    if task.method_name not in (CLASSIFY, REGRESS):
        raise StatusError(
            grpc.StatusCode.UNIMPLEMENTED,
            f"Unsupported signature method_name: {task.method_name}",
        )
    return _task(signature, task.method_name)


def _task(signature: Signature, method: str) -> _Task:
    kind = "classification" if method == CLASSIFY else "regression"
    if signature.method != method:
        raise invalid_argument(
            f"Expected {kind} signature method_name to be {method}. "
            f"Was: {signature.method}"
        )
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if _INPUT not in signature.inputs:
        raise failed_precondition(f"No {kind} inputs found in {signature.name}")
    known = (_CLASSES, _SCORES) if method == CLASSIFY else (_VALUES,)
    if not 1 <= len(signature.outputs) <= len(known):
        number = "one or two output Tensors" if method == CLASSIFY else "one output"
        raise invalid_argument(f"Expected {number}, found {len(signature.outputs)}")
    fetches = {
        alias: signature.outputs[alias].tensor
        for alias in known
        if alias in signature.outputs
    }
    if not fetches:
        raise failed_precondition(
            f"Expected {kind} signature outputs to contain at least one of "
            f"{', '.join(known)}; {signature.name} has {', '.join(signature.outputs)}"
        )
    return _Task(signature, signature.inputs[_INPUT].tensor, fetches)


def _ask(
    servable: Servable, tasks: list[_Task], examples: input_pb2.Input, deadline: float
) -> _Answer:
    serialized = _serialized(examples)
    array = np.empty(len(serialized), object)
    array[:] = serialized
    fetches = tuple(dict.fromkeys(f for task in tasks for f in task.fetches.values()))
    tensors = servable.run((tasks[0].feed,), [array], fetches, deadline)
    return _Answer(len(array), dict(zip(fetches, tensors, strict=True)))


def _serialized(examples: input_pb2.Input) -> list[bytes]:
    """The examples of a request; one with a context has the context's features too."""
    if examples.WhichOneof("kind") == "example_list_with_context":
        together = examples.example_list_with_context
        # Messages one after another are merged where they are parsed.
        context = together.context.SerializeToString()
        serialized = [context + each.SerializeToString() for each in together.examples]
    else:
        serialized = [
            each.SerializeToString() for each in examples.example_list.examples
        ]
    if not serialized:
        raise invalid_argument("Input is empty.")
    return serialized


def _write_spec(
    to: model_pb2.ModelSpec, asked: model_pb2.ModelSpec, servable: Servable
) -> None:
    to.name = asked.name
    to.version.value = servable.version
    to.signature_name = asked.signature_name or DEFAULT_SIGNATURE


def _write_classes(
    task: _Task, answer: _Answer, result: classification_pb2.ClassificationResult
) -> None:
    columns = {}
    for alias, dtype in ((_CLASSES, np.object_), (_SCORES, np.float32)):
        if alias in task.fetches:
            column = answer.tensors[task.fetches[alias]]
            _check(alias, column, dtype, answer.size)
            if column.ndim != 2:
                raise invalid_argument(
                    "Expected Tensor shape: [batch_size num_classes] but got "
                    f"{list(column.shape)}"
                )
            columns[alias] = column
    if len({column.shape for column in columns.values()}) > 1:
        raise invalid_argument("Tensors class and score should match in dim_size(1).")
    for row in range(answer.size):
        classes = result.classifications.add().classes
        for place in range(next(iter(columns.values())).shape[1]):
            each = classes.add()
            if _CLASSES in columns:
                each.label = columns[_CLASSES][row, place].decode(errors="replace")
            if _SCORES in columns:
                each.score = columns[_SCORES][row, place]


def _write_values(
    task: _Task, answer: _Answer, result: regression_pb2.RegressionResult
) -> None:
    values = answer.tensors[task.fetches[_VALUES]]
    _check(_VALUES, values, np.float32, answer.size)
    if values.shape not in ((answer.size,), (answer.size, 1)):
        raise invalid_argument(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] "
            f"but got {list(values.shape)}"
        )
    for value in values.ravel().tolist():
        result.regressions.add().value = value


def _check(alias: str, array: Array, dtype: type[np.generic], count: int) -> None:
    if array.dtype != dtype:
        raise invalid_argument(
            f"Expected {alias} Tensor of {np.dtype(dtype)}. Got: {array.dtype}"
        )
    if array.shape[:1] != (count,):
        raise invalid_argument(
            f"Expected {alias} output batch size of {count}. "
            f"Got: {list(array.shape[:1])}"
        )
