"""Trains DeepCTR's Wide&Deep on arrays, and prints the seconds of each epoch as JSON.

python deepctr_wide_deep.py ARRAYS.npz BATCH_SIZE EPOCHS plain|defaults
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import tensorflow as tf
from deepctr.feature_column import DenseFeat, SparseFeat, VarLenSparseFeat
from deepctr.models import WDL


def main(file: str, batch_size: str, epochs: str, settings: str) -> None:
    """Trains on what `benchmarks.deepctr` wrote."""
    arrays = dict(np.load(file))
    labels = arrays.pop("label")
    num_ids, size = arrays.pop("num_ids"), arrays.pop("embedding_size")
    columns = []
    for name, values in arrays.items():
        if values.dtype.kind == "f":
            columns.append(DenseFeat(name, 1))
            continue
        ids = SparseFeat(name, num_ids, embedding_dim=size, dtype="int64")
        if values.ndim == 2:
            ids = VarLenSparseFeat(ids, maxlen=values.shape[1], combiner="mean")
        columns.append(ids)
    plain = {"l2_reg_linear": 0, "l2_reg_embedding": 0} if settings == "plain" else {}
    model = WDL(columns, columns, dnn_hidden_units=(256, 128, 64), **plain)
    model.compile("adam", "binary_crossentropy")
    times = [time.perf_counter()]
    clock = tf.keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: times.append(time.perf_counter())
    )
    model.fit(
        arrays,
        labels,
        batch_size=int(batch_size),
        epochs=int(epochs),
        callbacks=[clock],
        verbose=0,
    )
    print(json.dumps(np.diff(times).tolist()))


if __name__ == "__main__":
    main(*sys.argv[1:])
