"""A healthy repository has no findings; one with exactly one defect has exactly that finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doctor.defects import BY_HAND, DEFECTS
from tests.doctor.healthy import Ward, ward

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forges.stand import Stand


@pytest.fixture
def clinic(github: Stand, tmp_path: Path) -> Ward:
    return ward(github, tmp_path)


def test_a_healthy_repository_has_no_findings(clinic: Ward) -> None:
    assert clinic.findings() == []


@pytest.mark.parametrize("defect", sorted(DEFECTS.keys() - BY_HAND))
def test_one_defect_is_one_finding(clinic: Ward, defect: str) -> None:
    breaks, expected = DEFECTS[defect]
    breaks(clinic)
    assert clinic.findings() == expected
