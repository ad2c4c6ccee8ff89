"""Two runs with one seed, each in a process of its own."""

from __future__ import annotations

import numpy as np
import pytest
from tensorflow.python.framework import config


@pytest.mark.slow
def test_two_runs_agree(train_tiny):
    """From files, with all that is random: weights, dropout, shuffling, sampling."""
    training = {"deterministic": True, "negative_rate": 0.5}
    first = train_tiny(training, dropout=0.3).weights()
    second = train_tiny(training, dropout=0.3).weights()

    assert any(np.ptp(values) > 0.1 for values in first.values())
    for name, values in first.items():
        np.testing.assert_allclose(second[name], values, atol=1e-6, err_msg=name)
    # It holds for a whole process, and this one has other work to do.
    assert not config.is_op_determinism_enabled()
