"""A version of a model, loaded."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf
from tensorflow.core.framework import graph_pb2
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2

# What `tf.compat.v1.saved_model.load` is made of; here the graph is changed first.
from tensorflow.python.saved_model.loader_impl import SavedModelLoader

from serving.server.codec import Array
from serving.server.signature import Signature
from serving.server.status import (
    StatusError,
    code_of,
    deadline_exceeded,
    failed_precondition,
    invalid_argument,
)

DEFAULT_SIGNATURE = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY

# A signature has few sets of outputs that are asked for; more are clients at play.
_MOST_CALLABLES = 64

# Operations that call a function.
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")

# The empty name is that of the general one.
_FAST_EXECUTOR = "SINGLE_THREADED_EXECUTOR"
_ANY_EXECUTOR = ""

Call = Callable[..., Sequence[Array]]
# Tensors that are given, what they are, tensors that are wanted, and until when.
Run = Callable[[Sequence[str], Sequence[Array], Sequence[str], float], Sequence[Array]]


class Servable:
    """A SavedModel in a session of TensorFlow's graph runtime.

    As in TensorFlow Serving. A callable of the session takes half the time of
    `Session.run`, and a third of that of a signature of `tf.saved_model.load`.

    Attributes:
      name: Name of the model.
      version: Number of the version.
      definitions: The signatures as the SavedModel has them.
      signatures: The signatures, by name.
      run: Computes tensors of the graph from others, by `compute` or, in batches of
        several requests, by it.
    """

    def __init__(
        self,
        name: str,
        version: int,
        path: str,
        threads: int,
        batching: Callable[[Run], Run] | None = None,
    ):
        """Loads a SavedModel.

        Args:
          name: Name of the model.
          version: Number of the version.
          path: Directory of the SavedModel.
          threads: How many threads an operation may use.
          batching: Makes of `compute` what computes in batches.
        """
        self.name = name
        self.version = version
        self._callables: dict[tuple[Sequence[str], Sequence[str]], Call] = {}
        try:
            self._open(path, _configuration(threads, _FAST_EXECUTOR))
        except tf.errors.OpError:
            # It is not made for graphs with loops or conditions of TensorFlow 1.
            self._open(path, _configuration(threads, _ANY_EXECUTOR))
        self.run: Run = self.compute if batching is None else batching(self.compute)
        self._idle = threading.Condition()
        self._users = 0
        self._closing = False

    def _open(self, path: str, configuration: tf.compat.v1.ConfigProto) -> None:
        """Loads the model, and gets ready for all signatures."""
        self._session = tf.compat.v1.Session(graph=tf.Graph(), config=configuration)
        self.definitions = self._load(path)
        self.signatures = {
            name: Signature.of(name, definition)
            for name, definition in self.definitions.items()
        }
        self._callables.clear()
        for signature in self.signatures.values():
            if signature.method and all((*signature.feeds, *signature.fetches)):
                # Else the first request would wait for that.
                self._callable(signature.feeds, signature.fetches)

    def _load(self, path: str) -> Mapping[str, meta_graph_pb2.SignatureDef]:
        loader = SavedModelLoader(os.fspath(path))
        for each in loader.saved_model.meta_graphs:
            _leave_shapes_open(each.graph_def)
        meta_graph = loader.load(self._session, [tf.saved_model.SERVING])
        # A copy: the rest of the message is the graph, as large as it is.
        definitions = meta_graph_pb2.MetaGraphDef()
        for name, definition in meta_graph.signature_def.items():
            definitions.signature_def[name].CopyFrom(definition)
        return definitions.signature_def

    def signature(self, name: str) -> Signature:
        """The signature of a name; an empty one stands for the default.

        Raises:
          StatusError: There is none.
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
        """Computes tensors of the graph from others.

        Args:
          feeds: Names of the tensors that are given; a tuple.
          arrays: What they are.
          fetches: Names of the tensors that are wanted; a tuple.
          deadline: When nobody waits for the answer any more, by the monotonic clock.

        Raises:
          StatusError: The model cannot compute them, or not in time.
        """
        if time.monotonic() >= deadline:
            raise deadline_exceeded()
        try:
            return self._callable(feeds, fetches)(*arrays)
        except tf.errors.OpError as error:
            raise StatusError(code_of(error.error_code), error.message) from error
        except UnicodeDecodeError as error:
            # The message quotes the bytes that it complains about.
            words = error.object.decode(errors="replace")
            raise invalid_argument(words) from error

    def _callable(self, feeds: Sequence[str], fetches: Sequence[str]) -> Call:
        key = (feeds, fetches)
        call = self._callables.get(key)
        if call is None:
            call = self._make_callable(feeds, fetches)
            if len(self._callables) < _MOST_CALLABLES:
                self._callables[key] = call
        return call

    def _make_callable(self, feeds: Sequence[str], fetches: Sequence[str]) -> Call:
        unique = list(dict.fromkeys(fetches))
        options = config_pb2.CallableOptions(feed=feeds, fetch=unique)
        # The public `make_callable` is `Session.run` where there is something to feed.
        call = self._session._make_callable_from_options(options)
        if len(unique) == len(fetches):
            return call
        places = [unique.index(fetch) for fetch in fetches]

        def call_and_repeat(*arrays: Array) -> Sequence[Array]:
            answers = call(*arrays)
            return [answers[place] for place in places]

        return call_and_repeat

    def acquire(self) -> bool:
        """Keeps the servable open until `release`; False where it is closed."""
        with self._idle:
            if self._closing:
                return False
            self._users += 1
            return True

    def release(self) -> None:
        """Takes an `acquire` back."""
        with self._idle:
            self._users -= 1
            if self._closing:
                self._idle.notify_all()

    def close(self) -> None:
        """Waits until nobody uses the servable, and gives its memory back."""
        with self._idle:
            self._closing = True
            self._idle.wait_for(lambda: self._users == 0)
        self._callables.clear()
        self._session.close()


def _configuration(threads: int, executor: str) -> tf.compat.v1.ConfigProto:
    """A session that takes a third less time than one by default (measured)."""
    configuration = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=threads,
        # Operations run in the thread of the request: handing them to another takes
        # longer than they do.
        inter_op_parallelism_threads=-1,
    )
    configuration.experimental.executor_type = executor
    # A signature is a call of a function. Where it stays one, each request pays for
    # the call, and the first request for compiling the function.
    configuration.graph_options.optimizer_options.do_function_inlining = True
    return configuration


def _leave_shapes_open(graph: graph_pb2.GraphDef) -> None:
    """Has shapes of functions worked out when they are compiled, not imported.

    Importing a graph does that in one go, in which no other thread runs: requests to
    the version before would wait for some hundred milliseconds.
    """
    for node in graph.node:
        if node.op in _CALLS:
            node.attr["_disable_call_shape_inference"].b = True
