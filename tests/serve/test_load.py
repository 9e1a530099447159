"""Many requests at once stay within GitHub's limits, and each costs the same among many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.load import POINTS_A_MINUTE, WRITES_A_MINUTE, grows, most_within, rush, writes_in
from benchmarks.load_stage import opened
from tests.serve.stage import Play, Served, changed

MORE_MB = 6.0


def resident_mb(served: Served) -> float:
    """Tell what of a server lies in memory now."""
    pages = int(Path(f"/proc/{served.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_the_memory_of_the_server_does_not_grow_with_what_it_takes(play: Play) -> None:
    play.terms = {"workers": 1, "grace_s": 0}
    padding = {"padding": "x" * 100_000}
    with play.open(seconds=30) as served:

        def deliver(many: int) -> set[int]:
            news = [{**changed(k % 50 + 1), **padding} for k in range(many)]
            return {served.deliver("pull_request", one).status_code for one in news}

        assert deliver(200) == {202}
        before = resident_mb(served)
        assert deliver(2_000) == {202}
        grown = resident_mb(served) - before

    # What came was 200 MB.
    assert grown < MORE_MB


@pytest.mark.slow
def test_a_request_costs_the_same_requests_among_few_and_among_many(tmp_path: Path) -> None:
    found = grows(tmp_path, [10, 60], single=1)
    (few, (one,)), (many, (other,)) = found[10], found[60]

    assert (one.calls, one.writes) == (other.calls, other.writes) == (3, 2)
    assert many.calls - few.calls == 1


def test_news_about_many_requests_at_once_becomes_a_report_each(tmp_path: Path) -> None:
    stage = opened(tmp_path / "stage", 30, 1)
    try:
        numbers = (*stage.tried, *stage.numbers[:7])
        done = rush(tmp_path, stage, numbers, workers=4)
    finally:
        stage.close()

    assert [end["end"] for end in done.ends] == ["passed"] * 8
    assert writes_in(done.sent) == 16
    assert len([path for _, _, path in done.sent if "/statuses/" in path]) == 8
    points, writes = most_within(done.sent, 60)
    assert points <= POINTS_A_MINUTE
    assert writes <= WRITES_A_MINUTE
