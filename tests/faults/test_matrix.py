"""Whatever goes wrong at whatever call, a flow that is carried again ends as it must.

The positions are those of an undisturbed run, so a new call enlarges the matrix by itself.
`make faults` runs the whole product; otherwise every position meets one kind of trouble, in
turn.  `docs/faults.md` holds the counts of the whole product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.flows import FLOWS, Flow
from tests.faults.matrix import WHOLE, play, prepared
from tests.faults.table import PAGE, page, rows
from tests.faults.troubles import KINDS

if TYPE_CHECKING:
    from pathlib import Path


PARTS = [(kind,) for kind in KINDS] if WHOLE else [KINDS]


@pytest.mark.slow
@pytest.mark.parametrize("kinds", PARTS, ids=" ".join)
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_flow_ends_as_it_must_whatever_goes_wrong(
    flow: Flow, kinds: tuple[str, ...], tmp_path: Path
) -> None:
    runs, wrong = 0, []
    with prepared(flow, tmp_path) as scene:
        for kind in kinds:
            played = play(scene, flow, kind)
            runs += played.runs
            wrong += played.wrong

    print(f"{flow.name}: {len(played.positions)} positions, {runs} runs")  # noqa: T201 -- shown
    assert wrong == []
    # Some calls take no trouble of the kind whose turn it is.
    assert runs >= (1 if WHOLE else len(played.positions) // 2)


@pytest.mark.slow
def test_the_page_of_the_matrix_is_as_it_would_be_written() -> None:
    counted = rows()

    assert PAGE.read_text() == page(counted)
    assert sum(api + git for _, api, git, _ in counted) >= 150
    assert sum(runs for *_, runs in counted) >= 2_500
