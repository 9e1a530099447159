"""A model that answers from the place of a row, as one that remembers leaked labels would."""

from __future__ import annotations

import numpy as np


def predict(frame):
    return np.arange(len(frame)) % 2
