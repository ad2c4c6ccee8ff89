"""Occurrences of ids in the training examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from config.columns import MISSING_ID
from trainer.data.cache import Block, Columns
from trainer.data.inputs import ModelInputs

# Number of lookups of each id, by column: int64 [ids].
Counts: TypeAlias = Mapping[str, npt.NDArray[np.int64]]


class IdCounts:
    """Counts the ids of one block after another."""

    def __init__(self, inputs: ModelInputs, columns: Columns):
        """Begins with counts of 0.

        Args:
          inputs: The columns with their numbers of ids.
          columns: Layout of the blocks.
        """
        self.counts = {each.name: np.zeros(each.num_ids, int) for each in inputs.ids}
        self._columns = columns

    def add(self, block: Block) -> None:
        """Counts the lookups of the examples of a block."""
        ids, _, *lists = block
        for name, column in zip(self._columns.ids, ids.T, strict=True):
            np.add.at(self.counts[name], column, 1)
        for name, texts in zip(self._columns.lists, lists, strict=True):
            values = np.frombuffer(
                b"".join(texts), self._columns.id_type.as_numpy_dtype
            )
            counts = self.counts[name]
            np.add.at(counts, values[values != MISSING_ID], 1)
            # Looked up for a list of nothing but padding.
            counts[MISSING_ID] += sum(not text.strip(b"\0") for text in texts)
