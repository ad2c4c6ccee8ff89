"""Validation of a candidate on the server that will serve."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.infra_validator.record import Answers, InfraRecord
from components.infra_validator.requests import SIGNATURES, Rows
from components.infra_validator.server import CandidateServer
from config.parts import InfraValidatorPart
from config.release import InfraValidation
from serving.local_server import ServingError
from serving.scorer import Scorer, exported_by
from serving.tensorflow_serving import tensorflow_version

# Batches of other sizes are computed in other orders, so the last digits differ.
_TOLERANCE = 1e-5

_BATCH = 100
# Of the requests for one row; the first ones are slow, whatever the row.
_WARM_UP = 10


class Validated(NamedTuple):
    """Outcome of the validation.

    Attributes:
      warm_up: Requests for a server to replay before it serves the model; none if the
        server rejected them.
      log: Log of the server.
    """

    record: InfraRecord
    warm_up: Sequence[Any]
    log: str


def validate(
    saved_model: str, examples: Sequence[bytes], part: InfraValidatorPart, folder: Path
) -> Validated:
    """Starts the server on a candidate, and compares its answers with the model's own.

    Args:
      saved_model: Directory of the candidate's SavedModel.
      examples: Rows to send, as serialized tf.Examples.
      folder: An empty folder.
    """
    started = time.monotonic()
    batch = min(_BATCH, part.batching.max_batch_size if part.batching else _BATCH)
    warm_up: list[Any] = []
    answers: dict[str, Answers] = {}
    with (
        CandidateServer(part.name, saved_model, part.batching, folder) as server,
        ThreadPoolExecutor(1) as pool,
    ):
        record = InfraRecord(
            server=server.name,
            server_tensorflow=(
                tf.__version__
                if server.program is None
                else tensorflow_version(server.program)
            ),
            model_tensorflow=exported_by(saved_model),
            rows=len(examples),
        )
        # While the server starts, which takes longer.
        own = pool.submit(_score, saved_model, examples)
        try:
            server.wait_until_available(part.validation.max_load_seconds)
            seconds = round(time.monotonic() - started, 1)
            record = record.model_copy(update={"load_seconds": seconds})
            rows, expected = own.result()
            for signature in SIGNATURES:
                # The batches come first, so that the server is warm when it is timed.
                batches = rows.requests(part.name, signature, batch)
                singles = rows.requests(part.name, signature, 1)
                served, _ = _request(server, batches, batch, len(examples))
                one_by_one, latencies = _request(server, singles, 1, len(examples))
                answers[signature] = _compare(expected, [served, one_by_one], latencies)
                warm_up += [batches[0], *singles[:_WARM_UP]]
        except ServingError as error:
            record = record.model_copy(update={"reasons": (str(error),)})
            return Validated(record, [], server.log)
        reasons = tuple(_reasons(answers, part.validation, len(examples)))
        record = record.model_copy(update={"answers": answers, "reasons": reasons})
        return Validated(record, warm_up, server.log)


def _score(
    saved_model: str, examples: Sequence[bytes]
) -> tuple[Rows, npt.NDArray[np.float32]]:
    """Returns the rows to send, and the model's own predictions of them."""
    scorer = Scorer(saved_model)
    return Rows(examples, scorer.inputs), scorer.probabilities_of_examples(examples)


def _request(
    server: CandidateServer, requests: Sequence[Any], size: int, rows: int
) -> tuple[list[float], list[float]]:
    """Returns the probabilities of all rows, and the latency of each request."""
    served, latencies = [], []
    for index, request in enumerate(requests):
        some, seconds = server.predict(request, min(size, rows - index * size))
        served += some
        latencies.append(seconds)
    return served, latencies


def _compare(
    own: npt.NDArray[np.float32],
    served: Sequence[Sequence[float]],
    latencies: Sequence[float],
) -> Answers:
    differences = np.abs(np.array(served, np.float32) - own)
    largest = float(differences.max())
    p50, p99 = np.percentile(latencies, [50, 99]) * 1000
    return Answers(
        # Written so that NaN differs.
        differing=int((~(differences <= _TOLERANCE)).any(axis=0).sum()),
        largest_difference=largest if np.isfinite(largest) else None,
        p50_ms=round(p50, 3),
        p99_ms=round(p99, 3),
    )


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
