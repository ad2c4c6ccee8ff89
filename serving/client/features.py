"""What a model takes and gives, as the server describes it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from config.errors import InputError
from config.signatures import PREDICT, PROBABILITY, SERVING_DEFAULT
from serving.client import messages

# How a batch is sent: as serialised tf.Examples, or as a tensor for each feature.
Signature = Literal["examples", "tensors"]

SIGNATURES: Mapping[Signature, str] = {
    "examples": SERVING_DEFAULT,
    "tensors": PREDICT,
}
METADATA = "signature_def"

# Type and number of dimensions to whether it is text, and may hold several values.
_FORMS = {
    (messages.DT_FLOAT, 1): (False, False),
    (messages.DT_STRING, 1): (True, False),
    (messages.DT_STRING, 2): (True, True),
}


@dataclass(frozen=True)
class Feature:
    """A raw feature.

    Attributes:
      name: Its name.
      is_text: Whether its values are texts; else they are numbers.
      many: Whether an example may hold several values.
    """

    name: str
    is_text: bool
    many: bool

    @property
    def expected(self) -> str:
        """Its values in words."""
        if self.many:
            return "a list of texts"
        return "text" if self.is_text else "a number"


@dataclass(frozen=True)
class ModelFeatures:
    """The raw features of one version of a model.

    Attributes:
      version: The version.
      features: The features by name.
    """

    version: int
    features: Mapping[str, Feature]

    @classmethod
    def of(cls, response: Any) -> ModelFeatures:
        """Reads them from a GetModelMetadataResponse.

        The named tensors of `predict` are the features, also of `serving_default`,
        where a serialised tf.Example hides them.

        Raises:
          InputError: The model is not one that this pipeline exported.
        """
        map_of = messages.SignatureDefMap.FromString
        signatures = map_of(response.metadata[METADATA].value).signature_def
        model = f"model {response.model_spec.name!r}"
        for name in SIGNATURES.values():
            if name not in signatures or PROBABILITY not in signatures[name].outputs:
                raise InputError(
                    f"{model}: it has no signature {name!r} with the output "
                    f"{PROBABILITY!r}, but {', '.join(sorted(signatures)) or 'none'}; "
                    "serve a model that this pipeline exported"
                )
        inputs = signatures[PREDICT].inputs
        features = {name: _feature(model, name, inputs[name]) for name in inputs}
        return cls(response.model_spec.version.value, features)

    def check_known(self, names: Iterable[str], where: str) -> None:
        """Checks that features exist.

        Raises:
          InputError: One does not; the message says where, and what is allowed.
        """
        unknown = [name for name in names if name not in self.features]
        if unknown:
            raise InputError(
                f"{where}: unknown feature {', '.join(map(repr, unknown))}"
                f"{_close(unknown[0], self.features)}; allowed: "
                f"{', '.join(sorted(self.features))}"
            )


def _feature(model: str, name: str, info: Any) -> Feature:
    form = (info.dtype, len(info.tensor_shape.dim))
    if form not in _FORMS:
        raise InputError(
            f"{model}: feature {name!r} has TensorFlow's type {info.dtype} in "
            f"{form[1]} dimensions; this client sends float32 in one and strings in "
            "one or two; serve a model that this pipeline exported"
        )
    is_text, many = _FORMS[form]
    return Feature(name, is_text, many)


def _close(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
