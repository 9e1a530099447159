"""A model whose answers depend on how often it was asked."""

from __future__ import annotations

import numpy as np

CALLS = []


def predict(frame):
    CALLS.append(1)
    return np.full(len(frame), len(CALLS) % 2)
