from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.core.finding import ALLOWED, Finding, Kind, revert_branch

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("kind", Kind)
def test_only_what_is_allowed_is_not_red(kind):
    finding = Finding(kind=kind, commit="a" * 40, branch="main")
    assert finding.red is (kind not in ALLOWED)


def test_a_finding_is_stored_as_canonical_json():
    finding = Finding(kind=Kind.BY_HAND, commit="a" * 40, branch="main", at=AT, by="ana")
    content = json.loads(finding.content)
    assert content["finding"] == "by hand"
    assert content["at"] == "2026-11-23T09:30:00+00:00"
    assert (
        finding.content
        == Finding(kind=Kind.BY_HAND, commit="a" * 40, branch="main", at=AT, by="ana").content
    )


def test_a_commit_that_is_gone_has_no_moment():
    finding = Finding(kind=Kind.DROPPED, commit="a" * 40, branch="main")
    assert json.loads(finding.content)["at"] is None


def test_a_revert_has_a_branch_of_its_own():
    assert revert_branch("0123456789abcdef" * 2 + "01234567") == "lockstep/revert-0123456789ab"
