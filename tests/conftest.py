"""What every test shares: the same examples in every run, and no clock on a busy machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("lockstep", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("lockstep")
