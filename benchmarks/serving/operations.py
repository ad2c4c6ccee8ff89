"""Operations of TensorFlow in a request of the model of `make demo`, and their time.

Operations are those that TensorFlow runs for one row after its own optimization of the
graph, functions inlined as in the embedded server. Constants are counted apart: they
compute nothing. Times are of the embedded server's session, without gRPC; of several
models in turn, so that what else the machine does hits them alike.

    python -m benchmarks.serving.operations [--beside SAVED_MODEL]
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any, get_args

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from benchmarks import command_line
from benchmarks.serving.subjects import Subject, demo
from config.errors import InputError
from config.serving import Serving
from serving.client import Client
from serving.client.features import Signature
from serving.local_server import LocalServer
from serving.server.session import ModelSession

_START_SECONDS = 120.0
# What is there for the session alone.
_NO_OPERATIONS = ("_Arg", "_Retval", "NoOp")
_CONSTANT = "Const"
_SIZES = (1, 100, 1000)
_ROUNDS = 9
_REQUESTS = 50


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--beside", type=Path, nargs="*", default=[], metavar="SAVED_MODEL",
        help="another model with the same inputs",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    subject = demo()
    if subject is None:
        raise InputError("no model of the demo; run `make demo` first")
    requests = _requests(subject)
    models = {"the demo's": subject.version} | {
        str(each): each for each in options.beside
    }
    counts = {
        f"{name}, {signature}": _operations(model, some[1][0])
        for signature, some in requests.items()
        for name, model in models.items()
    }
    times = _times(models, requests)
    command_line.show(
        "Operations of a request, and microseconds by its rows",
        ("model, signature", "operations", "constants", *map("{:,}".format, _SIZES)),
        [_row(key, counts[key], times[key]) for key in counts],
    )
    command_line.write(options.out, {"operations": counts, "microseconds": times})


# Requests of a signature by their number of rows.
Requests = Mapping[str, Mapping[int, Sequence[predict_pb2.PredictRequest]]]


def _requests(subject: Subject) -> Requests:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = stack.enter_context(
            LocalServer(Serving(), subject.name, subject.base_path, Path(folder))
        )
        server.wait_until_available(_START_SECONDS)
        client = stack.enter_context(Client(server.address, subject.name))
        return {
            signature: {
                size: [
                    predict_pb2.PredictRequest.FromString(each)
                    for each in subject.requests(client, signature, size)[:_REQUESTS]
                ]
                for size in _SIZES
            }
            for signature in get_args(Signature)
        }


def _times(models: Mapping[str, Path], requests: Requests) -> dict[str, list[float]]:
    """Median microseconds of a request by model and signature, for each size."""
    sessions = {
        name: ModelSession("model", 1, str(model)) for name, model in models.items()
    }
    times: dict[str, list[float]] = {}
    for signature, by_size in requests.items():
        for some in by_size.values():
            # The first round warms up.
            rounds = [
                {name: _time(each, some) for name, each in sessions.items()}
                for _ in range(_ROUNDS + 1)
            ][1:]
            for name in sessions:
                microseconds = median(each[name] for each in rounds)
                times.setdefault(f"{name}, {signature}", []).append(microseconds)
    return times


def _time(
    session: ModelSession, requests: Sequence[predict_pb2.PredictRequest]
) -> float:
    """Microseconds of a request in the graph."""
    signature = session.signature(requests[0].model_spec.signature_name)
    _, fetches = signature.filtered([])
    inputs = [signature.arrays(each.inputs, sys.maxsize) for each in requests]
    began = time.perf_counter()
    for arrays in inputs:
        session.run(signature.feeds, arrays, fetches, math.inf)
    return (time.perf_counter() - began) / len(inputs) * 1e6


def _operations(model: Path, request: predict_pb2.PredictRequest) -> Counter[str]:
    tensors = {key: tf.make_ndarray(each) for key, each in request.inputs.items()}
    return operations(model, request.model_spec.signature_name, tensors)


def operations(
    saved_model: Path, signature: str, tensors: Mapping[str, Any]
) -> Counter[str]:
    """Numbers of the operations that a request runs, by their kind.

    Args:
      saved_model: The exported model.
      signature: Name of the signature.
      tensors: Inputs by alias.
    """
    options = tf.compat.v1.RunOptions(
        trace_level=tf.compat.v1.RunOptions.FULL_TRACE, output_partition_graphs=True
    )
    metadata = tf.compat.v1.RunMetadata()
    inlined = tf.compat.v1.ConfigProto()
    inlined.graph_options.optimizer_options.do_function_inlining = True
    with tf.Graph().as_default(), tf.compat.v1.Session(config=inlined) as session:
        graph = tf.compat.v1.saved_model.load(
            session, [tf.saved_model.SERVING], str(saved_model)
        )
        definition = graph.signature_def[signature]
        feed = {definition.inputs[key].name: tensors[key] for key in tensors}
        fetches = [each.name for each in definition.outputs.values()]
        session.run(fetches, feed, options, metadata)
    kinds = {
        node.name: node.op for part in metadata.partition_graphs for node in part.node
    }
    ran = (
        kinds[stats.node_name]
        for device in metadata.step_stats.dev_stats
        for stats in device.node_stats
        if stats.node_name in kinds
    )
    return Counter(kind for kind in ran if kind not in _NO_OPERATIONS)


def _row(key: str, count: Counter[str], times: Sequence[float]) -> tuple[str, ...]:
    constants = count[_CONSTANT]
    others = count.total() - constants
    return key, str(others), str(constants), *(f"{each:,.0f}" for each in times)


if __name__ == "__main__":
    main()
