"""A row's hash is what its definition says, wherever it is computed."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.rowhash import NoRowHash, cell, row_hashes

PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)
)


@given(st.lists(st.one_of(PLAIN, st.text(st.characters(exclude_categories=["Cs"])))))
def test_a_hash_is_the_head_of_the_digest_of_the_json(row):
    said = [one.strip().lower() if isinstance(one, str) else one for one in row]
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    expected = hashlib.sha256(text.encode()).digest()[:8]
    if row:
        assert int(row_hashes([[cell(one)] for one in row])[0]) == int.from_bytes(expected, "big")


def test_a_published_example_never_changes():
    row = [cell(one) for one in (3, 3.0, " Ünï ", None, True, float("nan"), 1e-7)]
    assert row == ["3", "3.0", '"ünï"', "null", "true", "null", "1e-07"]
    assert row_hashes([[one] for one in row]).tolist() == [15142819283432229414]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5), '"2026-01-02T03:04:05"'),  # noqa: DTZ001 -- naive on purpose
        (datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC), '"2026-01-02T03:04:05.000060+00:00"'),
        (date(2026, 1, 2), '"2026-01-02"'),
    ],
)
def test_moments_are_iso_text(moment, text):
    assert cell(moment) == text


@pytest.mark.parametrize("value", [float("inf"), -float("inf"), b"x", [1], 1j])
def test_what_json_cannot_say_has_no_hash(value):
    with pytest.raises(NoRowHash):
        cell(value)
