"""What a model can be asked, and whether a request asks that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import meta_graph_pb2

from serving.server.codec import Array, decode, type_name
from serving.server.status import StatusError, invalid_argument

Tensors = Mapping[str, tensor_pb2.TensorProto]

PREDICT = "tensorflow/serving/predict"
CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"

_ANY = -1


@dataclass(frozen=True)
class Endpoint:
    """An input or output.

    Attributes:
      tensor: What it is in the graph; empty where it is no plain tensor.
      dtype: TensorFlow's number of its type.
      shape: Its dimensions, -1 where any size is allowed; None for any rank.
    """

    tensor: str
    dtype: int
    shape: tuple[int, ...] | None

    @classmethod
    def of(cls, info: meta_graph_pb2.TensorInfo) -> Endpoint:
        """The endpoint that a SavedModel describes."""
        shape = info.tensor_shape
        sizes = None if shape.unknown_rank else tuple(dim.size for dim in shape.dim)
        return cls(info.name, info.dtype, sizes)

    def allows(self, shape: tuple[int, ...]) -> bool:
        """Whether a tensor may have a shape."""
        if self.shape is None:
            return True
        if len(shape) != len(self.shape):
            return False
        for expected, size in zip(self.shape, shape, strict=True):
            if expected not in (_ANY, size):
                return False
        return True


@dataclass(frozen=True)
class Signature:
    """One way to ask a model.

    Attributes:
      name: Its name.
      method: What it is made for, such as `tensorflow/serving/predict`.
      inputs: Its inputs by alias, in the order of the aliases.
      outputs: Its outputs by alias, in the order of the aliases.
      defaults: What inputs are that a request leaves out.
    """

    name: str
    method: str
    inputs: Mapping[str, Endpoint]
    outputs: Mapping[str, Endpoint]
    defaults: Tensors

    @classmethod
    def of(cls, name: str, definition: meta_graph_pb2.SignatureDef) -> Signature:
        """The signature that a SavedModel describes."""
        inputs, outputs = definition.inputs, definition.outputs
        return cls(
            name,
            definition.method_name,
            {alias: Endpoint.of(inputs[alias]) for alias in sorted(inputs)},
            {alias: Endpoint.of(outputs[alias]) for alias in sorted(outputs)},
            dict(definition.defaults),
        )

    @cached_property
    def feeds(self) -> tuple[str, ...]:
        """The tensors of all inputs."""
        return tuple(endpoint.tensor for endpoint in self.inputs.values())

    @cached_property
    def aliases(self) -> tuple[str, ...]:
        """All outputs."""
        return tuple(self.outputs)

    @cached_property
    def fetches(self) -> tuple[str, ...]:
        """The tensors of all outputs."""
        return tuple(endpoint.tensor for endpoint in self.outputs.values())

    def arrays(self, request: Tensors, max_bytes: int) -> list[Array]:
        """What the inputs are in a request, in their order.

        Args:
          request: The tensors of the request, by alias.
          max_bytes: The largest array that a few elements may stand for.

        Raises:
          StatusError: The request is none for this signature.
        """
        if len(request) > len(self.inputs) or (
            len(request) < len(self.inputs) and not self.defaults
        ):
            raise self._size_error(request)
        arrays = [
            self._array(alias, endpoint, request, max_bytes)
            for alias, endpoint in self.inputs.items()
        ]
        if any(alias not in self.inputs for alias in request):
            raise invalid_argument(
                f"Inputs contains invalid name. Expected: {_listed(self.inputs)}, "
                f"request input: {_listed(request)}"
            )
        return arrays

    def chosen(self, wanted: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
        """The outputs that a request wants, and their tensors; by default all.

        Raises:
          StatusError: There is no such output, or it is named twice.
        """
        if not wanted:
            return self.aliases, self.fetches
        aliases = tuple(wanted)
        for alias in aliases:
            if alias not in self.outputs:
                raise invalid_argument(
                    f"output tensor alias not found in signature: {alias} Outputs "
                    f"expected to be in the set {{{_listed(self.outputs)}}}."
                )
            if aliases.count(alias) > 1:
                raise invalid_argument(f"duplicate output tensor alias: {alias}")
        return aliases, tuple(self.outputs[alias].tensor for alias in aliases)

    def _array(
        self, alias: str, endpoint: Endpoint, request: Tensors, max_bytes: int
    ) -> Array:
        # Asking a message's map for a key that it lacks would add the key.
        tensors = request if alias in request else self.defaults
        if alias not in tensors:
            raise invalid_argument(
                f"Signature input alias: {alias}(feed name: {endpoint.tensor}) not "
                "found in request and no default value provided. Inputs expected to "
                f"be in the request {{{_listed(request)}}}, or default input alias "
                f"set: {_listed(self.defaults)}"
            )
        proto = tensors[alias]
        if proto.dtype != endpoint.dtype:
            raise invalid_argument(
                f"Expects arg[{alias}] to be {type_name(endpoint.dtype)} but "
                f"{type_name(proto.dtype)} is provided"
            )
        array = decode(alias, proto, max_bytes)
        # TensorFlow Serving leaves this to the operations of the model; some of them
        # end the process where they are given another rank than they were built for.
        if not endpoint.allows(array.shape):
            raise invalid_argument(
                f"Expects arg[{alias}] to have shape {list(endpoint.shape or ())}, "
                f"where -1 is any size, but {list(array.shape)} is provided"
            )
        return array

    def _size_error(self, request: Tensors) -> StatusError:
        extra = set(request) - set(self.inputs)
        missing = set(self.inputs) - set(request)
        return invalid_argument(
            f"input size does not match signature: {len(request)}!={len(self.inputs)} "
            f"len({{{_listed(request)}}}) != len({{{_listed(self.inputs)}}}). "
            f"Sent extra: {{{_listed(extra)}}}. "
            f"Missing but required: {{{_listed(missing)}}}."
        )


def _listed(names: Iterable[str]) -> str:
    return ",".join(sorted(names))
