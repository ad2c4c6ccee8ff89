"""Operations of TensorFlow in a request of one row of the model of `make demo`.

They are those that TensorFlow runs after its own optimization of the graph, functions
inlined as in the embedded server. Constants are counted apart: they compute nothing.

    python -m benchmarks.serving.operations
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_args

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from benchmarks import command_line
from benchmarks.serving.subjects import demo
from config.errors import InputError
from config.serving import Serving
from serving.client import Client
from serving.client.features import Signature
from serving.local_server import LocalServer

_START_SECONDS = 120.0
# What is there for the session alone.
_NO_OPERATIONS = ("_Arg", "_Retval", "NoOp")
_CONSTANT = "Const"


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the benchmark."""
    options = command_line.parser(__doc__).parse_args(arguments)
    subject = demo()
    if subject is None:
        raise InputError("no model of the demo; run `make demo` first")
    counts: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = stack.enter_context(
            LocalServer(Serving(), subject.name, subject.base_path, Path(folder))
        )
        server.wait_until_available(_START_SECONDS)
        client = stack.enter_context(Client(server.address, subject.name))
        for signature in get_args(Signature):
            serialized, *_ = subject.requests(client, signature, 1)
            request = predict_pb2.PredictRequest.FromString(serialized)
            name = request.model_spec.signature_name
            tensors = {
                alias: tf.make_ndarray(tensor)
                for alias, tensor in request.inputs.items()
            }
            counts[name] = operations(subject.version, name, tensors)
    command_line.show(
        "Operations of a request",
        ("signature", "operations", "constants", "most frequent"),
        [_row(name, count) for name, count in counts.items()],
    )
    command_line.write(options.out, counts)


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


def _row(signature: str, count: Counter[str]) -> tuple[str, ...]:
    constants = count[_CONSTANT]
    others = count.copy()
    del others[_CONSTANT]
    frequent = ", ".join(f"{kind} {number}" for kind, number in others.most_common(3))
    return signature, str(others.total()), str(constants), frequent


if __name__ == "__main__":
    main()
