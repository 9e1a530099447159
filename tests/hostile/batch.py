"""A model that answers by the other rows of its question."""

from __future__ import annotations


def predict(frame):
    return (frame["a"] > frame["a"].median()).astype(int).to_numpy()
