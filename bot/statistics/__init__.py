"""Numbers about models, and how sure they are: pure functions on arrays.

Imports nothing else of bot; needs numpy, and scipy.special for small samples. Nothing here reads a
clock, and every draw comes from a seed that the caller gives.
"""

from __future__ import annotations

from bot.statistics.intervals import difference, estimate
from bot.statistics.values import Difference, Direction, Estimate, Sample, Task

__all__ = ["Difference", "Direction", "Estimate", "Sample", "Task", "difference", "estimate"]
