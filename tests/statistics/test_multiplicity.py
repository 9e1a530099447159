"""Adjusted p-values are the published ones and statsmodels'."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from bot.statistics.multiplicity import benjamini_hochberg, holm

# Source: Benjamini & Hochberg (1995), section 3.2, the 15 hypotheses of Neuhaus et al.
PUBLISHED = (0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
             0.4262, 0.5719, 0.6528, 0.7590, 1.0)


def test_benjamini_and_hochbergs_own_example_rejects_four() -> None:
    assert np.count_nonzero(benjamini_hochberg(PUBLISHED) <= 0.05) == 4


def test_their_example_rejects_three_when_any_false_alarm_counts() -> None:
    assert np.count_nonzero(holm(PUBLISHED) <= 0.05) == 3


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_adjustments_are_statsmodels(p_values: list[float]) -> None:
    for ours, name in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
        assert ours(p_values) == pytest.approx(
            multipletests(p_values, method=name)[1], abs=1e-12)


def test_an_empty_family_has_no_p_values() -> None:
    assert len(holm([])) == len(benjamini_hochberg([])) == 0
