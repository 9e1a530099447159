"""Rows into blocks that depend on the row's key alone, so partitions and order do not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.statistics.values import Codes

BLOCKS = 1024
"""Blocks of a large sample; the standard error then carries noise of about 1/sqrt(2 * BLOCKS)."""


def mixed(keys: Codes) -> NDArray[np.uint64]:
    """Return a 64-bit hash of each key. Source: Stafford's variant 13, as in SplitMix64."""
    z = keys.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def block_of(keys: Codes, blocks: int = BLOCKS) -> NDArray[np.int64]:
    """Return the block, 0..blocks-1, of each key (a row's number or its entity)."""
    return (mixed(keys) % np.uint64(blocks)).astype(np.int64)
