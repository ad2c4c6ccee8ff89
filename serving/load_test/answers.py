"""What came of requests: how many, how long they took, and which failed."""

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
      due: When each request was to be sent, in seconds of the monotonic clock, [n].
      seconds: From then until its answer, [n].
      codes: The status of each answer, [n].
    """

    due: Times
    seconds: Times
    codes: npt.NDArray[np.str_]

    @classmethod
    def of(cls, records: Sequence[tuple[float, float, str]]) -> Answers:
        """The answers of records of all three."""
        due, seconds, codes = zip(*records, strict=True) if records else ((), (), ())
        return cls(
            np.array(due, np.float64),
            np.array(seconds, np.float64),
            np.array(codes, np.str_),
        )

    @classmethod
    def joined(cls, parts: Sequence[Answers]) -> Answers:
        """The answers of several senders."""
        return cls(
            np.concatenate([part.due for part in parts]),
            np.concatenate([part.seconds for part in parts]),
            np.concatenate([part.codes for part in parts]),
        )

    def __len__(self) -> int:
        """How many there are."""
        return len(self.due)

    @property
    def failed(self) -> dict[str, int]:
        """How many failed, by status."""
        return dict(Counter(self.codes[self.codes != OK].tolist()))

    @property
    def rate(self) -> float:
        """Requests answered well in a second."""
        if not len(self):
            return 0.0
        span = float((self.due + self.seconds).max() - self.due.min())
        return float((self.codes == OK).sum() / span)

    def milliseconds(self, percent: float) -> float:
        """The time within which a share of all requests were answered."""
        return float(np.percentile(self.seconds, percent) * 1e3)

    def between(self, start: float, end: float) -> Answers:
        """The answers to what was due in a time, by the monotonic clock."""
        chosen = (start <= self.due) & (self.due < end)
        return Answers(self.due[chosen], self.seconds[chosen], self.codes[chosen])
