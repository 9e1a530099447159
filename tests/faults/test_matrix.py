"""Whatever goes wrong at whatever call, a flow that is carried again ends as it must.

The positions are those of an undisturbed run, so a new call enlarges the matrix by itself.
`make faults` runs the whole product; otherwise every position meets two kinds of trouble, in
turn.  `docs/faults.md` holds the counts of the whole product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.flows import FLOWS, Flow
from tests.faults.matrix import play, prepared
from tests.faults.troubles import KINDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_flow_ends_as_it_must_whatever_goes_wrong(flow: Flow, tmp_path: Path) -> None:
    runs, wrong = 0, []
    with prepared(flow, tmp_path) as scene:
        for kind in KINDS:
            played = play(scene, flow, kind)
            runs += played.runs
            wrong += played.wrong

    print(f"{flow.name}: {len(played.positions)} positions, {runs} runs")  # noqa: T201 -- shown
    assert wrong == []
    assert runs >= len(played.positions)
