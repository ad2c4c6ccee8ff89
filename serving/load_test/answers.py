"""The answers to a load: rate, latencies and failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.float64]

OK = "OK"


@dataclass(frozen=True)
class Answers:
    """The answers to some requests.

    Attributes:
      due: Time at which each request was due, monotonic seconds, [n].
      seconds: Latency from then on, [n].
      codes: Status code of each answer, [n].
    """

    due: Times
    seconds: Times
    codes: npt.NDArray[np.str_]

    @classmethod
    def of(cls, records: Sequence[tuple[float, float, str]]) -> Answers:
        """Returns the answers of (due, seconds, code) records."""
        due, seconds, codes = zip(*records, strict=True) if records else ((), (), ())
        return cls(
            np.array(due, np.float64),
            np.array(seconds, np.float64),
            np.array(codes, np.str_),
        )

    @classmethod
    def joined(cls, parts: Sequence[Answers]) -> Answers:
        """Returns the answers of several senders as one."""
        return cls(
            np.concatenate([part.due for part in parts]),
            np.concatenate([part.seconds for part in parts]),
            np.concatenate([part.codes for part in parts]),
        )

    def __len__(self) -> int:
        """Returns the number of answers."""
        return len(self.due)

    @property
    def failed(self) -> dict[str, int]:
        """Number of failed requests, by status code."""
        return dict(Counter(self.codes[self.codes != OK].tolist()))

    @property
    def rate(self) -> float:
        """Successful requests per second."""
        if not len(self):
            return 0.0
        span = float((self.due + self.seconds).max() - self.due.min())
        return float((self.codes == OK).sum() / span)

    def milliseconds(self, percent: float) -> float:
        """Returns a percentile of the latency, of failed requests as well."""
        return float(np.percentile(self.seconds, percent) * 1e3)
