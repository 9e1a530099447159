"""Lockstep promotes machine-learning models by git."""

__version__ = "0.1.0"
