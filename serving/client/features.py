"""Features of a served model, read from its metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from config.errors import InputError, close_to
from config.signatures import PREDICT, PROBABILITY, SERVING_DEFAULT
from serving.client import messages

# Encoding of a batch: serialized tf.Examples, or a tensor per feature.
Signature = Literal["examples", "tensors"]

SIGNATURES: Mapping[Signature, str] = {
    "examples": SERVING_DEFAULT,
    "tensors": PREDICT,
}
METADATA = "signature_def"

# (is_text, many) of each dtype and rank.
_KINDS = {
    (messages.DT_FLOAT, 1): (False, False),
    (messages.DT_STRING, 1): (True, False),
    (messages.DT_STRING, 2): (True, True),
}


@dataclass(frozen=True)
class Feature:
    """A raw feature.

    Attributes:
      is_text: True for texts, False for numbers.
      many: True if an example may have several values.
    """

    name: str
    is_text: bool
    many: bool

    @property
    def expected(self) -> str:
        """Description of its values for error messages."""
        if self.many:
            return "a list of texts"
        return "text" if self.is_text else "a number"


@dataclass(frozen=True)
class ModelFeatures:
    """Raw features by name of one version of a model."""

    version: int
    features: Mapping[str, Feature]

    @classmethod
    def of(cls, response: Any) -> ModelFeatures:
        """Reads the features from a GetModelMetadataResponse.

        The inputs of `predict` describe the features for both signatures: the only
        input of `serving_default` is a serialized tf.Example.

        Raises:
          InputError: The model was not exported by this pipeline.
        """
        map_of = messages.SignatureDefMap.FromString
        signatures = map_of(response.metadata[METADATA].value).signature_def
        model = f"model {response.model_spec.name!r}"
        for name in SIGNATURES.values():
            if name not in signatures or PROBABILITY not in signatures[name].outputs:
                raise InputError(
                    f"{model}: got the signatures "
                    f"{', '.join(sorted(signatures)) or 'none'}; required: {name!r} "
                    f"with the output {PROBABILITY!r}; serve a model that this "
                    "pipeline exported"
                )
        inputs = signatures[PREDICT].inputs
        features = {name: _feature(model, name, inputs[name]) for name in inputs}
        return cls(response.model_spec.version.value, features)

    def check_known(self, names: Iterable[str], where: str) -> None:
        """Checks that features exist.

        Args:
          where: Start of the error message.

        Raises:
          InputError: The model does not have one of the features.
        """
        unknown = [name for name in names if name not in self.features]
        if unknown:
            raise InputError(
                f"{where}: unknown feature {', '.join(map(repr, unknown))}; allowed: "
                f"{', '.join(sorted(self.features))}"
                f"{close_to(unknown[0], self.features)}"
            )


def _feature(model: str, name: str, info: Any) -> Feature:
    rank = len(info.tensor_shape.dim)
    if (info.dtype, rank) not in _KINDS:
        raise InputError(
            f"{model}: feature {name!r}: got TensorFlow's dtype {info.dtype} of rank "
            f"{rank}; allowed: float32 of rank 1, and strings of rank 1 or 2; serve a "
            "model that this pipeline exported"
        )
    is_text, many = _KINDS[info.dtype, rank]
    return Feature(name, is_text, many)
