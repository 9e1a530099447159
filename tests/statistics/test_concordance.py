"""DeLong's variance agrees with its definition, with pROC, and with Obuchowski's clusters."""

from __future__ import annotations

import csv
import io
import math
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.statistics import Sample, Task, difference, estimate
from bot.statistics.metrics import METRICS
from tests.statistics.samples import binary, multiclass, scored

AUC = METRICS["roc_auc"]


def placements(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """V10 and V01 by comparing every pair. Source: DeLong et al. (1988), section 3."""
    assert sample.scores is not None
    score = sample.scores[:, 1]
    up, down = score[sample.target == 1], score[sample.target == 0]
    wins = (up[:, None] > down) + 0.5 * (up[:, None] == down)
    return wins.mean(axis=1), wins.mean(axis=0)


def brute_error(champion: Sample, challenger: Sample) -> float:
    (up1, down1), (up2, down2) = placements(champion), placements(challenger)
    return math.sqrt(np.var(up2 - up1, ddof=1) / len(up1) + np.var(down2 - down1, ddof=1)
                     / len(down1))


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(60, 400), seed=st.integers(0, 10**6),
       digits=st.sampled_from([None, 1, 2]))
def test_the_fast_form_is_the_definition(rows: int, seed: int, digits: int | None) -> None:
    champion, challenger = binary(rows, seed, digits=digits)
    found = difference(AUC, champion, challenger, confidence=0.95, seed=0)
    if found.undecidable:
        return
    values = [placements(model)[0].mean() for model in (champion, challenger)]
    assert (found.champion, found.challenger) == pytest.approx(values, abs=1e-12)
    assert found.standard_error == pytest.approx(brute_error(champion, challenger), abs=1e-12)


@pytest.fixture(scope="module")
def asah() -> dict[str, list[str]]:
    """The aSAH data from R's pROC package, as Debian ships it (`apt install r-cran-proc`)."""
    if shutil.which("Rscript") is None:
        pytest.skip("R with pROC is not installed; the brute-force test above stands in")
    code = "suppressMessages(library(pROC)); data(aSAH); write.csv(aSAH, quote = FALSE)"
    told = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=False)
    if told.returncode:
        pytest.skip("R has no pROC; the brute-force test above stands in")
    rows = list(csv.DictReader(io.StringIO(told.stdout)))
    return {name: [row[name] for row in rows] for name in rows[0]}


def marker(data: dict[str, list[str]], name: str) -> Sample:
    poor = [int(outcome == "Poor") for outcome in data["outcome"]]
    return scored(poor, [float(level) for level in data[name]])


# Source: pROC 1.18, roc.test(method = "delong"), printed to 12 digits.
@pytest.mark.parametrize(("name", "area"), [
    ("wfns", 0.823678861788618), ("s100b", 0.731368563685637), ("ndka", 0.611957994579946)])
def test_asah_areas(asah: dict[str, list[str]], name: str, area: float) -> None:
    assert AUC.value(marker(asah, name)) == pytest.approx(area, abs=1e-12)


@pytest.mark.parametrize(("first", "second", "z", "p"), [
    ("s100b", "wfns", 2.208983591441, 0.0271757822292),
    ("ndka", "s100b", 1.390770025736, 0.164295175223)])
def test_asah_tests(
    asah: dict[str, list[str]], first: str, second: str, z: float, p: float
) -> None:
    found = difference(AUC, marker(asah, first), marker(asah, second), confidence=0.975, seed=0)
    assert found.value is not None
    assert found.standard_error is not None
    assert found.value / found.standard_error == pytest.approx(z, abs=1e-10)
    assert 2 * found.p_value_non_inferior(0.0) == pytest.approx(p, abs=1e-10)


def test_asah_interval(asah: dict[str, list[str]]) -> None:
    found = difference(AUC, marker(asah, "s100b"), marker(asah, "wfns"), confidence=0.975, seed=0)
    assert (found.lower, found.upper) == pytest.approx((0.0104061769565, 0.1742144192495), abs=1e-9)


def test_clusters_that_hold_both_classes_get_obuchowskis_variance() -> None:
    """Source: Obuchowski (1997), eq. 3, with every sum over clusters written out."""
    draw = np.random.default_rng(4)
    clusters = np.repeat(np.arange(60), 6)
    target = np.tile([1, 1, 0, 0, 0, 0], 60)
    score = target + draw.normal(size=60)[clusters] + draw.normal(size=360)
    sample = Sample(task=Task.BINARY, target=target, predicted=(score > 0.5).astype(int),
                    scores=np.stack([-score, score], axis=1), entities=clusters)
    ups, downs = placements(sample)
    area, m, n = ups.mean(), len(ups), len(downs)
    of_up, of_down = clusters[target == 1], clusters[target == 0]
    x = np.bincount(of_up, ups - area) / m
    y = np.bincount(of_down, downs - area) / n
    wanted = 60 / 59 * (x @ x + y @ y + 2 * x @ y)
    found = estimate(AUC, sample, confidence=0.95, seed=0)
    # The factors sqrt(m / (m - 1)) that make single rows DeLong's are the only difference.
    assert found.standard_error == pytest.approx(math.sqrt(wanted), rel=5e-3)
    assert "60 entities" in found.method


def test_many_classes_average_their_areas() -> None:
    champion, challenger = multiclass(900, 3)
    found = difference(METRICS["roc_auc_ovr"], champion, challenger, confidence=0.95, seed=0)
    drawn = []
    draw = np.random.default_rng(5)
    for _ in range(200):
        rows = draw.integers(0, 900, 900)
        drawn.append(METRICS["roc_auc_ovr"].value(challenger.take(rows))
                     - METRICS["roc_auc_ovr"].value(champion.take(rows)))
    # 200 replicates know their spread to 1/sqrt(400) = 5 %; four times that is the tolerance.
    assert found.standard_error == pytest.approx(float(np.std(drawn)), rel=0.2)


def test_a_perfect_ranking_is_bounded_by_its_rarer_class() -> None:
    perfect = scored([0] * 50 + [1] * 10, [i / 60 for i in range(60)])
    found = estimate(AUC, perfect, confidence=0.95, seed=0)
    assert found.value == 1.0
    assert found.lower == pytest.approx(0.05 ** (1 / 10))
    assert found.standard_error is None


def test_two_perfect_rankings_still_may_differ() -> None:
    one = scored([0] * 50 + [1] * 10, [i / 60 for i in range(60)])
    two = scored([0] * 50 + [1] * 10, [0.1] * 50 + [0.9] * 10)
    found = difference(AUC, one, two, confidence=0.95, seed=0)
    assert found.value == 0.0
    assert found.lower == pytest.approx(0.05 ** (1 / 10) - 1)
    assert found.upper == pytest.approx(1 - 0.05 ** (1 / 10))


def test_the_bounds_of_one_area_stay_inside_its_range() -> None:
    found = estimate(AUC, binary(60, 8, noise=(0.01, 0.01))[0], confidence=0.999, seed=0)
    assert 0.0 < found.lower < (found.value or 0.0) < found.upper < 1.0


def test_a_class_with_four_rows_is_too_rare() -> None:
    sample = multiclass(40, 1)[0]
    rare = Sample(task=sample.task, predicted=sample.predicted, scores=sample.scores,
                  target=np.array([3] * 4 + [0, 1, 2] * 12))
    found = estimate(METRICS["roc_auc_ovr"], rare, confidence=0.95, seed=0)
    assert found.undecidable == "only 4 rows of class 3; at least 5 are needed"
