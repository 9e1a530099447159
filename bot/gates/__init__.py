"""The table of gates: one line a gate, and nothing else to register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.gates.artifact import Artifact
from bot.gates.compare import Compare
from bot.gates.latency import Latency
from bot.gates.leakage import Leakage
from bot.gates.lineage import Lineage
from bot.gates.loads import Loads
from bot.gates.metric import Metric
from bot.gates.outputs import Outputs
from bot.gates.schema import Schema
from bot.gates.slices import Slices
from bot.gates.unsafe_code import UnsafeCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.gates.gate import Gate

GATES: Mapping[str, type[Gate]] = {
    "artifact": Artifact,
    "lineage": Lineage,
    "unsafe_code": UnsafeCode,
    "loads": Loads,
    "schema": Schema,
    "outputs": Outputs,
    "metric": Metric,
    "compare": Compare,
    "slices": Slices,
    "leakage": Leakage,
    "latency": Latency,
}
"""Every gate a policy may ask, in the order of the documentation."""
