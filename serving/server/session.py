"""A version of a model in a session of TensorFlow."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import grpc
import tensorflow as tf
from tensorflow.core.framework import graph_pb2
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2

# The implementation of `tf.compat.v1.saved_model.load`, to change the graph first.
from tensorflow.python.saved_model.loader_impl import SavedModelLoader
from tensorflow_serving.apis import predict_pb2

from serving.server.codec import Array, encode
from serving.server.signature import METHODS, Signature
from serving.server.status import (
    StatusError,
    code_of,
    deadline_exceeded,
    failed_precondition,
    invalid_argument,
)

DEFAULT_SIGNATURE = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY

# Maximum number of cached callables; clients can request any set of outputs.
_MAX_CALLABLES = 64

# Operations that call a function.
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")

# The empty name is that of the general executor.
_FAST_EXECUTOR = "SINGLE_THREADED_EXECUTOR"
_ANY_EXECUTOR = ""

Call = Callable[..., Sequence[Array]]
# Computes tensors: names and values of the fed tensors, names of the fetched tensors,
# deadline in monotonic seconds.
Run = Callable[[Sequence[str], Sequence[Array], Sequence[str], float], Sequence[Array]]


class ModelSession:
    """A SavedModel in a session of TensorFlow, as in TensorFlow Serving.

    A callable of the session takes half the time of `Session.run`, and a third of the
    time of a signature of `tf.saved_model.load`.

    Args:
      path: Directory of the SavedModel.
      max_bytes: Maximum size of an input whose message may be shorter, since the last
        element fills missing ones. Defaults to no limit.
      batching: Wraps `compute` to batch requests. Defaults to no batching.

    Attributes:
      definitions: SignatureDefs of the SavedModel by name.
      signatures: Signatures by name.
      run: Computes tensors of the graph with `compute`, possibly in batches.
    """

    def __init__(
        self,
        name: str,
        version: int,
        path: str,
        max_bytes: int = sys.maxsize,
        batching: Callable[[Run], Run] = lambda compute: compute,
    ):
        self.name = name
        self.version = version
        self._max_bytes = max_bytes
        self._callables: dict[tuple[Sequence[str], Sequence[str]], Call] = {}
        try:
            self._open(path, _configuration(_FAST_EXECUTOR))
        except tf.errors.OpError:
            # The fast one does not support loops and conditions of TensorFlow 1.
            self._open(path, _configuration(_ANY_EXECUTOR))
        self.run: Run = batching(self.compute)
        self._idle = threading.Condition()
        self._users = 0
        self._closing = False

    def _open(self, path: str, configuration: tf.compat.v1.ConfigProto) -> None:
        """Loads the model, and prepares the callables of all signatures."""
        self._session = tf.compat.v1.Session(graph=tf.Graph(), config=configuration)
        self.definitions = self._load(path)
        self.signatures = {
            name: Signature.of(name, definition)
            for name, definition in self.definitions.items()
        }
        self._callables.clear()
        for signature in self.signatures.values():
            if signature.method and all((*signature.feeds, *signature.fetches)):
                # Otherwise the first request would wait.
                self._callable(signature.feeds, signature.fetches)

    def _load(self, path: str) -> Mapping[str, meta_graph_pb2.SignatureDef]:
        loader = SavedModelLoader(os.fspath(path))
        for each in loader.saved_model.meta_graphs:
            _defer_shape_inference(each.graph_def)
        meta_graph = loader.load(self._session, [tf.saved_model.SERVING])
        # A copy without the graph, which may be large.
        definitions = meta_graph_pb2.MetaGraphDef()
        for name, definition in meta_graph.signature_def.items():
            definitions.signature_def[name].CopyFrom(definition)
        return definitions.signature_def

    def predict(
        self, request: predict_pb2.PredictRequest, deadline: float
    ) -> predict_pb2.PredictResponse:
        """Computes the outputs of a signature.

        Args:
          deadline: Deadline of the request, monotonic seconds.

        Raises:
          StatusError: The request does not match the signature, or the model failed.
        """
        signature = self.signature(request.model_spec.signature_name)
        if signature.method not in METHODS:
            raise StatusError(
                grpc.StatusCode.INTERNAL,
                "Expected prediction signature method_name to be one of "
                f"{{{', '.join(METHODS)}}}. Was: {signature.method}",
            )
        arrays = signature.arrays(request.inputs, self._max_bytes)
        aliases, fetches = signature.filtered(request.output_filter)
        outputs = self.run(signature.feeds, arrays, fetches, deadline)
        response = predict_pb2.PredictResponse()
        spec = response.model_spec
        spec.name = request.model_spec.name
        spec.version.value = self.version
        spec.signature_name = signature.name
        for alias, output in zip(aliases, outputs, strict=True):
            encode(output, response.outputs[alias])
        return response

    def signature(self, name: str) -> Signature:
        """Returns a signature; the default one for an empty name.

        Raises:
          StatusError: The signature is unknown.
        """
        key = name or DEFAULT_SIGNATURE
        signature = self.signatures.get(key)
        if signature is None:
            raise failed_precondition(f'Serving signature key "{key}" not found.')
        return signature

    def compute(
        self,
        feeds: Sequence[str],
        arrays: Sequence[Array],
        fetches: Sequence[str],
        deadline: float,
    ) -> Sequence[Array]:
        """Computes tensors of the graph.

        Args:
          feeds: Names of the fed tensors; a tuple.
          fetches: Names of the fetched tensors; a tuple.
          deadline: Deadline of the request, monotonic seconds.

        Raises:
          StatusError: The model failed, or the deadline has passed.
        """
        if time.monotonic() >= deadline:
            raise deadline_exceeded()
        try:
            return self._callable(feeds, fetches)(*arrays)
        except tf.errors.OpError as error:
            raise StatusError(code_of(error.error_code), error.message) from error
        except UnicodeDecodeError as error:
            # The error message quotes bytes of the request.
            message = error.object.decode(errors="replace")
            raise invalid_argument(message) from error

    def _callable(self, feeds: Sequence[str], fetches: Sequence[str]) -> Call:
        key = (feeds, fetches)
        call = self._callables.get(key)
        if call is None:
            call = self._make_callable(feeds, fetches)
            if len(self._callables) < _MAX_CALLABLES:
                self._callables[key] = call
        return call

    def _make_callable(self, feeds: Sequence[str], fetches: Sequence[str]) -> Call:
        unique = list(dict.fromkeys(fetches))
        options = config_pb2.CallableOptions(feed=feeds, fetch=unique)
        # The public `make_callable` calls `Session.run` if there are tensors to feed.
        call = self._session._make_callable_from_options(options)
        if len(unique) == len(fetches):
            return call
        indices = [unique.index(fetch) for fetch in fetches]

        def call_and_repeat(*arrays: Array) -> Sequence[Array]:
            outputs = call(*arrays)
            return [outputs[index] for index in indices]

        return call_and_repeat

    def acquire(self) -> bool:
        """Keeps the session open until `release`; returns False if it is closed."""
        with self._idle:
            if self._closing:
                return False
            self._users += 1
            return True

    def release(self) -> None:
        """Reverts one `acquire`."""
        with self._idle:
            self._users -= 1
            if self._closing:
                self._idle.notify_all()

    def close(self) -> None:
        """Waits for the last `release`, and frees the memory."""
        with self._idle:
            self._closing = True
            self._idle.wait_for(lambda: self._users == 0)
        self._callables.clear()
        self._session.close()


def _configuration(executor: str) -> tf.compat.v1.ConfigProto:
    """Returns a configuration that is a third faster than the default one."""
    configuration = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=len(os.sched_getaffinity(0)),
        # Operations run in the thread of the request: most are shorter than a switch
        # of threads.
        inter_op_parallelism_threads=-1,
    )
    configuration.experimental.executor_type = executor
    # A signature is a function call, which would cost each request time, and the first
    # one that of compiling the function.
    configuration.graph_options.optimizer_options.do_function_inlining = True
    return configuration


def _defer_shape_inference(graph: graph_pb2.GraphDef) -> None:
    """Postpones the inference of functions' shapes from import to compilation.

    The import of a graph blocks all other threads; requests to the previous version
    would wait for some hundred milliseconds.
    """
    for node in graph.node:
        if node.op in _CALLS:
            node.attr["_disable_call_shape_inference"].b = True
