"""Signatures of a model, which check and convert the inputs of a request."""

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
# Signatures that Predict accepts.
METHODS = (PREDICT, CLASSIFY, REGRESS)

_ANY = -1


@dataclass(frozen=True)
class Endpoint:
    """An input or output of a signature.

    Attributes:
      tensor: Name of the tensor in the graph; empty for a composite tensor.
      dtype: A `types_pb2.DataType`.
      shape: Dimensions, -1 for any size; None for any rank.
    """

    tensor: str
    dtype: int
    shape: tuple[int, ...] | None

    @classmethod
    def of(cls, info: meta_graph_pb2.TensorInfo) -> Endpoint:
        """Converts a TensorInfo."""
        shape = info.tensor_shape
        sizes = None if shape.unknown_rank else tuple(dim.size for dim in shape.dim)
        return cls(info.name, info.dtype, sizes)

    def allows(self, shape: tuple[int, ...]) -> bool:
        """Returns True if a tensor may have the shape."""
        return self.shape is None or (
            len(shape) == len(self.shape)
            and all(a in (_ANY, b) for a, b in zip(self.shape, shape, strict=True))
        )


@dataclass(frozen=True)
class Signature:
    """A signature of a SavedModel.

    Attributes:
      method: Method name, such as `tensorflow/serving/predict`.
      inputs: Inputs by alias, sorted.
      outputs: Outputs by alias, sorted.
    """

    name: str
    method: str
    inputs: Mapping[str, Endpoint]
    outputs: Mapping[str, Endpoint]

    @classmethod
    def of(cls, name: str, definition: meta_graph_pb2.SignatureDef) -> Signature:
        """Converts a SignatureDef."""
        inputs, outputs = definition.inputs, definition.outputs
        return cls(
            name,
            definition.method_name,
            {alias: Endpoint.of(inputs[alias]) for alias in sorted(inputs)},
            {alias: Endpoint.of(outputs[alias]) for alias in sorted(outputs)},
        )

    @cached_property
    def feeds(self) -> tuple[str, ...]:
        """Names of the tensors of all inputs."""
        return tuple(endpoint.tensor for endpoint in self.inputs.values())

    @cached_property
    def aliases(self) -> tuple[str, ...]:
        """Aliases of all outputs."""
        return tuple(self.outputs)

    @cached_property
    def fetches(self) -> tuple[str, ...]:
        """Names of the tensors of all outputs."""
        return tuple(endpoint.tensor for endpoint in self.outputs.values())

    def arrays(self, request: Tensors, max_bytes: int) -> list[Array]:
        """Returns the inputs of a request, in the order of `inputs`.

        Args:
          max_bytes: Maximum size of an array; see `decode`.

        Raises:
          StatusError: The request does not match the signature.
        """
        if len(request) != len(self.inputs) or any(
            alias not in request for alias in self.inputs
        ):
            raise self._mismatch(request)
        return [
            _array(alias, endpoint, request[alias], max_bytes)
            for alias, endpoint in self.inputs.items()
        ]

    def filtered(self, names: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
        """Returns the aliases and tensors of an output filter; all if it is empty.

        Raises:
          StatusError: An output is unknown or listed twice.
        """
        if not names:
            return self.aliases, self.fetches
        aliases = tuple(names)
        for alias in aliases:
            if alias not in self.outputs:
                raise invalid_argument(
                    f"output tensor alias not found in signature: {alias} Outputs "
                    f"expected to be in the set {{{_listed(self.outputs)}}}."
                )
            if aliases.count(alias) > 1:
                raise invalid_argument(f"duplicate output tensor alias: {alias}")
        return aliases, tuple(self.outputs[alias].tensor for alias in aliases)

    def _mismatch(self, request: Tensors) -> StatusError:
        extra = set(request) - set(self.inputs)
        missing = set(self.inputs) - set(request)
        return invalid_argument(
            f"input size does not match signature: {len(request)}!={len(self.inputs)} "
            f"len({{{_listed(request)}}}) != len({{{_listed(self.inputs)}}}). "
            f"Sent extra: {{{_listed(extra)}}}. "
            f"Missing but required: {{{_listed(missing)}}}."
        )


def _array(
    alias: str, endpoint: Endpoint, proto: tensor_pb2.TensorProto, max_bytes: int
) -> Array:
    if proto.dtype != endpoint.dtype:
        raise invalid_argument(
            f"Expects arg[{alias}] to be {type_name(endpoint.dtype)} but "
            f"{type_name(proto.dtype)} is provided"
        )
    array = decode(alias, proto, max_bytes)
    # TensorFlow Serving leaves this check to the model's operations, some of which
    # abort the process for another rank.
    if not endpoint.allows(array.shape):
        raise invalid_argument(
            f"Expects arg[{alias}] to have shape {list(endpoint.shape or ())}, "
            f"where -1 is any size, but {list(array.shape)} is provided"
        )
    return array


def _listed(names: Iterable[str]) -> str:
    return ",".join(sorted(names))
