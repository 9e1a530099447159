"""What a hostile reviewer tried: each of these once landed, or looked better than it was."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.core.decision import Ruling
from bot.core.errors import Moved, Unavailable
from bot.core.lock import Hold, Model
from bot.core.lockfile import dump, parse
from bot.core.movement import Promotion
from bot.core.proposal import Request
from bot.core.verdict import Outcome
from bot.flow import handle
from bot.report.status import context
from bot.world.repository import Repository
from tests.stories.test_races import meddled
from tests.stories.workshop import Workshop, described

if TYPE_CHECKING:
    from collections.abc import Callable

CONTEXT = "lockstep/gate: main"


def git(workshop: Workshop, *arguments: str, date: str = "2026-01-01T00:00:00") -> str:
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "eve"), ("EMAIL", "eve@localhost"), ("DATE", date))
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=workshop.ana.clone,
        check=True,
        capture_output=True,
        env={**os.environ, **who},
    )
    return done.stdout.decode().strip()


def edited(workshop: Workshop, branch: str, edit: Callable[[Model], Model]) -> int:
    """Open a pull request that edits the one model."""
    return workshop.ana.proposes(
        branch, branch, lambda models: {**models, "churn": edit(models["churn"])}
    ).number


def serving(model: Model, version: str | None, **more: object) -> Model:
    stages = {} if version is None else {"production": version}
    return model.model_copy(update={"stages": stages, **more})


@pytest.mark.parametrize("newer_first", [True, False])
def test_a_criss_cross_merge_base_hides_no_policy(champion: Workshop, *, newer_first: bool) -> None:
    dates = ("2026-01-02T00:00:00", "2026-01-01T00:00:00")
    one, two = dates if newer_first else dates[::-1]
    origin = champion.ana.pulls()
    (champion.ana.clone / "README").write_text("x")
    git(champion, "add", "--all")
    git(champion, "commit", "-qm", "words", date=one)
    plain = git(champion, "rev-parse", "HEAD")
    git(champion, "checkout", "-qb", "tighten", origin)
    policy = champion.ana.clone / "policies/churn.yaml"
    policy.write_text(policy.read_text().replace("improve_by: 0", "improve_by: 0.5"))
    git(champion, "commit", "-qam", "tighten", date=two)
    tightened = git(champion, "rev-parse", "HEAD")
    git(champion, "checkout", "-q", "main")
    git(champion, "merge", "-q", "--no-ff", "-m", "merge", "tighten")
    git(champion, "push", "-q", "origin", "main")
    tree = git(champion, "rev-parse", f"{plain}^{{tree}}")
    evil = git(champion, "commit-tree", tree, "-p", plain, "-p", tightened, "-m", "sync")
    git(champion, "checkout", "-qb", "evil", evil)
    number = _registers(champion, "evil")

    conclusion = champion.judge(number)

    assert conclusion.decision.ruling is Ruling.REFUSE
    assert "policies/churn.yaml" in str(conclusion.decision.refusal)
    assert champion.landed(number) is None


def _registers(workshop: Workshop, branch: str) -> int:
    """Add a registration to the branch that is checked out, and open it."""
    path = workshop.ana.clone / "models.lock"
    models = parse(path.read_bytes(), "models.lock")
    versions = {**models["churn"].versions, "3": described(workshop.ana.clone, "3")}
    path.write_bytes(dump({"churn": models["churn"].model_copy(update={"versions": versions})}))
    git(workshop, "commit", "-qam", "register 3")
    git(workshop, "push", "-q", "origin", branch)
    return workshop.ana.forge.propose(title="x", body="", head=branch, base="main").number


def test_an_unrelated_history_is_not_green(champion: Workshop) -> None:
    git(champion, "checkout", "-q", "--orphan", "other")
    (champion.ana.clone / "models.lock").write_text("garbage\n")
    number = champion.propose_tree("other")

    conclusion = champion.judge(number)

    status = champion.forge.status(champion.forge.pull_request(number).head_sha, CONTEXT)
    assert conclusion.decision.ruling is Ruling.REFUSE
    assert status is not None
    assert status.state in ("error", "failure")


def test_emptying_a_stage_spares_nobody_the_comparison(champion: Workshop) -> None:
    champion.judge(champion.promote("2"))
    vacate = edited(champion, "vacate", lambda model: serving(model, None))
    champion.forge.approve(vacate, "ben")
    assert champion.judge(vacate).decision.ruling is Ruling.MERGE

    number = edited(champion, "worse", lambda model: serving(model, "1"))
    conclusion = champion.judge(number)

    (judgement,) = conclusion.judgements
    assert isinstance(judgement.trial.transition, Promotion)
    assert judgement.trial.case is not None
    assert judgement.trial.case.champion is not None
    assert judgement.trial.case.champion.version == "2"
    assert not judgement.trial.cold_start
    assert conclusion.decision.ruling is Ruling.REFUSE


def test_new_words_for_the_same_bytes_do_not_undo_a_rollback(champion: Workshop) -> None:
    champion.judge(champion.promote("2"))
    champion.judge(champion.ana.reverts(champion.ana.pulls(), "undo", "Revert 2").number)
    champion.ana.pulls()
    same = champion.entry("2")

    number = edited(
        champion,
        "again",
        lambda model: serving(model, "2-final", versions={**model.versions, "2-final": same}),
    )

    assert "the same bytes as '2'" in str(champion.judge(number).decision.refusal)


def test_a_waived_gate_does_not_stand_in_for_the_fast_track(tmp_path: Path) -> None:
    fast = "auto, fast_track: {when: {metric: roc_auc, lower_bound_gain: 0.4}, skip: [staging]}"
    waiver = (
        "waivers:\n  - {gate: compare, model: churn, by: '@ana', reason: trial, "
        "until: 2999-01-01}\n"
    )
    workshop = Workshop(tmp_path, {"ladder": "staging, production", "merge": fast, "more": waiver})
    workshop.judge(workshop.promote("1", "staging"))
    workshop.judge(workshop.promote("1", "production"))

    conclusion = workshop.judge(workshop.promote("2", "production"))

    assert conclusion.decision.outcome is Outcome.FAILED
    assert conclusion.decision.ruling is Ruling.REFUSE


def test_holding_a_whole_stage_wants_a_person(champion: Workshop) -> None:
    hold = Hold(reason="because", by="@ceo")
    number = edited(
        champion, "hold", lambda model: model.model_copy(update={"holds": {"production": hold}})
    )

    assert champion.judge(number).decision.ruling is Ruling.HOLD


def test_what_a_person_merges_has_its_record_and_seal(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, {"merge": "manual"})
    number = workshop.promote("1")
    workshop.judge(number)
    pull = workshop.forge.pull_request(number)
    assert [path.split("/")[0] for path in workshop.audit()] == ["records"]

    workshop.forge.acting_as("ana").merge(number, sha=pull.head_sha, title="by hand", message="")
    workshop.judge(number)

    assert [path.split("/")[0] for path in workshop.audit()] == ["records", "seals"]


def test_only_the_record_that_the_landed_commit_names_is_sealed(champion: Workshop) -> None:
    number = champion.promote("2")
    with pytest.raises(Moved):
        handle(
            Request(number=number),
            meddled(champion, "set_status", lambda: champion.push_to_main("NOTES", b"words")),
        )
    champion.judge(number)
    champion.judge(number)

    mine = [path for path in champion.audit() if f"/{number}/" in path]
    assert [path.split("/")[0] for path in mine] == ["records", "records", "seals"]
    bare = Repository(champion.folder / "forge/repository.git")
    seal = bare.blob(bare.commit("lockstep/audit"), mine[-1], most=10_000)
    assert seal is not None
    assert json.loads(seal.text)["landed"] == champion.landed(number)


def test_a_status_is_not_green_before_the_record_is_there(champion: Workshop) -> None:
    number = champion.promote("2")
    hooks = champion.folder / "forge/repository.git/hooks"
    hooks.mkdir(exist_ok=True)
    refuse = hooks / "pre-receive"
    refuse.write_text("#!/bin/sh\nexit 1\n")
    refuse.chmod(0o755)

    with pytest.raises(Unavailable):
        champion.judge(number)

    assert champion.forge.status(champion.forge.pull_request(number).head_sha, CONTEXT) is None


def test_a_symlinked_policy_on_the_base_is_told_in_the_report(champion: Workshop) -> None:
    number = champion.promote("2")
    champion.ana.pulls()
    (champion.ana.clone / "policies/other.yaml").symlink_to("churn.yaml")
    git(champion, "add", "--all")
    git(champion, "commit", "-qm", "link")
    git(champion, "push", "-q", "origin", "main")

    conclusion = champion.judge(number)

    assert "policies/other.yaml" in str(conclusion.decision.refusal)
    assert champion.forge.reports(number, "<!-- lockstep:report:v1 ")


def test_a_branch_that_differs_in_case_does_not_speak_for_main() -> None:
    names = {context(name).casefold() for name in ("main", "Main", "MAIN", "mAin")}

    assert len(names) == 4


def test_an_address_that_holds_nothing_does_not_pass_on_a_cached_copy(champion: Workshop) -> None:
    """The bytes of version 2 are cached; version 9 names them at an address nobody answers."""
    champion.judge(champion.promote("2"))
    champion.ana.pulls()
    known = champion.entry("2")
    elsewhere = known.artifact.model_copy(update={"uri": "models/never-there.skops"})
    entry = known.model_copy(update={"artifact": elsewhere})

    number = edited(
        champion,
        "nowhere",
        lambda model: model.model_copy(update={"versions": {**model.versions, "9": entry}}),
    )
    conclusion = champion.judge(number)

    assert conclusion.decision.outcome is Outcome.ERRORED
    assert champion.landed(number) is None
