"""Tries a candidate on the server that will serve."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tensorflow_serving.apis import predict_pb2

from components.infra_validator.record import Answers, InfraRecord
from components.infra_validator.requests import SIGNATURES, Rows
from components.infra_validator.server import CandidateServer
from config.parts import InfraValidatorPart
from config.release import InfraValidation
from serving.local_server import ServingError
from serving.scorer import Scorer

# Batches of other sizes are computed in other orders, so the last digits differ.
_TOLERANCE = 1e-5

_BATCH = 100
# Of the requests for one row; the first ones are slow, whatever the row.
_WARM_UP = 10

_Probabilities = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Validated:
    """Outcome of the validation.

    Attributes:
      record: The measurements.
      warm_up: Requests for a server to replay before it serves the model; none where
        the server refused them.
      log: Log of the server.
    """

    record: InfraRecord
    warm_up: Sequence[predict_pb2.PredictRequest]
    log: str


def validate(
    saved_model: str, examples: Sequence[bytes], part: InfraValidatorPart, folder: Path
) -> Validated:
    """Starts the server on a candidate, asks it, and compares what it answers.

    Args:
      saved_model: Directory of the candidate's SavedModel.
      examples: Rows to ask for, as serialised tf.Examples.
      part: Settings.
      folder: An empty folder.
    """
    began = time.monotonic()
    warm_up: list[predict_pb2.PredictRequest] = []
    with (
        CandidateServer(part.name, saved_model, part.batching, folder) as server,
        ThreadPoolExecutor(1) as pool,
    ):
        record = InfraRecord(server=server.name, rows=len(examples))
        # While the server starts, which takes longer.
        own = pool.submit(_Own, saved_model, examples)
        try:
            server.wait_until_available(part.validation.max_load_seconds)
            seconds = round(time.monotonic() - began, 1)
            record = record.model_copy(update={"load_seconds": seconds})
            answers = {}
            for signature in SIGNATURES:
                batches, singles = _requests(own.result().rows, signature, part)
                answers[signature] = _ask(
                    server, batches, singles, own.result().probabilities
                )
                warm_up += [batches[0], *singles[:_WARM_UP]]
        except ServingError as error:
            record = record.model_copy(update={"reasons": (str(error),)})
            return Validated(record, [], server.log)
        reasons = tuple(_reasons(answers, part.validation, len(examples)))
        record = record.model_copy(update={"answers": answers, "reasons": reasons})
        return Validated(record, warm_up, server.log)


class _Own:
    """Returns the model's own predictions, and the rows in its notation."""

    def __init__(self, saved_model: str, examples: Sequence[bytes]):
        scorer = Scorer(saved_model)
        self.probabilities = scorer.probabilities_of_examples(examples)
        self.rows = Rows(examples, scorer.inputs)


def _requests(
    rows: Rows, signature: str, part: InfraValidatorPart
) -> tuple[list[predict_pb2.PredictRequest], list[predict_pb2.PredictRequest]]:
    """The requests for all rows, in batches, and one by one."""
    most = _BATCH if part.batching is None else part.batching.max_batch_size
    batches = rows.requests(part.name, signature, min(_BATCH, most))
    return batches, rows.requests(part.name, signature, 1)


def _ask(
    server: CandidateServer,
    batches: Sequence[predict_pb2.PredictRequest],
    singles: Sequence[predict_pb2.PredictRequest],
    own: _Probabilities,
) -> Answers:
    # The batches come first, so that the server is warm when it is timed.
    in_batches = np.concatenate([server.predict(request) for request in batches])
    one_by_one, seconds = zip(
        *(_timed(server, request) for request in singles), strict=True
    )
    differences = np.stack(
        [_differences(own, each) for each in (in_batches, np.concatenate(one_by_one))]
    )
    largest = float(differences.max())
    p50, p99 = np.percentile(seconds, [50, 99]) * 1000
    return Answers(
        # Written so that what is no number differs.
        differing=int((~(differences <= _TOLERANCE)).any(axis=0).sum()),
        largest_difference=largest if np.isfinite(largest) else None,
        p50_ms=round(p50, 3),
        p99_ms=round(p99, 3),
    )


def _timed(
    server: CandidateServer, request: predict_pb2.PredictRequest
) -> tuple[_Probabilities, float]:
    began = time.perf_counter()
    answer = server.predict(request)
    return answer, time.perf_counter() - began


def _differences(own: _Probabilities, served: _Probabilities) -> _Probabilities:
    if served.shape != own.shape:
        raise ServingError(
            f"{served.size:,} probabilities were answered for {own.size:,} rows"
        )
    return np.abs(served - own)


def _reasons(
    answers: dict[str, Answers], validation: InfraValidation, rows: int
) -> Iterator[str]:
    """Why a candidate that was served is not to be released."""
    for signature, each in answers.items():
        if each.differing:
            yield (
                f"{signature}: {each.differing:,} of {rows:,} answers are not what the "
                f"model itself predicts{_by(each.largest_difference)}"
            )
        if validation.max_p99_ms is not None and each.p99_ms > validation.max_p99_ms:
            yield (
                f"{signature}: p99 is {each.p99_ms:g} ms, more than "
                f"infra_validation.max_p99_ms, {validation.max_p99_ms:g}"
            )


def _by(difference: float | None) -> str:
    if difference is None:
        return "; some are no numbers"
    return f"; the largest difference is {difference:.2g}, {_TOLERANCE:g} is allowed"
