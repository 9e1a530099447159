"""Bad input: a clear sentence with the place and the way out, an exit code, nothing merged."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from bot.cli.outcome import exit_code
from bot.core.decision import Ruling
from bot.core.lockfile import dump, parse
from bot.flow import Conclusion
from bot.world.store import digest_of
from tests.stories.workshop import Workshop, rows

if TYPE_CHECKING:
    import pandas as pd

PLACE = re.compile(r"^[^\s:]+:\d+:\d+: ")


def sentences(conclusion: Conclusion) -> str:
    if conclusion.decision.refusal is not None:
        return str(conclusion.decision.refusal)
    return "\n".join(
        f"{verdict.because}; {verdict.remedy or verdict.unblock}"
        for judgement in conclusion.judgements
        for verdict in judgement.verdicts
    )


def lock_with(workshop: Workshop, version: str, change: Callable[[str], str]) -> bytes:
    """Write the lock that promotes a version, then change its text."""
    from bot.core.lock import Model

    before = parse((workshop.ana.clone / "models.lock").read_bytes(), "models.lock")
    known = before["churn"].versions if "churn" in before else {}
    model = Model(
        versions={**known, version: workshop.entry(version)}, stages={"production": version}
    )
    return change(dump({**before, "churn": model}).decode()).encode()


def unchanged(workshop: Workshop, number: int) -> None:
    assert workshop.landed(number) is None
    assert len(workshop.forge.reports(number, "<!-- lockstep:report:v1 ")) == 1
    status = workshop.forge.status(
        workshop.forge.pull_request(number).head_sha, "lockstep/gate: main"
    )
    assert status is not None
    assert status.state in ("failure", "error")
    assert len(status.description) <= 140


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda text: text.replace("stages: {", "stages: {{"), 10, "not YAML"),
        (
            lambda text: text.replace("    stages:", "    satges: {}\n    stages:"),
            11,
            "did you mean 'stages'",
        ),
        (lambda text: text.replace("production", "prodution"), 13, "its rungs are production"),
        (lambda text: text.replace('"skops"}', '"skops" }'), 12, "lockstep fmt"),
        (lambda text: text.replace("churn:", "spam:"), 14, "no policy covers spam"),
        (lambda text: text.replace("models/1.skops", "models/9.skops"), 21, "models/9.skops"),
        (lambda text: re.sub(r"sha256:\w{4}", "sha256:0000", text), 22, "0000"),
        (lambda text: text + "x: &a [1]\n", 10, "anchor"),
    ],
    ids=[
        "broken",
        "unknown key",
        "no such stage",
        "not canonical",
        "no policy",
        "unreachable",
        "digest",
        "anchor",
    ],
)
def test_a_bad_lock_is_refused_with_its_place_and_the_way_out(
    workshop: Workshop, change: Callable[[str], str], code: int, says: str
) -> None:
    number = workshop.propose_text(lock_with(workshop, "1", change))

    conclusion = workshop.judge(number)

    assert exit_code(conclusion) == code
    assert says in sentences(conclusion)
    unchanged(workshop, number)


def test_a_changed_digest_under_an_old_version_is_refused(champion: Workshop) -> None:
    number = champion.propose_text(
        lock_with(
            champion,
            "2",
            lambda text: re.sub(r"(1\.skops\", digest: \")sha256:\w{4}", r"\1sha256:0000", text),
        )
    )

    conclusion = champion.judge(number)

    assert exit_code(conclusion) == 13
    assert "immutable" in sentences(conclusion)
    assert PLACE.match(sentences(conclusion))
    unchanged(champion, number)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("- compare:", 11, "did you mean 'compare'"),
        ("metric: roc_auc, improve_by", 11, "unknown key 'improved_by'"),
        ("{metric: roc_auc", 10, "there is no metric 'roc_acu'"),
    ],
)
def test_a_broken_policy_on_the_base_is_named_with_its_place(
    champion: Workshop, text: str, code: int, says: str
) -> None:
    swaps = {
        "- compare:": "- compre:",
        "metric: roc_auc, improve_by": "metric: roc_auc, improved_by",
        "{metric: roc_auc": "{metric: roc_acu",
    }
    number = champion.promote("2")
    champion.push_to_main(
        "policies/churn.yaml", champion.policy_text().replace(text, swaps[text]).encode()
    )

    conclusion = champion.judge(number)

    assert exit_code(conclusion) == code
    assert says in sentences(conclusion)
    assert sentences(conclusion).startswith("policies/churn.yaml:")
    unchanged(champion, number)


def test_a_request_that_touches_other_files_is_asked_to_split(champion: Workshop) -> None:
    champion.ana._starts("both")
    (champion.ana.clone / "models.lock").write_bytes(lock_with(champion, "2", str))
    (champion.ana.clone / "policies/churn.yaml").write_text("models: [churn]\n")
    number = champion.propose_tree("both")

    conclusion = champion.judge(number)

    assert exit_code(conclusion) == 15
    assert "policies/churn.yaml" in sentences(conclusion)
    assert "split" in sentences(conclusion)
    unchanged(champion, number)


def test_a_lock_that_is_a_symlink_is_refused(champion: Workshop) -> None:
    champion.ana._starts("link")
    (champion.ana.clone / "models.lock").unlink()
    (champion.ana.clone / "models.lock").symlink_to("/etc/passwd")
    number = champion.propose_tree("link")

    conclusion = champion.judge(number)

    assert exit_code(conclusion) == 16
    assert "symlink" in sentences(conclusion)
    unchanged(champion, number)


def test_a_lock_of_fifty_megabytes_is_refused_unread(champion: Workshop) -> None:
    number = champion.propose_text(b"# " + b"x" * 50_000_000 + b"\n")

    conclusion = champion.judge(number)

    assert exit_code(conclusion) == 16
    assert "50,000,003 bytes" in sentences(conclusion)
    unchanged(champion, number)


def test_a_removed_lock_is_refused(champion: Workshop) -> None:
    champion.ana._starts("gone")
    (champion.ana.clone / "models.lock").unlink()
    number = champion.propose_tree("gone")

    conclusion = champion.judge(number)

    assert exit_code(conclusion) == 16
    unchanged(champion, number)


def holdout(workshop: Workshop, table: pd.DataFrame) -> None:
    """Put another hold-out on the base, with its digest in the policy."""
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    before = digest_of(workshop.ana.clone / "data/holdout.parquet").digest
    workshop.push_to_main("data/holdout.parquet", buffer.getvalue())
    now = digest_of(workshop.ana.clone / "data/holdout.parquet").digest
    workshop.push_to_main(
        "policies/churn.yaml", workshop.policy_text().replace(before, now).encode()
    )


@pytest.mark.parametrize(
    ("table", "code", "says"),
    [
        (rows(2).drop(columns="churned"), 28, "churned"),
        (rows(2).assign(churned=1), 29, "class"),
        (rows(2).iloc[:0], 30, "row"),
        (rows(2).drop(columns="region"), 39, "region"),
    ],
    ids=["no target", "one class", "no rows", "no slice column"],
)
def test_a_hold_out_that_cannot_judge_is_an_error_and_not_a_verdict(
    workshop: Workshop, table: pd.DataFrame, code: int, says: str
) -> None:
    holdout(workshop, table)
    number = workshop.promote("1")

    conclusion = workshop.judge(number)

    assert exit_code(conclusion) == code
    assert says in sentences(conclusion)
    assert conclusion.decision.ruling is Ruling.HOLD
    unchanged(workshop, number)


def test_a_hold_out_with_another_digest_than_the_policy_says_is_an_error(
    champion: Workshop,
) -> None:
    number = champion.promote("2")
    champion.push_to_main("data/holdout.parquet", b"other bytes")

    conclusion = champion.judge(number)

    assert exit_code(conclusion) == 27
    unchanged(champion, number)


def test_scores_that_are_not_numbers_are_an_error(workshop: Workshop) -> None:
    train = rows(1)
    model = LogisticRegression().fit(train[["calls"]], train["churned"])
    model.coef_[:] = np.nan
    workshop.push_to_main("models/1.skops", skops.io.dumps(model))
    number = workshop.promote("1")

    conclusion = workshop.judge(number)

    assert exit_code(conclusion) == 31
    unchanged(workshop, number)


def test_a_model_that_does_not_load_is_an_error_with_the_kind_of_failure(tmp_path) -> None:
    workshop = Workshop(tmp_path, {"registration": "artifact, loads"})
    workshop.push_to_main("models/1.skops", b"not a model at all")
    number = workshop.promote("1")

    conclusion = workshop.judge(number)

    assert exit_code(conclusion) == 23
    unchanged(workshop, number)


def test_a_champion_whose_artifact_is_gone_is_named(champion: Workshop) -> None:
    number = champion.promote("2")
    champion.push_to_main("models/1.skops", None)

    conclusion = champion.judge(number)

    assert exit_code(conclusion) == 25
    assert "champion 1" in sentences(conclusion)
    unchanged(champion, number)


def test_a_pickle_is_refused_where_the_policy_does_not_allow_it(champion: Workshop) -> None:
    number = champion.promote("4", flavor="joblib")

    conclusion = champion.judge(number)

    assert conclusion.decision.ruling is Ruling.REFUSE
    assert "joblib" in sentences(conclusion)
    unchanged(champion, number)


def test_an_unknown_pull_request_says_so(workshop: Workshop) -> None:
    from bot.core.errors import NotARepository

    with pytest.raises(NotARepository, match="99"):
        workshop.judge(99)
