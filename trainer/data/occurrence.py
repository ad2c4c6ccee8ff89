"""Ids that occur in the training examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from config.columns import MISSING_ID
from trainer.data.cache import Block, Columns
from trainer.data.inputs import ModelInputs

Mask: TypeAlias = npt.NDArray[np.bool_]
# By column, whether each of its ids occurs: bool [ids].
Seen: TypeAlias = Mapping[str, Mask]


class SeenIds:
    """Marks the ids of one block after another.

    Optimizers could mark the rows that they update, but at a price in each step: a mark
    is one more place in memory to go to for each id.
    """

    def __init__(self, inputs: ModelInputs, columns: Columns):
        """Begins with nothing seen.

        Args:
          inputs: The columns with their numbers of ids.
          columns: Layout of the blocks.
        """
        self.masks = {each.name: np.zeros(each.num_ids, bool) for each in inputs.ids}
        self._columns = columns

    def add(self, block: Block) -> None:
        """Marks what an example of the block looks up."""
        ids, _, *lists = block
        for name, column in zip(self._columns.ids, ids.T, strict=True):
            self.masks[name][column] = True
        for name, texts in zip(self._columns.lists, lists, strict=True):
            values = np.frombuffer(
                b"".join(texts), self._columns.id_type.as_numpy_dtype
            )
            self.masks[name][values[values != MISSING_ID]] = True
            # Looked up for a list of nothing but padding.
            if any(not text.strip(b"\0") for text in texts):
                self.masks[name][MISSING_ID] = True
